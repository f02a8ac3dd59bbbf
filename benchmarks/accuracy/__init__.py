"""How far the figures are from the truth."""

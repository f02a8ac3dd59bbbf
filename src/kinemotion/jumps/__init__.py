"""Landmarks over time to numbers: NumPy only, without I/O, threads or a clock."""

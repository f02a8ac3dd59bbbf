"""The drawn athlete: jumps with exact physics and known truth."""

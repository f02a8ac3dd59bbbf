"""Fuzzing of everything that reads bytes from strangers; `python -m fuzz` lists the targets."""

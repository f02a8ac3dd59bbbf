"""Landmarks over time to numbers: NumPy only, without I/O, threads or a clock."""

from kinemotion.jumps.jump import Jump, Movement, Phase, Quality, Update
from kinemotion.jumps.tracker import JumpTracker

__all__ = ["Jump", "JumpTracker", "Movement", "Phase", "Quality", "Update"]

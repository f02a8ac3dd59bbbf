"""Jump kinematics from a live camera."""

__version__ = "0.1.0"

"""Jump kinematics from a live camera."""

import os
from typing import Final

__version__ = "0.1.0"

MAX_PIXELS: Final = 4_194_304
"""The largest picture that is ever decoded."""

# OpenCV reads this once, while it is imported, which must therefore come later: a second line of defence behind the
# JPEG gate of `kinemotion.pose.jpeg`.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(MAX_PIXELS))

"""Jump kinematics from a live camera, and from clips.

analysis = analyze_video("clip.mp4", movement="cmj")
analysis.jumps[0].metrics["jump_height_m"]

`JumpAnalyzer` does the same for a stream of landmarks.
"""

import importlib
import os
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kinemotion.analysis import JumpAnalyzer
    from kinemotion.jumps import Jump
    from kinemotion.video.analysis import analyze_video
    from kinemotion.video.result import VideoAnalysis

__all__ = ["Jump", "JumpAnalyzer", "VideoAnalysis", "__version__", "analyze_video"]

__version__ = "0.1.0"

MAX_PIXELS: Final = 4_194_304
"""The largest picture that is ever decoded."""

# OpenCV reads this once, while it is imported, which must therefore come later: a second line of defence behind the
# JPEG gate of `kinemotion.pose.jpeg`.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(MAX_PIXELS))

_HOMES: Final = {
    "Jump": "kinemotion.jumps",
    "JumpAnalyzer": "kinemotion.analysis",
    "VideoAnalysis": "kinemotion.video.result",
    "analyze_video": "kinemotion.video.analysis",
}


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first used: OpenCV and MediaPipe take a while."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)

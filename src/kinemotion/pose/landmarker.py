"""MediaPipe's pose landmarker, by the C interface under its Python package.

The package does for every picture what costs more than jump analysis does: it hands the call to a thread of its own and
waits, twice; it registers the library's functions; and it makes an object of each of 66 points. Here the calling thread
calls the library, and the points are read where they lie.
"""

import ctypes
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Final, NamedTuple

import numpy as np
from mediapipe import ImageFormat
from mediapipe.tasks.python.components.containers.landmark_c import LandmarkC, LandmarksC, NormalizedLandmarksC
from mediapipe.tasks.python.core.base_options import BaseOptions
from mediapipe.tasks.python.core.mediapipe_c_bindings import load_raw_library
from mediapipe.tasks.python.core.mediapipe_c_utils import handle_status
from mediapipe.tasks.python.vision import PoseLandmarkerOptions, RunningMode
from mediapipe.tasks.python.vision.pose_landmarker import PoseLandmarkerOptionsC, PoseLandmarkerResultC
from numpy.typing import NDArray

from kinemotion.pose.landmarks import POINTS, Landmarks

_POINTER: Final = ctypes.c_void_p  # to an object of the library's, or to where it is to put one
_INT: Final = ctypes.c_int
_SIGNATURES: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "MpErrorFree": (None, (_POINTER,)),
    "MpImageCreateFromUint8Data": (_INT, (_INT, _INT, _INT, _POINTER, _INT, _POINTER, _POINTER)),
    "MpImageDataFloat32": (_INT, (_POINTER, _POINTER, _POINTER)),
    "MpImageFree": (None, (_POINTER,)),
    "MpPoseLandmarkerClose": (_INT, (_POINTER, _POINTER)),
    "MpPoseLandmarkerCloseResult": (None, (_POINTER,)),
    "MpPoseLandmarkerCreate": (_INT, (_POINTER, _POINTER, _POINTER)),
    "MpPoseLandmarkerDetectForVideo": (_INT, (_POINTER, _POINTER, _POINTER, ctypes.c_int64, _POINTER, _POINTER)),
}
_CHANNELS: Final = 3

MASK_COLUMNS: Final = 4
"""MediaPipe pads the rows of a mask to 16 bytes, and ends the process when asked for one with padding."""

_POINT_BYTES: Final = ctypes.sizeof(LandmarkC)
_FLOAT_BYTES: Final = ctypes.sizeof(ctypes.c_float)
_VALUES: Final = [getattr(LandmarkC, name).offset // _FLOAT_BYTES for name in ("x", "y", "z", "visibility")]


class Seen(NamedTuple):
    """One body in one picture."""

    landmarks: Landmarks
    """(33, 4): x in picture widths, y in picture heights, z, visibility."""
    world: Landmarks
    """(33, 4): metres from the middle of the hips, visibility."""
    mask: NDArray[np.float32] | None
    """(height, width) how surely each pixel shows the body, 0 to 1; only while the picture is looked at."""


class Landmarker:
    """Follows one body from picture to picture; close it.

    Args:
        model: the model file.
        masks: whether it gives masks; then pictures must have a width that is a multiple of `MASK_COLUMNS`.

    Raises:
        OSError: there is no such file.
        RuntimeError, ValueError: it is no model.

    Use it from one thread at a time; closing waits for a picture that is looked at.
    """

    def __init__(self, model: Path, *, masks: bool) -> None:
        usual = PoseLandmarkerOptions(base_options=BaseOptions(model_asset_path=str(model)))
        options = PoseLandmarkerOptionsC(
            base_options=usual.base_options.to_ctypes(),
            running_mode=RunningMode.VIDEO.ctype,
            num_poses=usual.num_poses,
            min_pose_detection_confidence=usual.min_pose_detection_confidence,
            min_pose_presence_confidence=usual.min_pose_presence_confidence,
            min_tracking_confidence=usual.min_tracking_confidence,
            output_segmentation_masks=masks,
        )
        self._masks = masks
        self._lock = Lock()
        self._handle = ctypes.c_void_p()
        _call("MpPoseLandmarkerCreate", ctypes.byref(options), ctypes.byref(self._handle))
        self._close = weakref.finalize(self, _call, "MpPoseLandmarkerClose", self._handle)
        self._close.atexit = False

    @contextmanager
    def look(self, picture: NDArray[np.uint8], time_ms: int) -> Iterator[Seen | None]:
        """Looks at a picture, for as long as the context lasts.

        Args:
            picture: shape (height, width, 3), RGB.
            time_ms: its time, after that of the one before.

        Yields:
            What is seen; None where that is nobody.

        Raises:
            RuntimeError: the landmarker is closed, or failed.
            ValueError: the time does not increase, or the picture has another shape.
        """
        if self._masks and picture.shape[1] % MASK_COLUMNS:
            raise ValueError(f"for a mask the width must be a multiple of {MASK_COLUMNS}, not {picture.shape[1]}")
        image, result = _image(picture), PoseLandmarkerResultC()
        try:
            with self._lock:
                if not self._close.alive:
                    raise RuntimeError("the landmarker is closed")
                _call("MpPoseLandmarkerDetectForVideo", self._handle, image, None, time_ms, ctypes.byref(result))
        finally:
            _library().MpImageFree(image)
        try:
            yield _seen(result, picture.shape[:2])
        finally:
            _library().MpPoseLandmarkerCloseResult(ctypes.byref(result))

    def close(self) -> None:
        """Frees it; doing it twice does no harm."""
        with self._lock:
            self._close()


def _image(picture: NDArray[np.uint8]) -> ctypes.c_void_p:
    """A copy of a picture."""
    if picture.shape[2:] != (_CHANNELS,) or picture.dtype != np.uint8:
        raise ValueError(f"a picture must be (height, width, {_CHANNELS}) bytes, not {picture.shape} {picture.dtype}")
    height, width, _ = picture.shape
    data, image = np.ascontiguousarray(picture), ctypes.c_void_p()
    where = data.ctypes.data
    _call("MpImageCreateFromUint8Data", ImageFormat.SRGB, width, height, where, data.size, ctypes.byref(image))
    return image


def _seen(result: PoseLandmarkerResultC, shape: tuple[int, ...]) -> Seen | None:
    if not result.pose_landmarks_count:
        return None
    mask = _mask(result.segmentation_masks[0], shape) if result.segmentation_masks_count else None
    return Seen(_array(result.pose_landmarks[0]), _array(result.pose_world_landmarks[0]), mask)


def _array(points: NormalizedLandmarksC | LandmarksC) -> Landmarks:
    values = np.frombuffer(ctypes.string_at(points.landmarks, points.landmarks_count * _POINT_BYTES), np.float32)
    return values.reshape(POINTS, -1)[:, _VALUES].astype(np.float64, order="C")


def _mask(image: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    data = ctypes.POINTER(ctypes.c_float)()
    _call("MpImageDataFloat32", image, ctypes.byref(data))
    mask = np.ctypeslib.as_array(data, shape)
    mask.flags.writeable = False
    return mask


def _call(name: str, *arguments: Any) -> None:
    """Calls a function that gives a status, and a message where it fails.

    Raises:
        Exception: the one that MediaPipe's Python package raises for that status.
    """
    message = ctypes.c_char_p()
    status = getattr(_library(), name)(*arguments, ctypes.byref(message))
    if status:
        try:
            handle_status(status, message)
        finally:
            if message.value is not None:
                _library().MpErrorFree(message)


@cache
def _library() -> ctypes.CDLL:
    """The library that the package loads, with signatures of its own."""
    library = ctypes.CDLL(load_raw_library()._name)
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library

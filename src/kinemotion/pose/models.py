"""The pinned pose models: which there are, where they lie, whether they are the right ones, and how to fetch more.

`lite` ships inside the package. The others are fetched once, on request, into the model folder.
"""

import hashlib
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from kinemotion.errors import ModelError

BUNDLED_FOLDER: Final = Path(__file__).parent / "weights"
FETCH_TIMEOUT_S: Final = 30.0
_CHUNK_BYTES: Final = 1 << 16
_SOURCE: Final = (
    "https://storage.googleapis.com/mediapipe-models/pose_landmarker/"
    "pose_landmarker_{name}/float16/1/pose_landmarker_{name}.task"
)


class Quality(StrEnum):
    """How much time a client wants to spend on each frame."""

    FAST = "fast"
    BALANCED = "balanced"
    ACCURATE = "accurate"


@dataclass(frozen=True, slots=True)
class PoseModel:
    """One published model file, pinned by its hash."""

    name: str
    quality: Quality
    sha256: str
    size: int
    url: str

    @property
    def filename(self) -> str:
        """The file's name, as published."""
        return f"pose_landmarker_{self.name}.task"


def _pinned(name: str, quality: Quality, size: int, sha256: str) -> PoseModel:
    return PoseModel(name, quality, sha256, size, _SOURCE.format(name=name))


MODELS: Final[tuple[PoseModel, ...]] = (
    _pinned("lite", Quality.FAST, 5_777_746, "59929e1d1ee95287735ddd833b19cf4ac46d29bc7afddbbf6753c459690d574a"),
    _pinned("full", Quality.BALANCED, 9_398_198, "4eaa5eb7a98365221087693fcc286334cf0858e2eb6e15b506aa4a7ecdcec4ad"),
    _pinned("heavy", Quality.ACCURATE, 30_664_242, "64437af838a65d18e5ba7a0d39b465540069bc8aae8308de3e318aad31fcbc7b"),
)
"""From the quickest to the most careful."""


class ModelStore:
    """The models on this machine: the one in the package, and those in a folder of the user's.

    Args:
        folder: where fetched models lie; it need not exist.
        models: the pinned models, from the quickest to the most careful; the first must be there.
        bundled: the folder of models that came with the package.
    """

    def __init__(self, folder: Path, models: Sequence[PoseModel] = MODELS, bundled: Path = BUNDLED_FOLDER) -> None:
        self.folder = folder
        self.models = tuple(models)
        self._bundled = bundled

    def path(self, model: PoseModel) -> Path:
        """Where a model lies, or would lie once fetched."""
        bundled = self._bundled / model.filename
        return bundled if bundled.exists() else self.folder / model.filename

    def installed(self, model: PoseModel) -> bool:
        """Whether the model's file is there, right or wrong."""
        return self.path(model).is_file()

    def verify(self, model: PoseModel) -> None:
        """Compares a model's file with its pinned hash.

        Raises:
            ModelError: the file is missing, unreadable or another one.
        """
        path = self.path(model)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise ModelError(f"the pose model {path} is missing: {self._remedy(model)}") from None
        except OSError as error:
            raise ModelError(f"the pose model {path} cannot be read ({error.strerror}): make it readable") from None
        if hashlib.sha256(content).hexdigest() != model.sha256:
            raise ModelError(f"the pose model {path} is not the pinned {model.filename}: {self._remedy(model)}")

    def verify_installed(self) -> None:
        """Verifies every model that the server could be asked for: the first one, and whichever others are there.

        Raises:
            ModelError: as in `verify`.
        """
        for model in self.models:
            if model is self.models[0] or self.installed(model):
                self.verify(model)

    def best(self, quality: Quality) -> PoseModel:
        """The model of a quality or, where that is not installed, the best installed one below it."""
        wanted = next(index for index, model in enumerate(self.models) if model.quality == quality)
        below = (model for model in reversed(self.models[: wanted + 1]) if self.installed(model))
        return next(below, self.models[0])

    def fetch(self, model: PoseModel, progress: Callable[[int], object] = lambda _: None) -> Path:
        """Downloads a model, checks it, and only then puts it in its place.

        Args:
            model: the model to fetch.
            progress: called with the number of bytes that each chunk brought.

        Returns:
            Where the model lies now.

        Raises:
            ModelError: there is no network, or what came is not the pinned file; nothing was changed.
        """
        target = self.folder / model.filename
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.folder, delete=False) as file:
                part = Path(file.name)
        except OSError as error:
            raise ModelError(f"cannot write to {self.folder} ({error.strerror}): set KINEMOTION_MODEL_DIR") from None
        try:
            _download(model, part, progress)
            part.chmod(0o644)
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)
        return target

    def _remedy(self, model: PoseModel) -> str:
        if model is self.models[0]:
            return "install kinemotion again"
        return f"run `kinemotion models fetch {model.name}`, or delete the file"


def _download(model: PoseModel, part: Path, progress: Callable[[int], object]) -> None:
    digest, left = hashlib.sha256(), model.size
    try:
        with urllib.request.urlopen(model.url, timeout=FETCH_TIMEOUT_S) as response, part.open("wb") as file:
            while chunk := response.read(_CHUNK_BYTES):
                left -= len(chunk)
                if left < 0:
                    break
                digest.update(chunk)
                file.write(chunk)
                progress(len(chunk))
    except urllib.error.HTTPError as error:
        raise ModelError(f"the server refused {model.url} (HTTP {error.code}): try again later") from None
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        raise ModelError(
            f"{model.url} cannot be reached: this machine seems to be offline. Fetch the file elsewhere and put it in "
            f"{part.parent} as {model.filename}"
        ) from None
    except OSError as error:
        raise ModelError(f"cannot write to {part.parent} ({error.strerror})") from None
    if left != 0 or digest.hexdigest() != model.sha256:
        raise ModelError(f"what {model.url} sent is not the pinned {model.filename}: nothing was kept; try again")

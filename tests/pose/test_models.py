"""The pinned models, with a real server on loopback for the downloads."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from kinemotion.errors import ModelError
from kinemotion.pose.models import MODELS, ModelStore, PoseModel, Quality

CONTENT = b"a model" * 50_000


@contextmanager
def source(content: bytes, status: int = 200) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/model.task"
        finally:
            server.shutdown()
            thread.join()


def model(url: str = "http://127.0.0.1:9/none") -> PoseModel:
    return PoseModel("tiny", Quality.FAST, hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), url)


def store(folder: Path, *models: PoseModel) -> ModelStore:
    return ModelStore(folder, models or MODELS, bundled=folder / "bundled")


def test_the_bundled_model_is_the_pinned_one(tmp_path: Path) -> None:
    models = ModelStore(tmp_path)
    models.verify_installed()
    assert models.installed(MODELS[0])
    assert models.path(MODELS[0]).stat().st_size == MODELS[0].size


def test_a_download_is_verified_and_put_in_its_place(tmp_path: Path) -> None:
    chunks: list[int] = []
    with source(CONTENT) as url:
        models = store(tmp_path, model(url))
        path = models.fetch(model(url), chunks.append)
    assert path.read_bytes() == CONTENT
    assert sum(chunks) == len(CONTENT)
    models.verify_installed()


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"x", b"y" + CONTENT[1:], b""])
def test_a_wrong_download_leaves_everything_as_it_was(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pose_landmarker_tiny.task").write_bytes(b"older")
    with source(content) as url, pytest.raises(ModelError, match="not the pinned"):
        store(tmp_path, model(url)).fetch(model(url))
    assert [path.name for path in tmp_path.iterdir()] == ["pose_landmarker_tiny.task"]
    assert (tmp_path / "pose_landmarker_tiny.task").read_bytes() == b"older"


def test_without_a_network_the_error_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"offline.*put it in"):
        store(tmp_path, model()).fetch(model())
    assert list(tmp_path.iterdir()) == []


def test_a_refusing_source_is_named_with_its_status(tmp_path: Path) -> None:
    with source(b"", 503) as url, pytest.raises(ModelError, match="HTTP 503"):
        store(tmp_path, model(url)).fetch(model(url))


def test_a_folder_that_cannot_be_written_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match="KINEMOTION_MODEL_DIR"):
        store(tmp_path / "file", model()).fetch(model())


def test_a_missing_or_wrong_first_model_is_refused_with_a_remedy(tmp_path: Path) -> None:
    models = store(tmp_path, model())
    with pytest.raises(ModelError, match="is missing: install kinemotion again"):
        models.verify_installed()
    models.path(model()).write_bytes(b"something else")
    with pytest.raises(ModelError, match="is not the pinned pose_landmarker_tiny"):
        models.verify_installed()


def test_a_wrong_fetched_model_is_refused_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / MODELS[1].filename).write_bytes(b"something else")
    with pytest.raises(ModelError, match="kinemotion models fetch full"):
        ModelStore(tmp_path).verify_installed()


def test_the_best_installed_model_up_to_the_quality_serves(tmp_path: Path) -> None:
    models = ModelStore(tmp_path)
    assert models.best(Quality.ACCURATE) == MODELS[0]
    (tmp_path / MODELS[1].filename).touch()
    assert models.best(Quality.FAST) == MODELS[0]
    assert models.best(Quality.BALANCED) == MODELS[1]
    assert models.best(Quality.ACCURATE) == MODELS[1]
    (tmp_path / MODELS[2].filename).touch()
    assert models.best(Quality.BALANCED) == MODELS[1]
    assert models.best(Quality.ACCURATE) == MODELS[2]

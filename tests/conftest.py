"""What all tests share: where samples lie, models loaded once, hypothesis without its clock."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np
import pytest
import structlog
from hypothesis import settings
from numpy.typing import NDArray
from PIL import Image

from packshot.image import Photo, read
from packshot.models import onnx, weights
from packshot.models.local import second_opinion
from packshot.models.openvino import IsNet, OpenNsfw, Ssd, U2NetP
from packshot.models.zoo import card
from packshot.rendering.engines.local import local_renderer
from packshot.rendering.scene import SetRenderer
from packshot.settings import Limits, Settings
from places import PHOTOS, SAMPLES
from remembered import Remembered

settings.register_profile("packshot", deadline=None, max_examples=60, derandomize=True)
settings.load_profile("packshot")


def pytest_configure(config: pytest.Config) -> None:
    """What was downloaded and compiled is shared with the user; no cut-out or plate of other code is found."""
    users = Settings().cache_dir
    kept = tempfile.TemporaryDirectory(prefix="packshot-tests-")
    config.add_cleanup(kept.cleanup)
    for name in ("models", "compiled"):
        (users / name).mkdir(parents=True, exist_ok=True)
        (Path(kept.name) / name).symlink_to(users / name)
    os.environ["PACKSHOT_CACHE_DIR"] = kept.name
    collect_logs()


def collect_logs() -> None:
    """Log lines go to where pytest collects them, to be shown with a failure, not between its dots."""
    root = logging.getLogger()
    root.handlers[:] = [h for h in root.handlers if not isinstance(h.formatter, structlog.stdlib.ProcessorFormatter)]
    structlog.reset_defaults()
    structlog.configure(logger_factory=structlog.stdlib.LoggerFactory())


@pytest.fixture(autouse=True)
def logs_of_one_test() -> Iterator[None]:
    """What a test configured about logs ends with it."""
    yield
    collect_logs()


MAY_BE_ABSENT = "../shared/"  # photos that are not part of the project


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport]:
    """With PACKSHOT_TESTS_MUST_RUN set, as in CI, a test that wants something installed fails instead of skipping."""
    report = yield
    if report.skipped and os.environ.get("PACKSHOT_TESTS_MUST_RUN") and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2]
        if MAY_BE_ABSENT not in reason and item.get_closest_marker("by_machine") is None:
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} was to run here, and was not: {reason}"
    return report


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="write the golden pictures anew")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def photos() -> Path:
    if not PHOTOS.is_dir():
        pytest.skip("needs real photos in ../shared/photos, which is not there")
    return PHOTOS


@pytest.fixture(scope="session")
def sample() -> dict[str, Photo]:
    """The sample photos by the name of their product."""
    return {path.stem: read(path.read_bytes(), path.name, limits=Limits()) for path in sorted(SAMPLES.glob("*.jpg"))}


@pytest.fixture(scope="session")
def exact_matte() -> dict[str, NDArray[np.uint8]]:
    return {path.stem: np.asarray(Image.open(path), np.uint8) for path in sorted((SAMPLES / "mattes").glob("*.png"))}


def _isnet(precision: str) -> Remembered:
    settings, isnet = Settings(), card("isnet")
    return Remembered(
        IsNet(
            isnet,
            weights.path(isnet, models_dir=settings.models_dir),
            threads=2,
            compiled_dir=settings.cache_dir / "compiled",
            precision=precision,
            second=second_opinion(settings)[0],
        )
    )


@pytest.fixture(scope="session")
def isnet_f32() -> Remembered:
    return _isnet("f32")


@pytest.fixture(scope="session")
def isnet(isnet_f32: Remembered) -> Remembered:
    """As users get it: bf16 where the processor has it."""
    made = _isnet("")
    return isnet_f32 if made.engine.precision == "f32" else made


@pytest.fixture(scope="session")
def u2netp() -> Remembered:
    settings, model = Settings(), card("u2netp")
    path = weights.path(model, models_dir=settings.models_dir)
    return Remembered(U2NetP(model, path, threads=2, compiled_dir=settings.cache_dir / "compiled"))


@pytest.fixture(scope="session")
def detector() -> Ssd:
    settings, model = Settings(), card("ssd")
    path = weights.path(model, models_dir=settings.models_dir)
    return Ssd(model, path, threads=2, compiled_dir=settings.cache_dir / "compiled")


@pytest.fixture(scope="session")
def isnet_onnx() -> Remembered:
    settings, isnet = Settings(), card("isnet")
    path = weights.path(isnet, models_dir=settings.models_dir)
    second, _ = second_opinion(settings)
    return Remembered(onnx.IsNet(isnet, path, provider="cpu", threads=2, second=second))


@pytest.fixture(scope="session")
def render_stage(tmp_path_factory: pytest.TempPathFactory) -> SetRenderer:
    """The real renderer, its plates kept for the session."""
    return local_renderer(Settings(cache_dir=tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="session")
def small_stage(tmp_path_factory: pytest.TempPathFactory) -> SetRenderer:
    """The real renderer at a tenth of the time, for what does not depend on a plate's detail."""
    return local_renderer(Settings(cache_dir=tmp_path_factory.mktemp("small")), sides=(128,))


@pytest.fixture(scope="session")
def nsfw() -> OpenNsfw:
    settings, rater = Settings(), card("open-nsfw")
    return OpenNsfw(
        rater,
        weights.path(rater, models_dir=settings.models_dir),
        threads=2,
        compiled_dir=settings.cache_dir / "compiled",
    )

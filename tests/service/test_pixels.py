"""The pixel process: the same files as the command line, hostile files kept out, and what happens when it dies."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from handmade import disc, textured
from packshot.catalog.tasks import (
    AnalyseUpload,
    ComposePhoto,
    CorrectMatte,
    CutoutPng,
    MattePng,
    PhotoFile,
    SegmentPhoto,
    ShowCorrectedMatte,
    StorePaintedMatte,
    Target,
    UploadedPhoto,
    UpscalePhoto,
    UpscaleProduct,
    WriteFiles,
)
from packshot.channel import channel
from packshot.colour import to_linear, to_srgb
from packshot.errors import BadInput, NoSuchModel, NotFound, OutOfMemory, UnsupportedFormat
from packshot.image import Photo, encode, read
from packshot.model import Hints, Matter, Rater
from packshot.models.fake import FakeMatter, FakeRater, FakeUpscaler
from packshot.pipeline import PipelineContext, develop
from packshot.rendering.scene import SetRenderer
from packshot.service.layer_cache import LayerCache
from packshot.service.pixel_process import PixelProcess
from packshot.service.pixel_tasks import do
from packshot.service.pixel_tasks.context import PixelContext
from packshot.settings import Limits, Settings
from packshot.steps.segment import ON_WHITE
from packshot.template import template
from places import SAMPLES

pytestmark = pytest.mark.anyio
# Small, so that the set's plate is a preview's: it is rendered here twice.  The journeys make the same files full size.
CHANNELS = [channel(id).model_copy(update={"size": (480, 480)}) for id in ("amazon", "shopify", "master")]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(data_dir=tmp_path_factory.mktemp("pixels"))


@pytest.fixture(scope="module")
async def child(settings: Settings, anyio_backend: str) -> AsyncIterator[PixelProcess]:
    """One for all: it loads its models once."""
    made = PixelProcess(settings, concurrency=2)
    yield made
    made.stop()


async def uploaded(child: PixelProcess, name: str = "mug.jpg") -> UploadedPhoto:
    return await child.do(AnalyseUpload(name, "ws_1", str(SAMPLES / name)))


def mug(photo: UploadedPhoto) -> PhotoFile:
    return PhotoFile(photo.key, "mug.jpg")


@pytest.mark.parametrize("style", ["white", "gradient", "sweep"])
async def test_stages_make_the_very_files_that_the_command_line_makes(
    settings: Settings,
    child: PixelProcess,
    sample: dict[str, Photo],
    isnet: Matter,
    nsfw: Rater,
    style: str,
    render_stage: SetRenderer,
) -> None:
    photo = await uploaded(child)
    cutout = (await child.do(SegmentPhoto(mug(photo)))).matte.key
    target = Target(template(style), tuple(CHANNELS))
    await child.do(ComposePhoto(mug(photo), cutout, target))
    handed_over = await child.do(WriteFiles(mug(photo), cutout, target))
    made_again = await child.do(WriteFiles(mug(photo), cutout, target))  # the first took the compositions with it
    context = PipelineContext(isnet, nsfw, None, Limits(), renderer=render_stage)
    alone = develop(sample["mug"], template=template(style), channels=CHANNELS, context=context)
    expected = [hashlib.sha256(rendition.content).hexdigest() for rendition in alone.renditions]
    assert [file.sha256 for file in handed_over.files] == expected
    assert [file.sha256 for file in made_again.files] == expected


async def test_a_photo_on_white_needs_the_model_for_a_scene_alone(child: PixelProcess, tmp_path: Path) -> None:
    cover = disc(600, 400, (150, 100, 450, 320))[..., None] / np.float32(255)
    product = np.full((400, 600, 3), (150, 40, 40), np.uint8)
    (tmp_path / "white.png").write_bytes(encode(to_srgb(to_linear(product) * cover + (1 - cover)), format="png"))
    photo = await child.do(AnalyseUpload("white.png", "ws_1", str(tmp_path / "white.png")))
    file = PhotoFile(photo.key, "white.png")
    channels = (channel("web"),)
    white = await child.do(SegmentPhoto(file, target=Target(template("white"), channels)))
    assert white.matte.source == ON_WHITE
    again = await child.do(SegmentPhoto(file, white.matte.key, target=Target(template("white"), channels)))
    assert again.matte.key == white.matte.key
    scene = await child.do(SegmentPhoto(file, white.matte.key, target=Target(template("gradient"), channels)))
    assert scene.matte.source != ON_WHITE


async def test_a_killed_process_loses_its_work_and_nothing_else(tmp_path: Path) -> None:
    child = PixelProcess(Settings(data_dir=tmp_path), concurrency=2)
    try:
        photo = await uploaded(child)
        at_work = asyncio.create_task(child.do(SegmentPhoto(mug(photo))))
        await asyncio.sleep(0.2)
        assert child.pid
        os.kill(child.pid, signal.SIGKILL)
        with pytest.raises(OutOfMemory, match="signal 9"):
            await at_work
        assert (await uploaded(child)).sha256 == photo.sha256
    finally:
        child.stop()


async def test_a_process_that_grows_over_its_limit_is_ended_and_says_so(tmp_path: Path) -> None:
    child = PixelProcess(Settings(data_dir=tmp_path, worker_memory_bytes=150 * 2**20), concurrency=1)
    try:
        photo = await uploaded(child)
        with pytest.raises(OutOfMemory, match=r"more memory than the 0\.1 GiB"):
            await child.do(SegmentPhoto(mug(photo)))
    finally:
        child.stop()


async def test_errors_cross_the_border_as_themselves(child: PixelProcess, tmp_path: Path) -> None:
    drawing = tmp_path / "logo.svg"
    drawing.write_text("<svg/>")
    with pytest.raises(UnsupportedFormat, match=r"logo.svg: this is SVG, not a photo"):
        await child.do(AnalyseUpload("logo.svg", "ws_1", str(drawing)))
    with pytest.raises(NotFound):
        await child.do(SegmentPhoto(PhotoFile("originals/none", "mug.jpg")))


class Larger(FakeUpscaler):
    """Counts its tiles."""

    def __init__(self) -> None:
        self.asked = 0

    def upscale(self, tile_u8: np.ndarray) -> np.ndarray:
        self.asked += 1
        return super().upscale(tile_u8)


@pytest.fixture
def small(tmp_path: Path) -> tuple[PixelContext, Photo, Larger]:
    """A pixel context with a photo whose product is smaller than Amazon takes, and models that answer at once."""
    context, model = PixelContext(Settings(data_dir=tmp_path, cache_dir=tmp_path / "cache")), Larger()
    context.__dict__ |= {"_matter": FakeMatter(), "_rater": FakeRater(), "_upscaler": model}  # in place of loaded ones
    content = cv2.imencode(".png", textured(300, 300))[1].tobytes()
    context.store.put("originals/cup", content)
    return context, read(content, "cup.png", limits=Limits()), model


def test_a_small_product_is_enlarged_in_a_stage_of_its_own_to_the_command_lines_files(
    small: tuple[PixelContext, Photo, Larger],
) -> None:
    context, photo, model = small
    file, target = PhotoFile("originals/cup", "cup.png"), Target(template("color"), (channel("amazon"),))
    cut = do(context, SegmentPhoto(file, target=target))
    assert cut.enlarge
    assert not do(context, SegmentPhoto(file, target=Target(template("color"), (channel("web"),)))).enlarge
    enlarged = do(context, UpscalePhoto(file, cut.matte.key, target))
    count = model.asked
    again = do(context, UpscalePhoto(file, cut.matte.key, target))
    assert again.steps[0].cached and model.asked == count
    composed = do(context, ComposePhoto(file, cut.matte.key, target, enlarged.enlarged))
    assert len(composed.changes) == 1 and "by a model" in composed.changes[0]
    [out] = do(context, WriteFiles(file, cut.matte.key, target, enlarged.enlarged)).files
    assert out.disclosure == "compositeWithTrainedAlgorithmicMedia"
    alone_context = PipelineContext(FakeMatter(), FakeRater(), None, Limits(), upscaler=FakeUpscaler())
    [alone] = develop(photo, template=template("color"), channels=[channel("amazon")], context=alone_context).renditions
    assert hashlib.sha256(alone.content).hexdigest() == out.sha256
    context.store.delete([enlarged.enlarged])
    with pytest.raises(NotFound):  # the worker begins again from the cut-out
        do(context, ComposePhoto(file, cut.matte.key, target, enlarged.enlarged))


def test_a_product_alone_is_enlarged_as_far_as_memory_takes_it(small: tuple[PixelContext, Photo, Larger]) -> None:
    context, _, _ = small
    file = PhotoFile("originals/cup", "cup.png")
    cutout = do(context, SegmentPhoto(file)).matte.key
    picture = do(context, UpscaleProduct(file, cutout, 4))
    pixels = cv2.imdecode(np.frombuffer(context.bytes(picture.key), np.uint8), cv2.IMREAD_UNCHANGED)
    assert (pixels.shape[1], pixels.shape[0]) == picture.size and pixels.shape[2] == 4
    assert not pixels[pixels[..., 3] == 0].any()
    context.store.put("originals/cup", cv2.imencode(".png", textured(1600, 1600))[1].tobytes())
    context.layer_cache = LayerCache(context.settings.data_dir / "none", most_bytes=0)
    large = do(context, SegmentPhoto(file)).matte.key
    with pytest.raises(BadInput, match="too large to be enlarged 4 times"):
        do(context, UpscaleProduct(file, large, 4))
    context.__dict__["_upscaler"] = None
    with pytest.raises(NoSuchModel):
        do(context, UpscaleProduct(file, large, 2))
    nothing = do(context, UpscalePhoto(file, large, Target(template("color"), ()), upscaled=True))
    assert (nothing.enlarged, nothing.findings, nothing.steps) == ("", (), ())


async def test_hints_are_shown_as_a_picture_or_kept_as_a_cutout(settings: Settings, child: PixelProcess) -> None:
    file = mug(await uploaded(child))
    cutout, hints = (await child.do(SegmentPhoto(file))).matte.key, Hints(remove=((900, 1100),))
    context = PixelContext(settings)
    before = context.cutout(cutout, context.photo(file))
    matte = await child.do(CorrectMatte(file, cutout, hints))
    after = context.cutout(matte.key, before.photo)
    assert (before.matte[1100, 900], after.matte[1100, 900]) == (255, 0)
    assert after.source == matte.source == "by hand"
    shown = await child.do(ShowCorrectedMatte(file, cutout, hints))
    picture = cv2.imdecode(np.frombuffer(context.bytes(shown.key), np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(picture, after.matte)
    with pytest.raises(BadInput, match="lies outside"):
        await child.do(CorrectMatte(file, cutout, Hints(keep=((1500, 3),))))


def test_a_matte_by_hand_is_taken_at_the_photos_size_and_given_back(settings: Settings, tmp_path: Path) -> None:
    context = PixelContext(settings)
    context.store.put("originals/mug", (SAMPLES / "mug.jpg").read_bytes())
    drawn = np.zeros((2000, 1500), np.uint8)
    drawn[400:1600, 300:1200] = 255
    drawn[380:400, 300:1200] = 100
    file = tmp_path / "matte.png"
    cv2.imwrite(str(file), drawn)
    photo = PhotoFile("originals/mug", "mug.jpg")
    matte = do(context, StorePaintedMatte(photo, str(file)))
    back = do(context, MattePng(photo, matte.key))
    assert np.array_equal(cv2.imdecode(np.frombuffer(back, np.uint8), cv2.IMREAD_UNCHANGED), drawn)
    alone = do(context, CutoutPng(photo, matte.key))
    assert np.array_equal(cv2.imdecode(np.frombuffer(alone, np.uint8), cv2.IMREAD_UNCHANGED)[..., 3], drawn)

    cv2.imwrite(str(file), drawn[:100])
    with pytest.raises(BadInput, match="1500 × 100 pixels, the photo 1500 × 2000"):
        do(context, StorePaintedMatte(photo, str(file)))
    cv2.imwrite(str(file), np.dstack([drawn, drawn // 2, drawn]))
    with pytest.raises(BadInput, match="gray PNG"):
        do(context, StorePaintedMatte(photo, str(file)))


def test_the_handover_gives_back_what_was_put_in_and_keeps_to_its_size(tmp_path: Path) -> None:
    layer_cache = LayerCache(tmp_path / "h", most_bytes=400_000)
    arrays = {"a": np.arange(24, dtype=np.float32).reshape(2, 3, 4), "b": np.full((5, 7), 9, np.uint8)}
    layer_cache.put("one", {"name": "é", "box": [1, 2]}, arrays)
    found = layer_cache.get("one")
    assert found is not None
    facts, back = found
    assert facts == {"name": "é", "box": [1, 2]}
    assert all(np.array_equal(arrays[name], back[name]) and arrays[name].dtype == back[name].dtype for name in arrays)
    for n in range(10):
        layer_cache.put(f"more-{n}", {}, {"a": np.zeros(100_000, np.uint8)})
    assert layer_cache.get("one") is None
    assert sum(path.stat().st_size for path in (tmp_path / "h").iterdir()) <= 400_000
    layer_cache.put("too large", {}, {"a": np.zeros(10**6, np.uint8)})
    assert layer_cache.get("too large") is None

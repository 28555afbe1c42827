"""The pixel process: the same files as the command line, hostile files kept out, and what happens when it dies."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from handmade import textured
from packshot.channel import channel
from packshot.errors import BadInput, NoSuchModel, NotFound, OutOfMemory, UnsupportedFormat
from packshot.image import Photo, read
from packshot.model import Matter, Rater
from packshot.models.fake import FakeMatter, FakeRater, FakeUpscaler
from packshot.pipeline import PipelineContext, develop
from packshot.rendering.scene import SetRenderer
from packshot.service.layer_cache import LayerCache
from packshot.service.pixel_process import PixelProcess
from packshot.service.pixel_tasks.compositions import export, generate
from packshot.service.pixel_tasks.context import PixelContext
from packshot.service.pixel_tasks.photos import (
    cutout_png,
    matte_png,
    put_matte,
    segment,
    upscale,
    upscale_picture,
)
from packshot.settings import Limits, Settings
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


async def uploaded(child: PixelProcess, name: str = "mug.jpg") -> dict[str, Any]:
    answer: dict[str, Any] = await child.call("analyse", name=name, workspace="ws_1", path=str(SAMPLES / name))
    return answer


def order(photo: dict[str, Any], cutout: str, style: str = "white") -> dict[str, Any]:
    return {
        "photo": photo["key"], "name": "mug.jpg", "cutout": cutout, "pictures": {},
        "style": template(style).model_dump(mode="json"),
        "channels": [one.model_dump(mode="json") for one in CHANNELS],
    }  # fmt: skip


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
    cut = await child.call("segment", photo=photo["key"], name="mug.jpg", product_px={})
    wanted = order(photo, cut["cutout"], style)
    await child.call("generate", **wanted)
    handed_over = await child.call("export", **wanted)
    made_again = await child.call("export", **wanted)  # the first export took the compositions with it
    context = PipelineContext(isnet, nsfw, None, Limits(), renderer=render_stage)
    alone = develop(sample["mug"], template=template(style), channels=CHANNELS, context=context)
    expected = [hashlib.sha256(rendition.content).hexdigest() for rendition in alone.renditions]
    assert [file["sha256"] for file in handed_over["renditions"]] == expected
    assert [file["sha256"] for file in made_again["renditions"]] == expected


async def test_a_killed_process_loses_its_work_and_nothing_else(tmp_path: Path) -> None:
    child = PixelProcess(Settings(data_dir=tmp_path), concurrency=2)
    try:
        photo = await uploaded(child)
        at_work = asyncio.create_task(child.call("segment", photo=photo["key"], name="mug.jpg", product_px={}))
        await asyncio.sleep(0.2)
        assert child.pid
        os.kill(child.pid, signal.SIGKILL)
        with pytest.raises(OutOfMemory, match="signal 9"):
            await at_work
        assert (await uploaded(child))["sha256"] == photo["sha256"]
    finally:
        child.stop()


async def test_a_process_that_grows_over_its_limit_is_ended_and_says_so(tmp_path: Path) -> None:
    child = PixelProcess(Settings(data_dir=tmp_path, worker_memory_bytes=150 * 2**20), concurrency=1)
    try:
        photo = await uploaded(child)
        with pytest.raises(OutOfMemory, match=r"more memory than the 0\.1 GiB"):
            await child.call("segment", photo=photo["key"], name="mug.jpg", product_px={})
    finally:
        child.stop()


async def test_errors_cross_the_border_as_themselves(child: PixelProcess, tmp_path: Path) -> None:
    drawing = tmp_path / "logo.svg"
    drawing.write_text("<svg/>")
    with pytest.raises(UnsupportedFormat, match=r"logo.svg: this is SVG, not a photo"):
        await child.call("analyse", name="logo.svg", workspace="ws_1", path=str(drawing))
    with pytest.raises(NotFound):
        await child.call("segment", photo="originals/none", name="mug.jpg", product_px={})


class Larger(FakeUpscaler):
    """Counts its tiles."""

    def __init__(self) -> None:
        self.asked = 0

    def upscale(self, tile_u8: np.ndarray) -> np.ndarray:
        self.asked += 1
        return super().upscale(tile_u8)


@pytest.fixture
def small(tmp_path: Path) -> tuple[PixelContext, Photo, Larger]:
    """A desk with a photo whose product is smaller than Amazon takes, and models that answer at once."""
    context, model = PixelContext(Settings(data_dir=tmp_path, cache_dir=tmp_path / "cache")), Larger()
    context.__dict__ |= {"_matter": FakeMatter(), "_rater": FakeRater(), "_upscaler": model}  # in place of loaded ones
    content = cv2.imencode(".png", textured(300, 300))[1].tobytes()
    context.store.put("originals/cup", content)
    return context, read(content, "cup.png", limits=Limits()), model


def test_a_small_product_is_enlarged_in_a_stage_of_its_own_to_the_command_lines_files(
    small: tuple[PixelContext, Photo, Larger],
) -> None:
    context, photo, model = small
    file = {"photo": "originals/cup", "name": "cup.png"}
    ordered = {"style": template("color").model_dump(mode="json"),
               "channels": [channel("amazon").model_dump(mode="json")]}  # fmt: skip
    cut = segment(context, **file, product_px={}, **ordered)
    assert cut["enlarge"]
    assert not segment(context, **file, product_px={}, style=ordered["style"], channels=[
        channel("web").model_dump(mode="json")
    ])["enlarge"]  # fmt: skip
    made = upscale(context, **file, cutout=cut["cutout"], **ordered)
    count = model.asked
    [step] = made["steps"]
    assert upscale(context, **file, cutout=cut["cutout"], **ordered)["steps"][0]["cached"] and model.asked == count
    wanted = {**file, **ordered, "cutout": cut["cutout"], "enlarged": step["layer"], "pictures": {}}
    composed = generate(context, **wanted)
    assert len(composed["changes"]) == 1 and "by a model" in composed["changes"][0]
    [out] = export(context, **wanted)["renditions"]
    assert out["disclosure"] == "compositeWithTrainedAlgorithmicMedia"
    alone_context = PipelineContext(FakeMatter(), FakeRater(), None, Limits(), upscaler=FakeUpscaler())
    [alone] = develop(photo, template=template("color"), channels=[channel("amazon")], context=alone_context).renditions
    assert hashlib.sha256(alone.content).hexdigest() == out["sha256"]
    context.store.delete([step["layer"]])
    with pytest.raises(NotFound):  # the worker begins again from the cut-out
        generate(context, **wanted)


def test_a_product_alone_is_enlarged_as_far_as_memory_takes_it(small: tuple[PixelContext, Photo, Larger]) -> None:
    context, _, _ = small
    file = {"photo": "originals/cup", "name": "cup.png"}
    cut = segment(context, **file, product_px={})["cutout"]
    made = upscale_picture(context, **file, cutout=cut, factor=4)
    pixels = cv2.imdecode(np.frombuffer(context.bytes(made["key"]), np.uint8), cv2.IMREAD_UNCHANGED)
    assert [pixels.shape[1], pixels.shape[0]] == made["size"] and pixels.shape[2] == 4
    assert not pixels[pixels[..., 3] == 0].any()
    context.store.put("originals/cup", cv2.imencode(".png", textured(1600, 1600))[1].tobytes())
    context.layer_cache = LayerCache(context.settings.data_dir / "none", most_bytes=0)
    large = segment(context, **file, product_px={})["cutout"]
    with pytest.raises(BadInput, match="too large to be enlarged 4 times"):
        upscale_picture(context, **file, cutout=large, factor=4)
    context.__dict__["_upscaler"] = None
    with pytest.raises(NoSuchModel):
        upscale_picture(context, **file, cutout=large, factor=2)
    assert upscale(context, **file, cutout=large, style=template("color").model_dump(mode="json"), channels=[],
                   upscaled=True) == {"findings": [], "steps": []}  # fmt: skip


async def test_hints_are_shown_as_a_picture_or_kept_as_a_cutout(settings: Settings, child: PixelProcess) -> None:
    photo = await uploaded(child)
    cut = await child.call("segment", photo=photo["key"], name="mug.jpg", product_px={})
    wanted = {"photo": photo["key"], "name": "mug.jpg", "cutout": cut["cutout"], "hints": {"remove": [[900, 1100]]}}
    context = PixelContext(settings)
    before = context.cutout(cut["cutout"], context.photo(photo["key"], "mug.jpg"))
    kept = await child.call("correct", **wanted)
    after = context.cutout(kept["key"], before.photo)
    assert (before.matte[1100, 900], after.matte[1100, 900]) == (255, 0)
    assert after.source == kept["source"] == "by hand"
    shown = await child.call("correct", **wanted, shown=True)
    picture = cv2.imdecode(np.frombuffer(context.bytes(shown["key"]), np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(picture, after.matte)
    with pytest.raises(BadInput, match="lies outside"):
        await child.call("correct", **wanted | {"hints": {"keep": [[1500, 3]]}})


def test_a_matte_by_hand_is_taken_at_the_photos_size_and_given_back(settings: Settings, tmp_path: Path) -> None:
    context = PixelContext(settings)
    context.store.put("originals/mug", (SAMPLES / "mug.jpg").read_bytes())
    drawn = np.zeros((2000, 1500), np.uint8)
    drawn[400:1600, 300:1200] = 255
    drawn[380:400, 300:1200] = 100
    file = tmp_path / "matte.png"
    cv2.imwrite(str(file), drawn)
    kept = put_matte(context, photo="originals/mug", name="mug.jpg", path=str(file))
    back = matte_png(context, photo="originals/mug", name="mug.jpg", cutout=kept["key"])
    assert np.array_equal(cv2.imdecode(np.frombuffer(back, np.uint8), cv2.IMREAD_UNCHANGED), drawn)
    alone = cutout_png(context, photo="originals/mug", name="mug.jpg", cutout=kept["key"])
    assert np.array_equal(cv2.imdecode(np.frombuffer(alone, np.uint8), cv2.IMREAD_UNCHANGED)[..., 3], drawn)

    cv2.imwrite(str(file), drawn[:100])
    with pytest.raises(BadInput, match="1500 × 100 pixels, the photo 1500 × 2000"):
        put_matte(context, photo="originals/mug", name="mug.jpg", path=str(file))
    cv2.imwrite(str(file), np.dstack([drawn, drawn // 2, drawn]))
    with pytest.raises(BadInput, match="gray PNG"):
        put_matte(context, photo="originals/mug", name="mug.jpg", path=str(file))


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

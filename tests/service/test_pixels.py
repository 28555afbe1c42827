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

from packshot.channel import channel
from packshot.child import Child, OutOfMemory
from packshot.errors import BadInput, NoSuchModel, NotFound, UnsupportedFormat
from packshot.handover import Handover
from packshot.image import Photo
from packshot.model import Matter, Rater
from packshot.pipeline import Bench, develop
from packshot.settings import Limits, Settings
from packshot.stages import Desk, cutout_png, matte_png, put_matte
from packshot.step import RenderStage
from packshot.template import template
from places import SAMPLES

pytestmark = pytest.mark.anyio
CHANNELS = ("amazon", "shopify", "master")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture
async def child(settings: Settings) -> AsyncIterator[Child]:
    made = Child(settings, concurrency=2)
    yield made
    made.stop()


async def uploaded(child: Child, name: str = "mug.jpg") -> dict[str, Any]:
    answer: dict[str, Any] = await child.call("analyse", name=name, workspace="ws_1", path=str(SAMPLES / name))
    return answer


def order(photo: dict[str, Any], cutout: str, look: str = "white") -> dict[str, Any]:
    return {
        "photo": photo["key"], "name": "mug.jpg", "cutout": cutout, "pictures": {},
        "template": template(look).model_dump(mode="json"),
        "channels": [channel(id).model_dump(mode="json") for id in CHANNELS],
    }  # fmt: skip


@pytest.mark.parametrize("look", ["white", "gradient", "sweep"])
async def test_stages_make_the_very_files_that_the_command_line_makes(
    settings: Settings,
    child: Child,
    sample: dict[str, Photo],
    isnet: Matter,
    nsfw: Rater,
    look: str,
    render_stage: RenderStage,
) -> None:
    photo = await uploaded(child)
    cut = await child.call("segment", photo=photo["key"], name="mug.jpg", product_px={})
    wanted = order(photo, cut["cutout"], look)
    await child.call("generate", **wanted)
    handed_over = await child.call("export", **wanted)
    made_again = await child.call("export", **wanted)  # the first export took the compositions with it
    bench = Bench(isnet, nsfw, None, Limits(), stage=render_stage)
    alone = develop(sample["mug"], template=template(look), channels=[channel(id) for id in CHANNELS], bench=bench)
    expected = [hashlib.sha256(rendition.content).hexdigest() for rendition in alone.renditions]
    assert [file["sha256"] for file in handed_over["renditions"]] == expected
    assert [file["sha256"] for file in made_again["renditions"]] == expected


async def test_a_killed_process_loses_its_work_and_nothing_else(child: Child) -> None:
    photo = await uploaded(child)
    at_work = asyncio.create_task(child.call("segment", photo=photo["key"], name="mug.jpg", product_px={}))
    await asyncio.sleep(0.2)
    assert child.pid
    os.kill(child.pid, signal.SIGKILL)
    with pytest.raises(OutOfMemory, match="signal 9"):
        await at_work
    assert (await uploaded(child))["sha256"] == photo["sha256"]


async def test_a_process_that_grows_over_its_limit_is_ended_and_says_so(tmp_path: Path) -> None:
    child = Child(Settings(data_dir=tmp_path, worker_memory_bytes=150 * 2**20), concurrency=1)
    try:
        photo = await uploaded(child)
        with pytest.raises(OutOfMemory, match=r"more memory than the 0\.1 GiB"):
            await child.call("segment", photo=photo["key"], name="mug.jpg", product_px={})
    finally:
        child.stop()


async def test_errors_cross_the_border_as_themselves(child: Child, tmp_path: Path) -> None:
    drawing = tmp_path / "logo.svg"
    drawing.write_text("<svg/>")
    with pytest.raises(UnsupportedFormat, match=r"logo.svg: this is SVG, not a photo"):
        await child.call("analyse", name="logo.svg", workspace="ws_1", path=str(drawing))
    with pytest.raises(NotFound):
        await child.call("segment", photo="originals/none", name="mug.jpg", product_px={})
    photo = await uploaded(child)
    with pytest.raises(NoSuchModel):
        await child.call("upscale", photo=photo["key"], name="mug.jpg")


async def test_hints_are_shown_as_a_picture_or_kept_as_a_cutout(settings: Settings, child: Child) -> None:
    photo = await uploaded(child)
    cut = await child.call("segment", photo=photo["key"], name="mug.jpg", product_px={})
    wanted = {"photo": photo["key"], "name": "mug.jpg", "cutout": cut["cutout"], "hints": {"remove": [[900, 1100]]}}
    desk = Desk(settings)
    before = desk.cutout(cut["cutout"], desk.photo(photo["key"], "mug.jpg"))
    kept = await child.call("correct", **wanted)
    after = desk.cutout(kept["key"], before.photo)
    assert (before.matte[1100, 900], after.matte[1100, 900]) == (255, 0)
    assert after.source == kept["source"] == "by hand"
    shown = await child.call("correct", **wanted, shown=True)
    picture = cv2.imdecode(np.frombuffer(desk.bytes(shown["key"]), np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(picture, after.matte)
    with pytest.raises(BadInput, match="lies outside"):
        await child.call("correct", **wanted | {"hints": {"keep": [[1500, 3]]}})


def test_a_matte_by_hand_is_taken_at_the_photos_size_and_given_back(settings: Settings, tmp_path: Path) -> None:
    desk = Desk(settings)
    desk.store.put("originals/mug", (SAMPLES / "mug.jpg").read_bytes())
    drawn = np.zeros((2000, 1500), np.uint8)
    drawn[400:1600, 300:1200] = 255
    drawn[380:400, 300:1200] = 100
    file = tmp_path / "matte.png"
    cv2.imwrite(str(file), drawn)
    kept = put_matte(desk, photo="originals/mug", name="mug.jpg", path=str(file))
    back = matte_png(desk, photo="originals/mug", name="mug.jpg", cutout=kept["key"])
    assert np.array_equal(cv2.imdecode(np.frombuffer(back, np.uint8), cv2.IMREAD_UNCHANGED), drawn)
    alone = cutout_png(desk, photo="originals/mug", name="mug.jpg", cutout=kept["key"])
    assert np.array_equal(cv2.imdecode(np.frombuffer(alone, np.uint8), cv2.IMREAD_UNCHANGED)[..., 3], drawn)

    cv2.imwrite(str(file), drawn[:100])
    with pytest.raises(BadInput, match="1500 × 100 pixels, the photo 1500 × 2000"):
        put_matte(desk, photo="originals/mug", name="mug.jpg", path=str(file))
    cv2.imwrite(str(file), np.dstack([drawn, drawn // 2, drawn]))
    with pytest.raises(BadInput, match="gray PNG"):
        put_matte(desk, photo="originals/mug", name="mug.jpg", path=str(file))


def test_the_handover_gives_back_what_was_put_in_and_keeps_to_its_size(tmp_path: Path) -> None:
    handover = Handover(tmp_path / "h", most_bytes=400_000)
    arrays = {"a": np.arange(24, dtype=np.float32).reshape(2, 3, 4), "b": np.full((5, 7), 9, np.uint8)}
    handover.put("one", {"name": "é", "box": [1, 2]}, arrays)
    found = handover.get("one")
    assert found is not None
    facts, back = found
    assert facts == {"name": "é", "box": [1, 2]}
    assert all(np.array_equal(arrays[name], back[name]) and arrays[name].dtype == back[name].dtype for name in arrays)
    for n in range(10):
        handover.put(f"more-{n}", {}, {"a": np.zeros(100_000, np.uint8)})
    assert handover.get("one") is None
    assert sum(path.stat().st_size for path in (tmp_path / "h").iterdir()) <= 400_000
    handover.put("too large", {}, {"a": np.zeros(10**6, np.uint8)})
    assert handover.get("too large") is None

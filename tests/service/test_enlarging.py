"""An item whose product is enlarged: its way through the stages, and what the batch says of the time it takes."""

from __future__ import annotations

from typing import Any

import pytest
from studio import WS, Studio

from packshot.catalog.batches import lifecycle
from packshot.catalog.items import stages
from packshot.catalog.items.stages import Claimed
from packshot.catalog.ports import JobRef
from packshot.db import tables as t
from packshot.errors import Unavailable

pytestmark = pytest.mark.anyio
CUT = {
    "cutout": "cutouts/c1", "sha256": "c1", "source": "isnet", "uncertainty": 0.1, "matte_findings": [],
    "findings": [{"check": "small", "verdict": "warn", "words": "Small."}], "steps": [{"kind": "segment"}],
}  # fmt: skip
DRAWN = {"findings": [], "steps": [{"kind": "upscale", "layer": "upscaled/c1-0"}]}


class Pace:
    """A pixel process that knows only how long a tile takes."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    async def call(self, function: str, /, **arguments: Any) -> Any:
        assert function == "upscale_pace"
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def drawn(studio: Studio, ref: JobRef) -> Claimed:
    async with studio.db.read() as tx:
        return await stages.draw(tx, ref)


@pytest.mark.parametrize("enlarge", [True, False])
async def test_a_product_that_has_to_be_enlarged_takes_one_stage_more(studio: Studio, enlarge: bool) -> None:
    await studio.make({"source": {"images": await studio.add_photos(1)}})
    [ref] = studio.queues.refs.values()
    task = (await drawn(studio, ref)).task
    assert task is not None
    async with studio.db.write() as tx:
        following = await stages.segmented(tx, task, CUT | {"enlarge": enlarge})
    assert following is not None and following.stage == ("upscale" if enlarge else "generate")
    assert [(row.check, row.version) for row in await studio.rows(t.findings)] == [("small", 1)]
    task = (await drawn(studio, following)).task
    assert task is not None and task.enlarged_key == ""
    if enlarge:
        async with studio.db.write() as tx:
            following = await stages.upscaled(tx, task, DRAWN)
            assert await stages.upscaled(tx, task, DRAWN) is None  # another worker did the same
        assert following is not None and following.stage == "generate"
        task = (await drawn(studio, following)).task
        assert task is not None and task.enlarged_key == "upscaled/c1-0"
        assert [step["kind"] for step in task.kept["steps"]] == ["segment", "upscale"]
        assert [finding["check"] for finding in task.kept["findings"]] == ["small"]


async def test_a_batch_says_before_it_starts_what_enlarging_takes(studio: Studio) -> None:
    photos = await studio.add_photos(1) + await studio.add_photos(2, first=10, width=400, height=300)
    studio.pixels = Pace({"side": 256, "overlap": 64, "seconds": 30.0})
    asked = {"source": {"images": photos}, "upscale": True, "hold": True}
    [flag] = [flag for flag in await _flags(studio, asked) if flag.check == "upscale"]
    assert (flag.count, flag.photos) == (2, tuple(photos[1:]))
    assert "1 to 4 minutes" in flag.words  # 2 × 4 tiles at most, a quarter of that at least
    for pace in ({}, Unavailable("out of memory.")):  # not installed; it could not be measured
        studio.pixels = Pace(pace)
        assert all(flag.check != "upscale" for flag in await _flags(studio, asked))


async def _flags(studio: Studio, asked: dict[str, Any]) -> tuple[lifecycle.Flag, ...]:
    id = await studio.make(asked)
    [row] = await studio.rows(t.batches, t.batches.c.id == id)
    assert row.state == "validating"
    async with studio.db.read() as tx:
        return (await lifecycle.get(tx, WS, id)).flags

"""An item whose product is enlarged: its way through the stages, and what the batch says of the time it takes."""

from __future__ import annotations

from typing import Any

import pytest
from studio import WS, Studio

from packshot.catalog import jobs
from packshot.catalog.batches import lifecycle
from packshot.catalog.items import stages
from packshot.catalog.ports import JobRef
from packshot.catalog.tasks import CutoutResult, Matte, MeasureTilePace, PixelTask, TilePace, UpscaleResult
from packshot.db import tables as t
from packshot.errors import Unavailable
from packshot.finding import Finding, Verdict
from packshot.report import StepRecord

pytestmark = pytest.mark.anyio
SMALL = Finding(check="small", verdict=Verdict.WARN, words="Small.")
MATTE = Matte("cutouts/c1", "c1", "isnet", 0.1, ())
ENLARGED = UpscaleResult("upscaled/c1-0", (), (StepRecord(kind="upscale", stage="upscale", version=1),))


class Pace:
    """A pixel process that knows only how long a tile takes."""

    def __init__(self, answer: TilePace | Exception | None) -> None:
        self.answer = answer

    async def do(self, task: PixelTask[Any]) -> Any:
        assert isinstance(task, MeasureTilePace)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def loaded(studio: Studio, ref: JobRef) -> stages.ItemWork:
    async with studio.db.read() as tx:
        claim = (await jobs.claim(tx, ref)).claim
        assert claim is not None
        return await stages.load(tx, claim)


@pytest.mark.parametrize("enlarge", [True, False])
async def test_a_product_that_has_to_be_enlarged_takes_one_stage_more(studio: Studio, enlarge: bool) -> None:
    await studio.make({"source": {"images": await studio.add_photos(1)}})
    [ref] = studio.queues.refs.values()
    item = await loaded(studio, ref)
    cutout = CutoutResult(MATTE, (SMALL,), enlarge, (StepRecord(kind="segment", stage="segment", version=1),))
    async with studio.db.write() as tx:
        following = await stages.record(tx, item, [cutout])
    assert following is not None and following.stage == ("upscale" if enlarge else "generate")
    assert [(row.check, row.version) for row in await studio.rows(t.findings)] == [("small", 1)]
    item = await loaded(studio, following)
    assert (item.photo.cutout, item.photo.enlarged) == ("cutouts/c1", "")
    if enlarge:
        async with studio.db.write() as tx:
            following = await stages.record(tx, item, [ENLARGED])
            assert await stages.record(tx, item, [ENLARGED]) is None  # another worker did the same
        assert following is not None and following.stage == "generate"
        item = await loaded(studio, following)
        assert item.photo.enlarged == "upscaled/c1-0"
        assert [step["kind"] for step in item.steps] == ["segment", "upscale"]
        assert item.findings == (SMALL,)


async def test_a_batch_says_before_it_starts_what_enlarging_takes(studio: Studio) -> None:
    photos = await studio.add_photos(1) + await studio.add_photos(2, first=10, width=400, height=300)
    studio.pixels = Pace(TilePace(side=256, overlap=64, seconds=30.0))
    asked = {"source": {"images": photos}, "upscale": True, "hold": True}
    [flag] = [flag for flag in await _flags(studio, asked) if flag.check == "upscale"]
    assert (flag.count, flag.photos) == (2, tuple(photos[1:]))
    assert "1 to 4 minutes" in flag.words  # 2 × 4 tiles at most, a quarter of that at least
    for pace in (None, Unavailable("out of memory.")):  # not installed; it could not be measured
        studio.pixels = Pace(pace)
        assert all(flag.check != "upscale" for flag in await _flags(studio, asked))


async def _flags(studio: Studio, asked: dict[str, Any]) -> tuple[lifecycle.Flag, ...]:
    id = await studio.make(asked)
    [row] = await studio.rows(t.batches, t.batches.c.id == id)
    assert row.state == "validating"
    async with studio.db.read() as tx:
        return (await lifecycle.get(tx, WS, id)).flags

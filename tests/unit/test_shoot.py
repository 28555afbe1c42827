"""A run over many photos, with a model that counts how often it is asked."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from handmade import CARD, FakeMatter, FakeRater, disc, saved, textured
from packshot.channel import Channel, channel
from packshot.errors import DamagedFile
from packshot.intake import Source
from packshot.pipeline import PipelineContext
from packshot.rendering.engines.fake import FakeSetRenderer
from packshot.report import ItemRecord
from packshot.run.shoot import Job, Journal, Run, earlier_items, finish_run, plan, refusals, shoot
from packshot.settings import Limits
from packshot.store import Store
from packshot.template import Template, template

SHOP = Channel.model_validate(
    {
        "id": "shop",
        "name": "Shop",
        "size": (160, 160),
        "format": "png",
        "rules": {"fill": (0.5, 0.95), "hard": ["fill"]},
    }
)
LIMITS = Limits()


def product_photo(*, seed: int = 0, side: int = 240) -> bytes:
    """A PNG of a textured disc on gray."""
    matte = disc(side, side, (60, 60, 180, 180))[..., None] / 255
    pixels = 128 + (textured(side, side, seed=seed) // 3 * matte)
    return saved(Image.fromarray(np.where(matte > 0, pixels - 100, 128).astype(np.uint8)), "PNG")


def source(name: str, content: bytes | None = None, **fields: str) -> Source:
    loaded = product_photo() if content is None else content
    return Source(name, fields.pop("sku", Path(name).stem), load=partial(bytes, loaded), **fields)  # type: ignore[arg-type]


def planned(
    sources: Sequence[Source], *, look: Template | None = None, channels: Sequence[Channel] = (SHOP,)
) -> list[Job]:
    jobs, refused = plan(
        sources, template=look or template("white"), channels=channels, template_of=template, channel_of=channel
    )
    assert refused == []
    return jobs


@dataclass
class Shop:
    """One output folder, run again and again."""

    out: Path
    matter: FakeMatter = field(default_factory=FakeMatter)
    score: float = 0.01
    records: list[ItemRecord] = field(default_factory=list)
    contexts: int = 0

    def run(self, jobs: Sequence[Job], *, redo: bool = False, workers: int = 2) -> list[ItemRecord]:
        self.contexts = 0
        run = Run(out=self.out, limits=LIMITS, card=CARD, engine="fake", pictures={}, jobs=workers, redo=redo)
        self.records = shoot(jobs, run=run, make_context=self.context, earlier=self.records)
        return self.records

    def context(self) -> PipelineContext:
        self.contexts += 1
        return PipelineContext(
            matter=self.matter, rater=FakeRater(self.score), store=None, limits=LIMITS, renderer=FakeSetRenderer()
        )


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "out")


def statuses(items: Sequence[ItemRecord]) -> list[str]:
    return [item.status for item in items]


# --- names ---


def test_names_are_the_same_in_every_run_and_never_collide() -> None:
    photos = [source("a/x.jpg", sku="A/1"), source("b/x.jpg", sku="A 1"), source("c.jpg", sku="a-1")]
    names = [job.paths for job in planned(photos)]
    assert names == [("shop/A-1-main.png",), ("shop/A-1-main-2.png",), ("shop/a-1-main-3.png",)]
    assert [job.paths for job in planned(photos)] == names


def test_a_row_has_its_own_template_and_channels_and_the_master_comes_always() -> None:
    mine = replace(source("x.jpg", sku="S", asin="B0"), style="color", channels=("web",))
    jobs, _ = plan(
        [mine, source("y.jpg")], template=template("white"), channels=[SHOP], template_of=template,
        channel_of=channel, always=[channel("master")],
    )  # fmt: skip
    assert [job.template.id for job in jobs] == ["color", "white"]
    assert jobs[0].paths == ("web/S-main.webp", "master/S-main.png")
    assert jobs[1].paths == ("shop/y-main.png", "master/y-main.png")


def test_a_row_that_names_what_there_is_not_is_refused_and_the_others_go_on() -> None:
    rows = [replace(source("x.jpg"), style="whit"), replace(source("z.jpg"), channels=("amazn",)), source("y.jpg")]
    jobs, refused = plan(rows, template=template("white"), channels=[SHOP], template_of=template, channel_of=channel)
    assert [job.source.name for job in jobs] == ["y.jpg"]
    items = refusals(refused, template("white"))
    assert statuses(items) == ["failed", "failed"]
    assert "Did you mean" in items[0].error
    assert "z.jpg" in items[1].error


def test_a_missing_number_is_a_finding() -> None:
    [job] = planned([source("x.jpg")], channels=[channel("amazon")])
    assert "asin" in job.missing[0]


# --- failures ---


def test_a_file_that_fails_does_not_stop_the_rest(shop: Shop) -> None:
    def gone() -> bytes:
        raise DamagedFile("the file went away.", subject="gone.png")

    def broken() -> bytes:
        raise ZeroDivisionError("a bug")

    photos = [
        source("first.png"),
        source("cut.png", product_photo()[:300]),
        source("text.jpg", b"no photo"),
        replace(source("gone.png"), load=gone),
        replace(source("bug.png"), load=broken),
        source("last.png"),
    ]
    items = shop.run(planned(photos))
    assert [item.name for item in items] == [photo.name for photo in photos]
    assert statuses(items) == ["done", "failed", "failed", "failed", "failed", "done"]
    assert all(item.name in item.error for item in items if item.status == "failed")
    assert "ZeroDivisionError" in items[4].error
    assert "in broken" in items[4].stack  # what is ours to mend keeps its traceback
    assert not any(item.stack for item in items if item.name != "bug.png")
    assert sorted(p.name for p in (shop.out / "shop").iterdir()) == ["first-main.png", "last-main.png"]


def test_an_output_folder_that_cannot_be_written_fails_in_words(shop: Shop) -> None:
    shop.out.mkdir()
    (shop.out / "shop").write_text("a file where the folder should be")
    [item] = shop.run(planned([source("a.png")]))
    assert item.status == "failed"
    assert "a.png" in item.error


# --- again ---


def test_what_is_unchanged_is_not_developed_again(shop: Shop) -> None:
    jobs = planned([source("a.png"), source("b.png", product_photo(seed=3))])
    assert statuses(shop.run(jobs)) == ["done", "done"]
    before = {path: path.stat().st_mtime_ns for path in shop.out.rglob("*.png")}
    assert shop.matter.calls == 2
    assert statuses(shop.run(jobs)) == ["unchanged", "unchanged"]
    assert (shop.matter.calls, shop.contexts) == (2, 0)  # not even the models were loaded
    assert {path: path.stat().st_mtime_ns for path in shop.out.rglob("*.png")} == before


def test_a_changed_option_a_changed_photo_and_redo_develop_again(shop: Shop) -> None:
    shop.run(planned([source("a.png")]))
    softer = template("white").with_options({"shadow": 0.1})
    assert statuses(shop.run(planned([source("a.png")], look=softer))) == ["done"]
    assert statuses(shop.run(planned([source("a.png")], look=softer))) == ["unchanged"]
    assert statuses(shop.run(planned([source("a.png", product_photo(seed=9))], look=softer))) == ["done"]
    assert statuses(shop.run(planned([source("a.png", product_photo(seed=9))], look=softer), redo=True)) == ["done"]
    assert shop.matter.calls == 4


@pytest.mark.parametrize("harm", ["deleted", "overwritten"])
def test_a_lost_file_is_written_again_to_the_bit(shop: Shop, harm: str) -> None:
    jobs = planned([source("a.png")])
    shop.run(jobs)
    file = shop.out / "shop" / "a-main.png"
    content = file.read_bytes()
    if harm == "deleted":
        file.unlink()
    else:
        file.write_bytes(b"something else")
    assert statuses(shop.run(jobs)) == ["done"]
    assert file.read_bytes() == content


def test_one_new_photo_among_many_is_the_only_one_developed(shop: Shop) -> None:
    shop.run(planned([source("a.png"), source("c.png", product_photo(seed=2))]))
    again = [source("a.png"), source("b.png", product_photo(seed=1)), source("c.png", product_photo(seed=2))]
    assert statuses(shop.run(planned(again))) == ["unchanged", "done", "unchanged"]
    assert shop.matter.calls == 3


def test_a_stored_cutout_is_used_for_another_template(tmp_path: Path) -> None:
    class ShopWithStore(Shop):
        def context(self) -> PipelineContext:
            return replace(super().context(), store=Store(tmp_path / "layers"))

    shop = ShopWithStore(tmp_path / "out")
    shop.run(planned([source("a.png")]))
    [item] = shop.run(planned([source("a.png")], look=template("color")))
    assert shop.matter.calls == 1
    assert [step.cached for step in item.steps if step.kind == "segment"] == [True]


def test_the_same_photos_give_the_same_bytes_whatever_the_number_of_workers(tmp_path: Path) -> None:
    jobs = planned([source(f"{n}.png", product_photo(seed=n)) for n in range(5)])
    result = []
    for workers in (1, 3):
        shop = Shop(tmp_path / str(workers))
        shop.run(jobs, workers=workers)
        result.append({p.name: p.read_bytes() for p in shop.out.rglob("*.png")})
    assert len(result[0]) == 5
    assert result[0] == result[1]


# --- rejected ---


def test_a_rejected_file_lies_apart_and_a_good_one_replaces_it(shop: Shop) -> None:
    by_hand = {"size": 0.2}  # what a user sets by hand no channel overrides
    jobs = planned([source("a.png")], look=template("white").with_options(by_hand))
    [item] = shop.run(jobs)
    assert item.status == "rejected"
    assert item.renditions[0].path == "shop/rejected/a-main.png"
    assert [p.relative_to(shop.out).as_posix() for p in shop.out.rglob("*.png")] == ["shop/rejected/a-main.png"]
    assert statuses(shop.run(jobs)) == ["rejected"]
    assert shop.matter.calls == 1
    assert statuses(shop.run(planned([source("a.png")]))) == ["done"]
    assert [p.relative_to(shop.out).as_posix() for p in shop.out.rglob("*.png")] == ["shop/a-main.png"]
    shop.run(jobs)
    assert [p.relative_to(shop.out).as_posix() for p in shop.out.rglob("*.png")] == ["shop/rejected/a-main.png"]


# --- the report ---


def test_the_same_photo_twice_is_a_finding(shop: Shop) -> None:
    items = shop.run(planned([source("a.png"), source("b.png", product_photo(seed=4)), source("c.png")]))
    twins = [item.name for item in items if any(f.check == "duplicate" for f in item.findings)]
    assert twins in (["c.png"], ["b.png", "c.png"])
    assert "a.png" in next(f.words for f in items[2].findings if f.check == "duplicate")


def test_a_run_leaves_a_report_and_a_contact_sheet(shop: Shop) -> None:
    jobs = planned([source("a.png"), source("bad.png", b"")])
    items = shop.run(jobs)
    run = Run(out=shop.out, limits=LIMITS, card=CARD, engine="fake", pictures={}, jobs=1)
    report = finish_run(items, run=run, jobs=jobs, notices=["n"], started=0, report_file=shop.out / "report.json")
    again = type(report).model_validate_json((shop.out / "report.json").read_bytes())
    assert again == report
    assert statuses(again.items) == ["done", "failed"]
    assert (again.templates, again.channels) == ({"white": "Pure white"}, {"shop": "Shop"})
    good = again.items[0]
    assert [step.kind for step in good.steps][:2] == ["segment", "analyse"]
    assert good.after.startswith("data:image/jpeg;base64,")
    assert (shop.out / "index.html").stat().st_size > 1000
    with Image.open(io.BytesIO((shop.out / good.renditions[0].path).read_bytes())) as file:
        assert file.size == (160, 160)


def test_a_run_that_was_cut_off_goes_on_where_it_stopped(shop: Shop) -> None:
    jobs = planned([source("a.png"), source("b.png", product_photo(seed=1))])
    journal = Journal(shop.out)
    for item in shop.run(jobs[:1]):
        journal.add(item)
    with (shop.out / ".journal.jsonl").open("a") as lines:
        lines.write('{"name": "b.png", "sta')  # killed while writing
    shop.records = earlier_items(shop.out / "report.json", Journal(shop.out))
    assert statuses(shop.run(jobs)) == ["unchanged", "done"]
    assert shop.matter.calls == 2
    journal.close()
    assert earlier_items(shop.out / "report.json", journal) == []

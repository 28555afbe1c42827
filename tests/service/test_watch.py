"""What is put into a watched folder becomes a batch once, and nothing put there is lost."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from shelf import InProcess, packed, photo, settings_in
from sqlalchemy import update
from studio import OTHER, WS, FakeQueues, Studio

from packshot.catalog.accounts import workspaces
from packshot.catalog.batches import expand
from packshot.catalog.ports import JobRef
from packshot.db import tables as t
from packshot.errors import DiskFull
from packshot.service.watched_folder.folder import MARKER, MOVING
from packshot.service.watched_folder.loop import Watch
from packshot.settings import Settings
from packshot.store import Store

pytestmark = pytest.mark.anyio
WISH = {"style": "white", "options": {}, "channels": ["shopify"], "priority": "overnight"}


@dataclass
class Clock:
    at: float = 100.0

    def __call__(self) -> float:
        return self.at


@dataclass
class Inbox:
    studio: Studio
    settings: Settings
    clock: Clock
    watch: Watch

    @property
    def folder(self) -> Path:
        return self.settings.inbox / WS

    def put(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    async def pass_(self, seconds: float = 4.0) -> None:
        """So much time, looked at before and after."""
        await self.watch.look()
        self.clock.at += seconds
        await self.watch.look()

    def again(self) -> Inbox:
        """As after a restart."""
        self.watch.close()
        watch = Watch(self.settings, self.studio.db, self.studio.store, self.studio.queues, clock=self.clock)
        return Inbox(self.studio, self.settings, self.clock, watch)

    async def batches(self) -> list[Any]:
        return await self.studio.rows(t.batches)

    def taken(self) -> list[Path]:
        return sorted((self.folder / ".taken").iterdir()) if (self.folder / ".taken").exists() else []

    def rejected(self) -> set[str]:
        folder = self.folder / "rejected"
        return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}

    def left(self) -> set[str]:
        return {path.name for path in self.folder.iterdir() if not path.name.startswith(".")}


@pytest.fixture
async def inbox(studio: Studio, tmp_path: Path) -> Iterator[Inbox]:  # type: ignore[misc]
    settings = settings_in(tmp_path / "own")
    async with studio.db.write() as tx:
        await tx.execute(update(t.workspaces).where(t.workspaces.c.id == WS).values(settings={"watch": WISH}))
    clock = Clock()
    made = Inbox(studio, settings, clock, Watch(settings, studio.db, studio.store, studio.queues, clock=clock))
    await made.watch.look()
    yield made
    made.watch.close()


def _names(content: bytes | None) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content or b"")) as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        return archive.namelist()


async def test_photos_that_stand_still_become_one_batch(inbox: Inbox) -> None:
    for n in range(3):
        inbox.put(f"SKU-{n}.jpg", photo(n))
    inbox.put("deep/SKU-9.jpg", photo(9))
    await inbox.watch.look()
    inbox.clock.at += 2
    await inbox.watch.look()
    assert await inbox.batches() == []
    await inbox.pass_()
    (batch,) = await inbox.batches()
    (upload,) = await inbox.studio.rows(t.uploads)
    assert (batch.priority, batch.channels, batch.styles[0]["style"]) == (10, ["master", "shopify"], "white")
    assert _names(inbox.studio.store.get(upload.key)) == ["SKU-0.jpg", "SKU-1.jpg", "SKU-2.jpg", "deep/SKU-9.jpg"]
    assert [ref.id for ref in inbox.studio.queues.refs.values()] == [batch.job_id]
    assert inbox.left() == set()
    (taken,) = inbox.taken()
    assert batch.id in (taken / MARKER).read_text()
    await inbox.pass_()
    await inbox.again().pass_()
    assert len(await inbox.batches()) == 1


async def test_nothing_is_taken_while_something_still_grows_but_nothing_waits_for_ever(inbox: Inbox) -> None:
    inbox.put("a.jpg", photo(1))
    for n in range(25):
        inbox.put("growing.jpg", photo(2) + b"x" * n)
        await inbox.pass_(2)
        assert await inbox.batches() == []
    for n in range(25, 33):
        inbox.put("growing.jpg", photo(2) + b"x" * n)
        await inbox.pass_(2)
    assert len(await inbox.batches()) == 1
    assert inbox.left() == {"growing.jpg"}


async def test_what_is_no_photo_is_put_aside_with_the_reason(inbox: Inbox) -> None:
    inbox.put("good.jpg", photo(1))
    inbox.put("letter.jpg", b"%PDF-1.7 this is a letter")
    inbox.put("raw.x3f", b"II*\0 raw")
    inbox.put("notes.docx", b"PK\x03\x04")
    inbox.put("list.csv", b"colour,size\nred,4\n")
    inbox.put("broken.zip", b"no archive")
    for name in (".hidden.jpg", "half.jpg.part", "half.tmp", "half.crdownload", "Thumbs.db"):
        inbox.put(name, photo(2))
    (inbox.folder / "link.jpg").symlink_to(inbox.folder / "good.jpg")
    await inbox.pass_()
    bad = {"letter.jpg", "raw.x3f", "notes.docx", "list.csv", "broken.zip"}
    assert inbox.rejected() == bad | {f"{name}.txt" for name in bad}
    assert "this camera's raw file is not read here." in (inbox.folder / "rejected/raw.x3f.txt").read_text()
    (upload,) = await inbox.studio.rows(t.uploads)
    assert _names(inbox.studio.store.get(upload.key)) == ["good.jpg"]
    assert inbox.left() == {"half.jpg.part", "half.tmp", "half.crdownload", "Thumbs.db", "link.jpg", "rejected"}


async def test_archives_and_lists_become_batches_of_their_own(inbox: Inbox) -> None:
    inbox.put("spring.zip", packed({"a.jpg": photo(1)}))
    inbox.put("known.csv", b"sku,file\nSKU-00001,elsewhere.jpg\n")
    inbox.put("shoes.csv", b"sku,file\nS1,s1.jpg\nS2,s2.jpg\n")
    inbox.put("s1.jpg", photo(2))
    inbox.put("s2.jpg", photo(3))
    inbox.put("loose.jpg", photo(4))
    await inbox.pass_()
    uploads = {row.name: row for row in await inbox.studio.rows(t.uploads)}
    assert {name: row.kind for name, row in uploads.items()} == {
        "spring.zip": "zip", "known.csv": "csv", "shoes": "zip", "Photos": "zip",
    }  # fmt: skip
    assert len(await inbox.batches()) == 4
    assert _names(inbox.studio.store.get(uploads["shoes"].key)) == ["shoes.csv", "s1.jpg", "s2.jpg"]
    assert _names(inbox.studio.store.get(uploads["Photos"].key)) == ["loose.jpg"]


async def test_what_the_batch_could_not_take_comes_back_with_the_reason(inbox: Inbox) -> None:
    inbox.put("good.jpg", photo(1))
    inbox.put("cut.jpg", photo(2)[:200])
    await inbox.pass_()
    (batch,) = await inbox.batches()
    job = await inbox.studio.job(batch.job_id)
    inbox.studio.settings, inbox.studio.pixels = inbox.settings, InProcess(inbox.settings)
    result = await expand.work(job, inbox.studio)
    assert result["items"] == 1
    await inbox.pass_()
    assert inbox.rejected() == set()  # its job is not done yet
    async with inbox.studio.db.write() as tx:
        await tx.execute(update(t.jobs).where(t.jobs.c.id == job.id).values(status="done"))
    await inbox.again().pass_()
    assert inbox.rejected() == {"cut.jpg", "cut.jpg.txt"}
    assert "cut.jpg: " in (inbox.folder / "rejected/cut.jpg.txt").read_text()


async def test_how_a_list_was_read_is_told_beside_what_was_not_taken(inbox: Inbox) -> None:
    async with inbox.studio.db.write() as tx:
        await workspaces.remember_columns(tx, WS, {"артикул": "sku"})
    inbox.put("list.csv", "Артикул;file;title\nA;ONE.jpg;Кружка\n".encode("cp1251"))
    inbox.put("one.jpg", photo(1))
    await inbox.pass_()
    (batch,) = await inbox.batches()
    job = await inbox.studio.job(batch.job_id)
    inbox.studio.settings, inbox.studio.pixels = inbox.settings, InProcess(inbox.settings)
    assert (await expand.work(job, inbox.studio))["items"] == 1
    async with inbox.studio.db.write() as tx:
        await tx.execute(update(t.jobs).where(t.jobs.c.id == job.id).values(status="done"))
    await inbox.pass_()
    [told] = inbox.rejected()
    words = (inbox.folder / "rejected" / told).read_text()
    assert "Windows-1251 (Cyrillic)" in words and "Артикул was read as sku" in words


async def test_a_move_that_was_cut_short_is_ended_after_a_restart(inbox: Inbox) -> None:
    moving = inbox.folder / ".taken" / f"{MOVING}20261125-120000-000000"
    moving.mkdir(parents=True)
    (moving / "a.jpg").write_bytes(photo(1))
    await inbox.again().watch.look()
    (batch,) = await inbox.batches()
    assert batch.name == "Photos, 2026-11-25 12:00:00"


@dataclass
class Dies(FakeQueues):
    """The process ends after the commit, before the marker."""

    def __post_init__(self) -> None:
        self.refs = {}

    async def add(self, refs: list[JobRef]) -> None:
        raise KeyboardInterrupt


async def test_ended_after_the_commit_it_is_not_taken_twice(inbox: Inbox) -> None:
    inbox.put("a.jpg", photo(1))
    inbox.watch._queues = Dies()
    with pytest.raises(KeyboardInterrupt):
        await inbox.pass_()
    assert not (inbox.taken()[0] / MARKER).exists()
    await inbox.again().pass_()
    (batch,) = await inbox.batches()
    assert batch.id in (inbox.taken()[0] / MARKER).read_text()


async def test_a_full_disk_delays_and_loses_nothing(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise DiskFull("the disk is full.", remedy="Make room.")

    inbox.put("a.jpg", photo(1))
    with monkeypatch.context() as patch:
        patch.setattr(Store, "put_file", full)
        await inbox.pass_()
    (note,) = inbox.rejected()
    assert "the disk is full. Make room." in (inbox.folder / "rejected" / note).read_text()
    await inbox.pass_()
    assert await inbox.batches() == []  # not before a minute has gone
    await inbox.pass_(61)
    assert len(await inbox.batches()) == 1
    assert inbox.rejected() == set()


async def test_a_folder_whose_workspace_watches_nothing_is_left_alone(inbox: Inbox) -> None:
    path = inbox.settings.inbox / OTHER / "a.jpg"
    path.write_bytes(photo(1))
    await inbox.pass_()
    await inbox.pass_()
    assert path.exists()
    assert await inbox.batches() == []


async def test_of_two_processes_one_watches(inbox: Inbox) -> None:
    other = Watch(inbox.settings, inbox.studio.db, inbox.studio.store, inbox.studio.queues, clock=inbox.clock)
    inbox.put("a.jpg", photo(1))
    for _ in range(3):
        await other.look()
        inbox.clock.at += 10
    assert await inbox.batches() == []
    inbox.watch.close()
    for _ in range(2):
        await other.look()
        inbox.clock.at += 10
    assert len(await inbox.batches()) == 1
    other.close()

"""Exports: approved files, and only those, reach a ZIP, a folder or a bucket, whole and as they were approved."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from obstore.store import S3Store
from pydantic import ValidationError
from sqlalchemy import update
from studio import OTHER, WS, Studio

from packshot.catalog.batches import lifecycle
from packshot.catalog.delivery import destinations, export_run, exports
from packshot.catalog.delivery.destinations import DestinationRequest
from packshot.catalog.delivery.exports import ExportRequest
from packshot.catalog.items import records, review
from packshot.catalog.items.review import ReviewRequest
from packshot.catalog.items.undo import undo
from packshot.catalog.status import BatchState
from packshot.db import tables as t
from packshot.errors import BadOption, Conflict, DiskFull, FetchFailed, NotFound, UnsafeInput
from servers import S3

pytestmark = pytest.mark.anyio


async def approved(studio: Studio, count: int = 3, approve: int | None = None) -> tuple[str, list[str]]:
    batch = await studio.make({"source": {"images": await studio.add_photos(count)}, "channels": ["web"]})
    ids = await studio.finish(batch)
    await decide(studio, ids[:approve], "approve")
    return batch, ids


async def decide(studio: Studio, ids: list[str], decision: str, *, status: str | None = None, **rest: Any) -> str:
    async with studio.db.write() as tx:
        seen = [{"id": id, "version": 1, "status": status} for id in ids]
        asked = ReviewRequest.model_validate({"items": seen, "decision": decision} | rest)
        return (await review.decide(tx, WS, asked, by=None)).act


async def begin(studio: Studio, to: dict[str, Any], **asked: Any) -> str:
    async with studio.db.write() as tx:
        return (await exports.create(tx, WS, ExportRequest.model_validate({"to": to} | asked), by=None)).id


async def export(studio: Studio, to: dict[str, Any], **asked: Any) -> tuple[str, dict[str, Any]]:
    id = await begin(studio, to, **asked)
    result = await export_run.work(await studio.job(id), studio)
    async with studio.db.write() as tx:
        await tx.execute(update(t.jobs).where(t.jobs.c.id == id).values(status="done", result=result))
    return id, result


async def test_a_file_that_is_no_longer_the_approved_one_is_left_out(studio: Studio) -> None:
    batch, [id] = await approved(studio, 1)
    async with studio.db.write() as tx:
        await tx.execute(update(t.renditions).where(t.renditions.c.channel == "web").values(sha256="0" * 64))
        plan = await exports.plan(tx, WS, ExportRequest.model_validate({"batch": batch, "to": {"kind": "zip"}}))
    assert [file.channel for file in plan.files] == ["master"]
    assert [(left.item, left.reason) for left in plan.left_out] == [
        (id, "Its file for web is no longer the one that was approved.")
    ]


async def test_a_dry_run_says_what_would_be_delivered_and_what_not(studio: Studio) -> None:
    batch, ids = await approved(studio, 3, approve=2)
    async with studio.db.read() as tx:
        asked = ExportRequest.model_validate({"batch": batch, "to": {"kind": "zip"}, "dry_run": True})
        plan = await exports.plan(tx, WS, asked)
        only = await exports.plan(tx, WS, asked.model_copy(update={"channels": ("web",)}))
        with pytest.raises(NotFound):
            await exports.plan(tx, OTHER, asked)
        with pytest.raises(NotFound):
            named = asked.model_copy(update={"batch": None, "items": (ids[0], "itm_nope")})
            await exports.plan(tx, WS, named)
    assert sorted(file.name for file in plan.files) == [
        "master/shoe-main-2.png", "master/shoe-main.png", "web/shoe-main-2.png", "web/shoe-main.png",
    ]  # fmt: skip
    assert [(left.item, left.reason) for left in plan.left_out] == [(ids[2], "It is not approved, but review.")]
    assert plan.total_bytes == sum(file.bytes for file in plan.files) > 0
    assert {file.channel for file in only.files} == {"web"}


async def test_a_zip_holds_the_approved_bytes_and_the_batch_is_exported(studio: Studio) -> None:
    batch, ids = await approved(studio, 3, approve=2)
    id, result = await export(studio, {"kind": "zip"}, batch=batch)
    content = await studio.store.aget(f"exports/{WS}/{id}.zip")
    assert content is not None and len(content) == result["zip_bytes"]
    path = studio.settings.data_dir / "x.zip"
    path.write_bytes(content)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        hashes = {hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}
    wanted = {f.sha256 for f in await studio.rows(t.renditions) if f.item_id in ids[:2]}
    assert hashes == wanted and len(wanted) == 4
    async with studio.db.read() as tx:
        shown = await exports.get(tx, WS, id)
        files = await exports.delivered(tx, WS, id, limit=3)
        rest = await exports.delivered(tx, WS, id, after=files[-1][0])
        assert (await lifecycle.get(tx, WS, batch)).state is BatchState.REVIEW
        assert [e.id for e in await exports.page(tx, WS)] == [id]
        assert await exports.page(tx, OTHER) == []
    assert (shown.delivered, shown.failed, shown.total, len(shown.left_out)) == (4, 0, 4, 1)
    assert shown.zip_expires_at is not None and len(files) + len(rest) == 4
    assert not list((studio.settings.data_dir / "parts").iterdir())
    await decide(studio, ids[2:], "approve")
    await export(studio, {"kind": "zip"}, batch=batch)
    async with studio.db.read() as tx:
        assert (await lifecycle.get(tx, WS, batch)).state is BatchState.EXPORTED
    await decide(studio, ids[:1], "reject", status="approved")
    async with studio.db.read() as tx:
        assert (await lifecycle.get(tx, WS, batch)).state is BatchState.APPROVED


async def test_what_was_delivered_is_not_undone(studio: Studio) -> None:
    batch = await studio.make({"source": {"images": await studio.add_photos(1)}})
    act = await decide(studio, await studio.finish(batch), "approve")
    await export(studio, {"kind": "zip"}, batch=batch)
    with pytest.raises(Conflict, match="delivered since"):
        async with studio.db.write() as tx:
            await undo(tx, WS, act)


async def test_a_newer_version_changes_nothing_about_what_was_approved(studio: Studio) -> None:
    batch, ids = await approved(studio, 1)
    async with studio.db.write() as tx:
        await records.change(tx, WS, ids[0], options={"shadow": 0.1})
    await studio.finish(batch)
    _, result = await export(studio, {"kind": "folder", "folder": "out"}, batch=batch)
    assert result["delivered"] == 2
    assert {row.version for row in await studio.rows(t.deliveries)} == {1}
    async with studio.db.write() as tx:
        seen = [{"id": ids[0], "version": 2}]
        await review.decide(tx, WS, ReviewRequest.model_validate({"items": seen, "decision": "reject"}), by=None)
    with pytest.raises(Conflict, match="nothing to deliver"):
        await export(studio, {"kind": "zip"}, batch=batch)


async def test_a_file_that_is_not_what_was_approved_is_not_delivered(studio: Studio) -> None:
    batch, _ = await approved(studio, 2)
    files = await studio.rows(t.renditions)
    await studio.store.aput(files[0].key, b"something else")
    await studio.store.adelete([files[1].key])
    for to in ({"kind": "folder", "folder": "out"}, {"kind": "zip"}):
        id, result = await export(studio, to, batch=batch)
        assert (result["delivered"], result["failed"]) == (2, 2)
        told = sorted(row.error for row in await studio.rows(t.deliveries, t.deliveries.c.job_id == id) if row.error)
        assert any("no longer stored" in words for words in told)
        assert any("not the one that was approved" in words for words in told)


async def test_a_folder_is_written_whole_and_what_is_there_is_left_alone(studio: Studio) -> None:
    batch, _ = await approved(studio)
    await export(studio, {"kind": "folder", "folder": "spring/2026"}, batch=batch)
    root = studio.settings.exports / WS / "spring" / "2026"
    files = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
    assert len(files) == 6 and not [name for name in files if name.endswith(".part")]
    for row in await studio.rows(t.deliveries):
        assert hashlib.sha256(files[row.name].read_bytes()).hexdigest() == row.sha256
    before = {name: path.stat().st_ino for name, path in files.items()}
    changed, gone, *_ = sorted(files)
    files[changed].write_bytes(b"changed by hand")
    files[gone].unlink()
    _, result = await export(studio, {"kind": "folder", "folder": "spring/2026"}, batch=batch)
    assert (result["delivered"], result["failed"]) == (5, 1)
    [refused] = await studio.rows(t.deliveries, t.deliveries.c.status == "failed")
    assert refused.name == changed and "nothing was overwritten. Export into another folder" in refused.error
    assert files[changed].read_bytes() == b"changed by hand"
    assert {name for name, path in files.items() if path.stat().st_ino != before[name]} <= {gone}


async def test_two_exports_into_one_folder_at_once_both_deliver_everything(studio: Studio) -> None:
    batch, _ = await approved(studio, 12)
    to = {"kind": "folder", "folder": "out"}
    results = await asyncio.gather(*(export(studio, to, batch=batch) for _ in range(2)))
    assert [(result["delivered"], result["failed"]) for _, result in results] == [(24, 0)] * 2
    root = studio.settings.exports / WS / "out"
    assert len([path for path in root.rglob("*") if path.is_file()]) == 24


async def test_a_correction_replaces_the_version_that_was_delivered_before_and_nothing_else_does(
    studio: Studio,
) -> None:
    batch, ids = await approved(studio, 1)
    to = {"kind": "folder", "folder": "out"}
    await export(studio, to, batch=batch)
    root = studio.settings.exports / WS / "out"
    first = {path: path.read_bytes() for path in root.rglob("*.png")}

    other = await studio.make({"source": {"images": await studio.add_photos(1, first=1)}, "channels": ["web"]})
    await decide(studio, await studio.finish(other), "approve")
    _, result = await export(studio, to, batch=other)  # another product whose files have the same names
    assert (result["delivered"], result["failed"]) == (0, 2)
    assert {path: path.read_bytes() for path in root.rglob("*.png")} == first

    async with studio.db.write() as tx:
        await records.change(tx, WS, ids[0], options={"shadow": 0.1})
    await studio.finish(batch)
    async with studio.db.write() as tx:
        seen = [{"id": ids[0], "version": 2}]
        await review.decide(tx, WS, ReviewRequest.model_validate({"items": seen, "decision": "approve"}), by=None)
    _, result = await export(studio, to, batch=batch)
    assert (result["delivered"], result["failed"]) == (2, 0)
    assert {path.read_bytes() for path in root.rglob("*.png")} == {
        f"{ids[0]} 2 {c}".encode() for c in ("master", "web")
    }


# Delivers files of one letter to all names, and says how many it delivered and how many it refused.
DELIVERER = """
import sys
from pathlib import Path
from packshot.catalog.delivery.export_run import _write
from packshot.errors import Conflict

root, letter = Path(sys.argv[1]), sys.argv[2].encode()
print("ready", flush=True)
sys.stdin.readline()
delivered = refused = 0
for number in range(200):
    try:
        _write(root, f"web/{number}.jpg", letter * 50_000)
        delivered += 1
    except Conflict:
        refused += 1
print(delivered, refused)
"""


@pytest.mark.parametrize("letters", ["aa", "ab"], ids=["the same files", "other files"])
def test_of_two_processes_that_deliver_the_same_names_none_overwrites_the_other(tmp_path: Path, letters: str) -> None:
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    deliverers = [
        subprocess.Popen([sys.executable, "-c", DELIVERER, str(tmp_path / "out"), letter], **pipes)
        for letter in letters
    ]
    for deliverer in deliverers:
        assert deliverer.stdout.readline() == "ready\n"
    for deliverer in deliverers:
        deliverer.stdin.write("go\n")
        deliverer.stdin.flush()
    counts = [tuple(map(int, deliverer.communicate()[0].split())) for deliverer in deliverers]
    contents = [path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(contents) == 200
    if letters == "aa":
        assert counts == [(200, 0)] * 2
        assert contents == [b"a" * 50_000] * 200
    else:
        owned = [contents.count(letter.encode() * 50_000) for letter in letters]
        assert sum(owned) == 200
        assert counts == [(count, 200 - count) for count in owned]


async def test_a_link_in_the_folder_leads_nowhere(studio: Studio, tmp_path: Path) -> None:
    batch, _ = await approved(studio, 1)
    root = studio.settings.exports / WS / "out"
    root.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (root / "web").symlink_to(tmp_path / "elsewhere")
    _, result = await export(studio, {"kind": "folder", "folder": "out"}, batch=batch)
    assert (result["delivered"], result["failed"]) == (1, 1)
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize(
    "folder", ["../up", "/etc", "a/../../b", "a\\b", ".", "..", "", " /", "a//../b", ".hidden", "a\0b"]
)
async def test_a_folder_s_name_leads_nowhere_else(folder: str) -> None:
    with pytest.raises(ValidationError):
        ExportRequest.model_validate({"batch": "b", "to": {"kind": "folder", "folder": folder}})


async def test_a_full_disk_loses_nothing_and_the_export_goes_on(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, _ = await approved(studio)
    id = await begin(studio, {"kind": "folder", "folder": "out"}, batch=batch)
    real, calls = export_run._write, 0

    def full(root: Path, name: str, content: bytes, **rest: Any) -> None:
        nonlocal calls
        calls += 1
        if calls > 2:
            raise export_run._disk_full()
        real(root, name, content, **rest)

    monkeypatch.setattr(export_run, "_write", full)
    with pytest.raises(DiskFull):
        await export_run.work(await studio.job(id), studio)
    assert sorted(row.status for row in await studio.rows(t.deliveries)) == ["delivered"] * 2 + ["waiting"] * 4
    monkeypatch.setattr(export_run, "_write", real)
    result = await export_run.work(await studio.job(id), studio)
    assert result["delivered"] == 6

    def no_room(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(DiskFull):
        export_run._write(studio.settings.exports / "x", "a/b.png", b"x")
    assert [path.name for path in (studio.settings.exports / "x").rglob("*")] == ["a"]


@pytest.mark.parametrize("where", ["_list", "_progress", "_build_zip", "_mark_exported"])
async def test_an_export_that_is_killed_goes_on(studio: Studio, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    batch, _ = await approved(studio)
    id = await begin(studio, {"kind": "zip"}, batch=batch)
    real = getattr(export_run, where)

    async def dies(*args: Any) -> Any:
        await real(*args)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(export_run, where, dies)
        with pytest.raises(KeyboardInterrupt):
            await export_run.work(await studio.job(id), studio)
    result = await export_run.work(await studio.job(id), studio)
    again = await export_run.work(await studio.job(id), studio)
    assert result == again
    assert (result["delivered"], len(await studio.rows(t.deliveries)), len(await studio.rows(t.uploads))) == (6, 6, 1)
    assert (await studio.job(id)).done_count == 6


async def test_nothing_approved_is_nothing_to_deliver(studio: Studio) -> None:
    batch, ids = await approved(studio, 2, approve=1)
    with pytest.raises(Conflict):
        await begin(studio, {"kind": "zip"}, items=ids[1:])
    with pytest.raises(NotFound):
        await begin(studio, {"kind": "s3", "destination": "dst_nope"}, batch=batch)
    with pytest.raises(NotFound):
        await begin(studio, {"kind": "zip"}, batch="bat_nope")
    for wrong in ({}, {"batch": "b", "items": ["i"]}, {"batch": "b", "to": {"kind": "ftp"}}):
        with pytest.raises(ValidationError):
            ExportRequest.model_validate({"to": {"kind": "zip"}} | wrong)


# --- buckets ---


@pytest.fixture(scope="module")
def s3(s3: S3) -> str:
    s3.make("shop")
    return s3.address


def bucket(address: str, **fields: Any) -> dict[str, Any]:
    return {
        "name": "Shop", "bucket": "shop", "prefix": "photos", "endpoint": address, "access_key_id": "key",
        "secret_access_key": "hidden",
    } | fields  # fmt: skip


async def add(studio: Studio, asked: dict[str, Any]) -> destinations.DestinationView:
    wanted = DestinationRequest.model_validate(asked)
    await destinations.check_endpoint(wanted.endpoint, private=studio.settings.private_endpoints)
    async with studio.db.write() as tx:
        return await destinations.create(tx, WS, wanted, secrets=studio.secrets)


async def test_a_bucket_receives_the_files_under_its_prefix(studio: Studio, s3: str) -> None:
    studio.settings.private_endpoints = True
    made = await add(studio, bucket(s3))
    assert "hidden" not in made.model_dump_json()
    assert (await studio.rows(t.destinations))[0].secret == b"neddih"
    async with studio.db.read() as tx:
        row = await destinations.row(tx, WS, made.id)
        assert [d.id for d in await destinations.page(tx, WS)] == [made.id]
        for foreign in (destinations.row(tx, OTHER, made.id), destinations.delete(tx, OTHER, made.id)):
            with pytest.raises(NotFound):
                await foreign
    with closing(destinations.opened(row, secrets=studio.secrets, settings=studio.settings)) as opened:
        await opened.probe()
    batch, _ = await approved(studio)
    _, result = await export(studio, {"kind": "s3", "destination": made.id, "prefix": "spring"}, batch=batch)
    assert result["delivered"] == 6
    store = S3Store("shop", config={
        "endpoint": s3, "region": "us-east-1", "access_key_id": "k", "secret_access_key": "s",
    }, client_options={"allow_http": True})  # fmt: skip
    paths = {found["path"] for page in store.list() for found in page}
    assert paths == {f"photos/spring/{row.name}" for row in await studio.rows(t.deliveries)}
    async with studio.db.write() as tx:
        await destinations.delete(tx, WS, made.id)
    assert (await studio.rows(t.destinations))[0].secret == b""


async def test_a_bucket_that_is_not_there_is_told_and_nothing_counts_as_delivered(studio: Studio, s3: str) -> None:
    studio.settings.private_endpoints = True
    made = await add(studio, bucket(s3, bucket="nowhere"))
    batch, _ = await approved(studio, 1)
    id = await begin(studio, {"kind": "s3", "destination": made.id}, batch=batch)
    with pytest.raises((BadOption, FetchFailed)):
        await export_run.work(await studio.job(id), studio)
    assert {row.status for row in await studio.rows(t.deliveries)} == {"waiting"}


@pytest.mark.parametrize(
    "endpoint",
    ["https://127.0.0.1", "https://169.254.169.254", "https://localhost", "https://[::1]:9000", "http://1.1.1.1"],
)
async def test_a_bucket_inside_the_private_network_is_refused(studio: Studio, endpoint: str) -> None:
    with pytest.raises(UnsafeInput):
        await add(studio, bucket(endpoint))
    studio.settings.private_endpoints = True
    made = await add(studio, bucket(endpoint))
    studio.settings.private_endpoints = False
    async with studio.db.read() as tx:
        row = await destinations.row(tx, WS, made.id)
    with pytest.raises(UnsafeInput):
        await destinations.opened(row, secrets=studio.secrets, settings=studio.settings).probe()


@pytest.mark.parametrize(
    "wrong", [{"bucket": "A"}, {"bucket": "../x"}, {"prefix": "../x"}, {"endpoint": "file:///etc"}, {"endpoint": "https://u:p@h"},
              {"region": "eu/../"}, {"endpoint": "https://h.example/path"}]
)  # fmt: skip
def test_a_destination_s_fields_lead_nowhere_else(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DestinationRequest.model_validate(bucket("https://s3.example.com") | wrong)


async def test_a_second_batch_replaces_its_own_products_files_and_nobody_elses(studio: Studio) -> None:
    """In a folder: the same product's next file takes the name, and the plan says what it replaces."""
    photos = await studio.add_photos(1)
    to = {"kind": "folder", "folder": "shop"}
    made = []
    for _ in range(2):
        batch = await studio.make({"source": {"images": photos}})
        await decide(studio, await studio.finish(batch), "approve")
        made.append(batch)
    await export(studio, to, batch=made[0])
    [first] = await studio.rows(t.deliveries)
    async with studio.db.read() as tx:
        plan = await exports.plan(tx, WS, ExportRequest.model_validate({"batch": made[1], "to": to}))
    assert [file.replaces for file in plan.files] == [first.sha256]
    _, result = await export(studio, to, batch=made[1])
    assert (result["delivered"], result["failed"]) == (1, 0)
    path = studio.settings.exports / WS / "shop" / first.name
    assert hashlib.sha256(path.read_bytes()).hexdigest() == plan.files[0].sha256
    stranger = await studio.make({"source": {"images": await studio.add_photos(1, first=7)}})
    await decide(studio, await studio.finish(stranger), "approve")
    _, result = await export(studio, to, batch=stranger)
    assert (result["delivered"], result["failed"]) == (0, 1)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == plan.files[0].sha256

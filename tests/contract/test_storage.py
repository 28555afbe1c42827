"""What a store must do wherever it keeps its files.  A new kind joins by one line in PLACES."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from packshot.store import CHUNK_BYTES, Store

PLACES: dict[str, Callable[[pytest.FixtureRequest], Path | str]] = {
    "folder": lambda request: request.getfixturevalue("tmp_path") / "objects",
    "s3": lambda request: request.getfixturevalue("s3_url"),
}


@pytest.fixture(params=PLACES)
def store(request: pytest.FixtureRequest) -> Store:
    return Store(PLACES[request.param](request))


def content(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)


def test_what_was_put_is_got_again(store: Store) -> None:
    store.put("originals/ws/a b ü.jpg", b"photo")
    assert store.get("originals/ws/a b ü.jpg") == b"photo"
    assert store.size("originals/ws/a b ü.jpg") == 5
    store.put("originals/ws/a b ü.jpg", b"another", durable=True)
    assert store.get("originals/ws/a b ü.jpg") == b"another"


def test_an_empty_file_is_a_file(store: Store) -> None:
    store.put("empty", b"")
    assert (store.get("empty"), store.size("empty")) == (b"", 0)


def test_what_is_gone_is_none_and_not_an_error(store: Store, tmp_path: Path) -> None:
    assert store.get("originals/none") is None
    assert store.size("originals/none") is None
    assert not store.get_file("originals/none", tmp_path / "out")
    store.delete(["originals/none"])


def test_what_is_named_by_its_hash_is_written_once(store: Store) -> None:
    store.put_new("a", b"first")
    store.put_new("a", b"other")  # as long: taken to be there
    assert store.get("a") == b"first"
    store.put_new("a", b"first, whole")  # what is there was cut short
    assert store.get("a") == b"first, whole"


def test_only_the_named_are_deleted(store: Store) -> None:
    for key in ("a/1", "a/2", "b/1"):
        store.put(key, key.encode())
    store.delete(["a/1", "b/1", "gone"])
    assert [entry.key for entry in store.entries()] == ["a/2"]


def test_entries_say_size_and_age_of_what_lies_under_a_prefix(store: Store) -> None:
    for n in range(3):
        store.put(f"thumbs/{n}.jpg", bytes(n))
    store.put("originals/ws/x", b"x")
    found = {entry.key: entry.bytes for entry in store.entries("thumbs")}
    assert found == {"thumbs/0.jpg": 0, "thumbs/1.jpg": 1, "thumbs/2.jpg": 2}
    assert all(entry.written.tzinfo is not None for entry in store.entries())
    assert len(list(store.entries())) == 4


def test_a_listing_goes_on_past_a_page(store: Store) -> None:
    async def fill() -> None:
        for start in range(0, 1005, 67):
            await asyncio.gather(*(store.aput(f"many/{n:04d}", b"x") for n in range(start, min(start + 67, 1005))))

    asyncio.run(fill())
    assert len(list(store.entries("many"))) == 1005


@pytest.mark.parametrize(
    "size", [0, 1, CHUNK_BYTES + 1, 11 * 2**20], ids=["empty", "1 B", "a chunk and more", "11 MiB"]
)
def test_a_whole_file_goes_in_and_out(store: Store, tmp_path: Path, size: int) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    source.write_bytes(content(size))
    store.put_file("exports/ws/run.zip", source)
    assert store.size("exports/ws/run.zip") == size
    assert store.get_file("exports/ws/run.zip", out)
    assert hashlib.sha256(out.read_bytes()).digest() == hashlib.sha256(content(size)).digest()


def test_a_stream_gives_the_bytes_in_pieces(store: Store) -> None:
    whole = content(5 * CHUNK_BYTES + 7)
    store.put("big", whole)

    async def read() -> list[bytes]:
        return [piece async for piece in store.stream("big")]

    pieces = asyncio.run(read())
    assert b"".join(pieces) == whole
    assert len(pieces) > 1


def test_a_stream_of_what_is_gone_is_an_error_before_its_first_byte(store: Store) -> None:
    async def read() -> None:
        async for _ in store.stream("gone"):
            raise AssertionError

    with pytest.raises(FileNotFoundError):
        asyncio.run(read())


def test_the_same_from_asyncio(store: Store) -> None:
    async def use() -> None:
        await store.aput("a/1", b"one")
        assert await store.aget("a/1") == b"one"
        assert await store.asize("a/1") == 3
        await store.adelete(["a/1", "a/none"])
        assert await store.aget("a/1") is None
        assert await store.asize("a/1") is None

    asyncio.run(use())


def test_the_oldest_go_until_the_rest_fits(store: Store) -> None:
    for key in ("1", "2", "3"):
        store.put(key, bytes(10))
    store.prune(keep_bytes=10)
    assert sum(entry.bytes for entry in store.entries()) == 10
    store.prune(keep_bytes=0)
    assert list(store.entries()) == []

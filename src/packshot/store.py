"""Where files and layers are stored, under the hash of what they are or of what they were made from."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url
from PIL import Image

from packshot.errors import DiskFull, StoreAway
from packshot.finding import Finding
from packshot.image import Photo
from packshot.ops.matte import Facts
from packshot.step import Cutout, Enlarged
from packshot.steps.segment import findings_of

CHUNK_BYTES = 2**20
# A store that is away is waited for by whoever works, not by each request: obstore's own tries take minutes.
_RETRIES: Any = {
    "max_retries": 3,
    "retry_timeout": timedelta(seconds=8),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=2), "base": 2},
}
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
# The library has one class for whatever is no plain answer of the store.
_AWAY = re.compile(r"error sending request|timed? ?out|connection|dns error|status code: 5\d\d|slowdown|serverbusy"
                   r"|input/output error|read-only file system|stale file handle|error decoding response",
                   re.IGNORECASE)  # fmt: skip
FRESH = timedelta(hours=12)  # half of what the sweep lets an object nobody names live


@dataclass(frozen=True, slots=True)
class Entry:
    key: str
    bytes: int
    written: datetime


class Store:
    """Bytes by key, in a folder or in an object store.  Putting is atomic; getting what is gone is None."""

    def __init__(self, place: Path | str, *, make: bool = True) -> None:
        """place: a folder, or an address such as s3://bucket/prefix (its keys in AWS_ACCESS_KEY_ID and the like).

        make: a folder that is not there; without it that is one whose disk is away. Every method raises StoreAway
        where the store does not answer, or its folder is gone.
        """
        self._folder = None if "://" in str(place) else Path(place)
        self._place = str(place)
        if self._folder is None:
            _ = self._objects  # an address that is not understood is said now
        elif make:
            self._folder.mkdir(parents=True, exist_ok=True)

    @cached_property
    def _objects(self) -> Any:
        if self._folder is not None:
            return LocalStore(prefix=self._folder)
        if any(os.environ.get(name, "").startswith("http://") for name in _ENDPOINTS):
            os.environ.setdefault("AWS_ALLOW_HTTP", "true")  # whoever writes http:// means it
        return from_url(self._place, retry_config=_RETRIES)

    def put(self, key: str, content: bytes, *, durable: bool = False) -> None:
        """durable: on the disk, and not only on its way there, before this returns.  Raises DiskFull."""
        with self._named():
            self._objects.put(key, content)
            if durable:
                self._flush(key)

    def put_file(self, key: str, path: Path) -> None:
        """A whole file, in parts, never in memory at once.  Raises DiskFull."""
        with self._named():
            self._objects.put(key, path)
            self._flush(key)

    def put_new(self, key: str, content: bytes) -> None:
        """What is named by its own hash is written once.  Raises DiskFull.

        An old object is written anew: it may be one that nobody named any more and that is about to be swept away.
        """
        found = None
        with suppress(FileNotFoundError), self._named():
            found = self._objects.head(key)
        young = found is not None and datetime.now(UTC) - found["last_modified"] < FRESH
        if found is None or found["size"] != len(content) or not young:
            self.put(key, content, durable=True)

    def get(self, key: str) -> bytes | None:
        with suppress(FileNotFoundError), self._named():
            return bytes(self._objects.get(key).bytes())
        return None

    def get_file(self, key: str, path: Path) -> bool:
        """Write an object to a file, a piece at a time; False where it is gone."""
        with suppress(FileNotFoundError), self._named():
            found = self._objects.get(key)
            with path.open("wb") as out:
                for piece in found.stream(min_chunk_size=CHUNK_BYTES):
                    out.write(piece)
            return True
        return False

    def size(self, key: str) -> int | None:
        with suppress(FileNotFoundError), self._named():
            return int(self._objects.head(key)["size"])
        return None

    def delete(self, keys: Sequence[str]) -> None:
        """What is gone already does not matter."""
        for key in keys:
            with suppress(FileNotFoundError), self._named():
                self._objects.delete(key)

    def delete_older(self, keys: Sequence[str], *, than: datetime) -> list[str]:
        """Delete those that were last written before that moment.  Returns their keys."""
        deleted = []
        for key in keys:
            with suppress(FileNotFoundError), self._named():
                if self._objects.head(key)["last_modified"] < than:
                    self._objects.delete(key)
                    deleted.append(key)
        return deleted

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        pages = iter(self._objects.list(prefix=prefix or None))
        while True:
            with self._named():
                page = next(pages, None)
            if page is None:
                return
            for found in page:
                yield Entry(found["path"], found["size"], found["last_modified"])

    def prune(self, *, keep_bytes: int) -> None:
        """Drop what was written longest ago until the rest fits."""
        total = 0
        for entry in sorted(self.entries(), key=lambda entry: entry.written, reverse=True):
            total += entry.bytes
            if total > keep_bytes:
                self.delete([entry.key])

    async def aput(self, key: str, content: bytes) -> None:
        with self._named():
            await self._objects.put_async(key, content)

    async def aget(self, key: str) -> bytes | None:
        with suppress(FileNotFoundError), self._named():
            return bytes(await (await self._objects.get_async(key)).bytes_async())
        return None

    async def asize(self, key: str) -> int | None:
        with suppress(FileNotFoundError), self._named():
            return int((await self._objects.head_async(key))["size"])
        return None

    async def adelete(self, keys: Sequence[str]) -> None:
        for key in keys:
            with suppress(FileNotFoundError), self._named():
                await self._objects.delete_async(key)

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        """An object's bytes, a piece at a time.  Raises FileNotFoundError."""
        with self._named():
            found = await self._objects.get_async(key)
        async for piece in found.stream(min_chunk_size=CHUNK_BYTES):
            yield bytes(piece)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """The library's errors as DiskFull and StoreAway.  A folder that is gone is not made anew."""
        if self._folder is not None and not self._folder.is_dir():
            raise StoreAway(f"the folder {self._folder} is gone")
        try:
            yield
        except (BaseError, OSError) as error:
            words = str(error).splitlines()[0]
            if re.search(r"no space left|os error 28|quota exceeded|os error 27", words, re.IGNORECASE):
                raise DiskFull(
                    "the disk that holds the files is full.",
                    remedy="Make room, then do it again; nothing else was lost.",
                ) from error
            if not isinstance(error, FileNotFoundError) and _AWAY.search(words):
                raise StoreAway(words) from error
            raise

    def _flush(self, key: str) -> None:
        if self._folder is None:
            return
        for path in (self._folder / key, (self._folder / key).parent):
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def pack(cutout: Cutout) -> bytes:
    """A cut-out without its photo: the matte as it is, the edge band's colours, the facts."""
    out = io.BytesIO()
    facts = json.dumps(asdict(cutout.facts) | {"source": cutout.source}).encode()
    np.savez(out, matte=_png(cutout.matte), band=cutout.band, facts=np.frombuffer(facts, np.uint8))
    return out.getvalue()


def unpack(content: bytes, photo: Photo) -> Cutout | None:
    """The same cut-out, to the bit; None where what was kept is damaged, as after a full disk."""
    try:
        return _unpacked(content, photo)
    except (ValueError, KeyError, OSError, TypeError, EOFError, zipfile.BadZipFile):
        return None


def _unpacked(content: bytes, photo: Photo) -> Cutout:
    with np.load(io.BytesIO(content), allow_pickle=False) as packed:
        matte = np.asarray(Image.open(io.BytesIO(packed["matte"].tobytes())), np.uint8)
        band, facts = packed["band"], json.loads(packed["facts"].tobytes())
    source = facts.pop("source")
    return cutout_of(photo, matte, band, facts_of_json(facts), source)


def pack_enlarged(made: Enlarged) -> bytes:
    """An enlargement as its layer."""
    told = {"box": made.box, "factor": made.factor, "findings": [f.model_dump(mode="json") for f in made.findings]}
    out = io.BytesIO()
    np.savez(
        out, pixels=_png(np.asarray(cv2.cvtColor(made.pixels, cv2.COLOR_RGB2BGR))), matte=_png(made.matte),
        told=np.frombuffer(json.dumps(told).encode(), np.uint8),
    )  # fmt: skip
    return out.getvalue()


def unpack_enlarged(content: bytes) -> Enlarged | None:
    """The same enlargement, to the bit; None where what was kept is damaged."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as packed:
            told = json.loads(packed["told"].tobytes())
            pixels, matte = (
                np.asarray(cv2.imdecode(packed[n], cv2.IMREAD_UNCHANGED), np.uint8) for n in ("pixels", "matte")
            )
        return Enlarged(
            tuple(told["box"]), told["factor"], np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8),
            matte, tuple(Finding.model_validate(f) for f in told["findings"]),
        )  # fmt: skip
    except (ValueError, KeyError, OSError, TypeError, EOFError, zipfile.BadZipFile, cv2.error):
        return None


def _png(plane: np.ndarray) -> np.ndarray:
    # Differences to the row above, runs only: a third smaller than Pillow's level 1 in less than half its time.
    _, held = cv2.imencode(
        ".png",
        plane,
        (cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE,
         cv2.IMWRITE_PNG_COMPRESSION, 1),
    )  # fmt: skip
    return held


def facts_of_json(facts: dict[str, Any]) -> Facts:
    """Facts that went through JSON: its lists are tuples again."""
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in facts.items()}
    return Facts(**fields)


def cutout_of(photo: Photo, matte: np.ndarray, band: np.ndarray, facts: Facts, source: str) -> Cutout:
    """A cut-out from its kept parts, with what its facts say said again."""
    cutout = Cutout(photo, matte, band, facts, source)
    return replace(cutout, findings=findings_of(cutout.facts, photo.size, source))

"""Pixels that one stage leaves for the next on the same machine: arrays in memory, under the hash of what made them.

Files in a memory file system, mapped where they are read. Nobody depends on them: what is not there (another machine,
a restart, too little room) is made again from the layers in the store, to the same bits.

Whoever uses a folder holds a shared lock on it, which the system releases however the process ends; the folder is
removed only by somebody who gets the lock for himself.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import weakref
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from packshot import atomic
from packshot.image import Photo
from packshot.ops.layout import Placement
from packshot.settings import Settings
from packshot.step import Composition, Cutout, Ratio
from packshot.store import cutout_of, facts_of_json

log = structlog.get_logger(__name__)

_ALIGN = 64
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
Arrays = Mapping[str, np.ndarray]


def memory_folder(mark: str) -> Path:
    """A path of this user's in memory where the system has such a thing, else among its temporary files."""
    shared = Path("/dev/shm")
    root = shared if os.access(shared, os.W_OK) else Path(tempfile.gettempdir())
    return root / f"packshot-{os.getuid()}-{mark}"


def layer_folder(settings: Settings) -> Path:
    """The folder that all processes on this machine share that work with one store."""
    return memory_folder(hashlib.sha256(settings.store.encode()).hexdigest()[:12])


def free(folder: Path) -> bool:
    """Give back the memory of a layer cache's folder unless a process uses it.  False: one does."""
    try:
        handle = os.open(folder, _FOLDER)
    except OSError:  # there is none, or not one of ours
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_at(handle, folder):
            shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True


class LayerCache:
    """Arrays by key, the oldest dropped once there are more than `most_bytes`; 0 caches nothing.

    The last process that lets go of the folder frees it.  One that is killed cannot: the supervisor does it then.
    """

    def __init__(self, folder: Path, *, most_bytes: int) -> None:
        self._folder, self._most = folder, most_bytes
        if most_bytes:
            try:
                handle = _in_use(folder)
            except OSError as error:
                self._most = 0
                log.warning("layers.not_shared", folder=str(folder), reason=error.strerror)
            else:
                weakref.finalize(self, _let_go, folder, handle)

    def put(self, key: str, facts: Mapping[str, Any], arrays: Arrays) -> None:
        """Store it unless it is there already, or takes more room than there is.  Others never see half of it."""
        if not self._most or self._path(key).exists():
            return
        entries: dict[str, dict[str, Any]] = {}
        at = 0
        for name, array in arrays.items():
            entries[name] = {"at": at, "shape": array.shape, "type": array.dtype.str}
            at += -(-array.nbytes // _ALIGN) * _ALIGN
        head = json.dumps({"facts": facts, "arrays": entries}).encode()
        start = -(-(8 + len(head)) // _ALIGN) * _ALIGN
        if start + at > self._most / 2:
            return
        with suppress(OSError):  # no room, or another was first
            self._make_room(start + at)
            with atomic.opened(self._path(key), new=True, mode=0o600) as out:
                out.write(len(head).to_bytes(8, "big") + head)
                for name, array in arrays.items():
                    out.seek(start + entries[name]["at"])
                    out.write(np.ascontiguousarray(array).data)
                out.truncate(start + at)

    def get(self, key: str) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
        """Facts and read-only arrays."""
        if not self._most:
            return None
        try:
            mapped = np.memmap(self._path(key), np.uint8, "r")
        except (OSError, ValueError):
            return None
        size = int.from_bytes(mapped[:8].tobytes(), "big")
        head = json.loads(mapped[8 : 8 + size].tobytes())
        start = -(-(8 + size) // _ALIGN) * _ALIGN
        arrays = {}
        for name, entry in head["arrays"].items():
            kind, shape = np.dtype(entry["type"]), tuple(entry["shape"])
            flat = mapped[start + entry["at"] :][: int(np.prod(shape)) * kind.itemsize]
            arrays[name] = np.asarray(flat).view(kind).reshape(shape)
        return head["facts"], arrays

    def drop(self, key: str) -> None:
        if self._most:
            self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / key

    def _make_room(self, needed_bytes: int) -> None:
        entries = []
        for path in self._folder.iterdir():
            with suppress(OSError):  # another process dropped it meanwhile
                state = path.stat()
                entries.append((state.st_mtime, state.st_size, path))
        total = needed_bytes + sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if total <= self._most:
                return
            path.unlink(missing_ok=True)
            total -= size


def _in_use(folder: Path) -> int:
    """Make the folder if need be and hold it.  Raises OSError where it cannot be made or belongs to somebody else."""
    while True:
        with suppress(FileExistsError):  # `exist_ok` looks a second time, when it may be freed
            folder.mkdir(mode=0o700, parents=True)
        try:
            handle = os.open(folder, _FOLDER)
        except FileNotFoundError:  # freed in between
            continue
        try:
            if os.fstat(handle).st_uid != os.getuid():
                raise PermissionError(errno.EPERM, "it belongs to another user")
            fcntl.flock(handle, fcntl.LOCK_SH)
            if _is_at(handle, folder):
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _let_go(folder: Path, handle: int) -> None:
    os.close(handle)
    free(folder)


def _is_at(handle: int, folder: Path) -> bool:
    """Whether the folder of that path is still the open one: it may have been freed, and another made."""
    try:
        return os.path.samestat(os.fstat(handle), folder.lstat())
    except FileNotFoundError:
        return False


def put_photo(to: LayerCache, key: str, photo: Photo) -> None:
    facts = {
        "name": photo.name, "sha256": photo.sha256, "format": photo.format, "profile": photo.profile,
        "file_bytes": photo.file_bytes, "notes": photo.notes, "jpeg_quality": photo.jpeg_quality,
        "exif": photo.exif.hex(), "xmp": photo.xmp.hex(),
    }  # fmt: skip
    to.put(key, facts, {"pixels": photo.pixels} | ({} if photo.alpha is None else {"alpha": photo.alpha}))


def get_photo(of: LayerCache, key: str) -> Photo | None:
    found = of.get(key)
    if found is None:
        return None
    facts, arrays = found
    facts |= {name: bytes.fromhex(facts[name]) for name in ("exif", "xmp")} | {"notes": tuple(facts["notes"])}
    return Photo(pixels=arrays["pixels"], alpha=arrays.get("alpha"), **facts)


def put_cutout(to: LayerCache, key: str, cutout: Cutout) -> None:
    facts = {"facts": asdict(cutout.facts), "source": cutout.source}
    to.put(key, facts, {"matte": cutout.matte, "band": cutout.band})


def get_cutout(of: LayerCache, key: str, photo: Photo) -> Cutout | None:
    found = of.get(key)
    if found is None:
        return None
    facts, arrays = found
    return cutout_of(photo, arrays["matte"], arrays["band"], facts_of_json(facts["facts"]), facts["source"])


def put_composition(to: LayerCache, key: str, plate_key: str, composition: Composition) -> None:
    """All but the cut-out, which lies under its own key, and the plate, which many compositions share."""
    placement, product, matte = composition.laid_out()
    if composition.plate is not None:
        even = composition.plate.strides[:2] == (0, 0)  # one colour, spread without copies
        to.put(
            _plate(plate_key, composition.plate_mark),
            {},
            {"plate": composition.plate[:1, :1] if even else composition.plate},
        )
    facts = {
        "canvas": composition.canvas, "placement": asdict(placement), "plate": composition.plate is not None,
        "origin": composition.plate_origin, "mark": composition.plate_mark,
        "box": composition.ratio.box if composition.ratio else None, "changes": composition.changes,
    }  # fmt: skip
    to.put(
        key,
        facts,
        {"product": product, "matte": matte} | ({"ratio": composition.ratio.values} if composition.ratio else {}),
    )


def get_composition(of: LayerCache, key: str, plate_key: str, cutout: Cutout) -> Composition | None:
    found = of.get(key)
    if found is None:
        return None
    facts, arrays = found
    canvas = (facts["canvas"][0], facts["canvas"][1])
    plate = None
    if facts["plate"]:
        shared = of.get(_plate(plate_key, facts["mark"]))
        if shared is None:
            return None
        plate = np.broadcast_to(shared[1]["plate"], (canvas[1], canvas[0], 3))
    placement: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in facts["placement"].items()
    }
    box = facts["box"]
    return Composition(
        cutout=cutout,
        canvas=canvas,
        placement=Placement(**placement),
        product=arrays["product"],
        matte=arrays["matte"],
        plate=plate,
        plate_origin=facts["origin"],
        plate_mark=facts["mark"],
        ratio=Ratio((box[0], box[1], box[2], box[3]), arrays["ratio"]) if box else None,
        changes=tuple(facts["changes"]),
    )


def _plate(key: str, mark: str) -> str:
    return f"{key}-{hashlib.sha256(mark.encode()).hexdigest()[:16]}" if mark else key

"""Pixels that one stage leaves for the next on the same machine: arrays in memory, under the hash of what made them.

Files in a memory file system, mapped where they are read. Nobody depends on them: what is not there (another machine,
a restart, too little room) is made again from the layers in the store, to the same bits.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from packshot.image import Photo
from packshot.ops.layout import Placement
from packshot.step import Composition, Cutout, Ratio
from packshot.store import cutout_of, facts_of_json

_ALIGN = 64
Arrays = Mapping[str, np.ndarray]


def memory_folder(mark: str) -> Path:
    """A folder of ours in memory where the system has such a thing, else among its temporary files."""
    shared = Path("/dev/shm")
    root = shared if os.access(shared, os.W_OK) else Path(tempfile.gettempdir())
    return root / f"packshot-{os.getuid()}-{mark}"


class LayerCache:
    """Arrays by key, the oldest dropped once there are more than `most_bytes`; 0 keeps nothing."""

    def __init__(self, folder: Path, *, most_bytes: int) -> None:
        self._folder, self._most = folder, most_bytes
        if most_bytes:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, key: str, facts: Mapping[str, Any], arrays: Arrays) -> None:
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
        self._make_room(start + at)
        part = self._path(f"{key}.{os.getpid()}.part")
        try:
            with part.open("wb") as out:
                out.write(len(head).to_bytes(8, "big") + head)
                for name, array in arrays.items():
                    out.seek(start + entries[name]["at"])
                    out.write(np.ascontiguousarray(array).data)
                out.truncate(start + at)
            part.replace(self._path(key))
        except OSError:  # no room: the next stage makes it again
            part.unlink(missing_ok=True)

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

    def _make_room(self, wanted: int) -> None:
        kept = []
        for path in self._folder.iterdir():
            with suppress(OSError):
                found = path.stat()
                kept.append((found.st_mtime, found.st_size, path))
        total = wanted + sum(size for _, size, _ in kept)
        for _, size, path in sorted(kept):
            if total <= self._most:
                return
            path.unlink(missing_ok=True)
            total -= size


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


def put_composition(to: LayerCache, key: str, plate_key: str, made: Composition) -> None:
    """All but the cut-out, which lies under its own key, and the plate, which many compositions share."""
    placement, product, matte = made.laid_out()
    if made.plate is not None:
        even = made.plate.strides[:2] == (0, 0)  # one colour, spread without copies
        to.put(_plate(plate_key, made.plate_mark), {}, {"plate": made.plate[:1, :1] if even else made.plate})
    facts = {
        "canvas": made.canvas, "placement": asdict(placement), "plate": made.plate is not None,
        "origin": made.plate_origin, "mark": made.plate_mark, "box": made.ratio.box if made.ratio else None,
        "changes": made.changes,
    }  # fmt: skip
    to.put(key, facts, {"product": product, "matte": matte} | ({"ratio": made.ratio.values} if made.ratio else {}))


def get_composition(of: LayerCache, key: str, plate_key: str, cutout: Cutout) -> Composition | None:
    found = of.get(key)
    if found is None:
        return None
    facts, arrays = found
    canvas = (facts["canvas"][0], facts["canvas"][1])
    plate = None
    if facts["plate"]:
        kept = of.get(_plate(plate_key, facts["mark"]))
        if kept is None:
            return None
        plate = np.broadcast_to(kept[1]["plate"], (canvas[1], canvas[0], 3))
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

"""Plates rendered once: cached in memory, on disk within a bound. The engine is started only when one is missing."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import astuple
from pathlib import Path

import cv2
import numpy as np
import structlog
from numpy.typing import NDArray

from packshot import atomic
from packshot.colour import F32
from packshot.cpu_lease import CpuLease
from packshot.finding import Finding
from packshot.image import PREVIEW_SIDE
from packshot.rendering.scene import ProductMesh, Renderer, SceneSet, Shot

log = structlog.get_logger(__name__)

# The longer side: previews, and all else. Plates are scaled from these, so channels of one shape share one.
SIDES = (PREVIEW_SIDE, 2048)
VERSION = 5  # goes up when the same set and engine give other pixels
IN_MEMORY = 6  # 50 MB each at 2048²
GRAIN = 0.0035  # of the square root of light, so that no even tone shows bands: a level of 255


class PlateCache:
    """A render stage (`scene.SetRenderer`) over one engine."""

    def __init__(
        self,
        sets: Mapping[str, SceneSet],
        start: Callable[[], Renderer],
        *,
        engine: str,
        sides: tuple[int, ...] = SIDES,
        notes: tuple[Finding, ...],
        folder: Path,
        most_bytes: int,
        lease: CpuLease | None = None,
    ) -> None:
        self.sets, self.notes, self.engine, self._sides = sets, notes, engine, sides
        self._start, self._folder, self._most, self._lease = start, folder, most_bytes, lease
        self._renderer: Renderer | None = None
        self._plates: OrderedDict[tuple[Shot, tuple[int, int]], F32] = OrderedDict()
        self._lock = threading.RLock()

    def plate(self, shot: Shot, size: tuple[int, int]) -> F32:
        with self._lock:
            plate = self._plates.pop((shot, size), None)
            if plate is None:
                plate = self._scaled(shot, size)
                plate.flags.writeable = False
            self._plates[shot, size] = plate
            while len(self._plates) > IN_MEMORY:
                self._plates.popitem(last=False)
        return plate

    def is_stored(self, shot: Shot, size: tuple[int, int]) -> bool:
        """Whether this plate need not be rendered.  size: one of the sides that plates are kept at."""
        return self._path(shot, size).exists()

    def ratio(self, shot: Shot, body: ProductMesh, *, where: NDArray[np.bool_]) -> F32 | None:
        with self._lock, self._lease or nullcontext():
            return self._engine().ratio(shot, body, where=where)

    def _scaled(self, shot: Shot, size: tuple[int, int]) -> F32:
        longer = max(size)
        side = next((s for s in self._sides if longer <= s), self._sides[-1])
        own = (side, round(side * size[1] / size[0])) if size[0] >= size[1] else (round(side * size[0] / size[1]), side)
        levels = self._levels(shot, own)
        if own != size:
            how = cv2.INTER_AREA if longer < side else cv2.INTER_LANCZOS4
            levels = np.asarray(cv2.resize(levels, size, interpolation=how), np.uint16)
        root = levels.astype(np.float32) * np.float32(1 / 65535)
        return np.asarray(np.multiply(root, root, out=root), np.float32)

    def _levels(self, shot: Shot, size: tuple[int, int]) -> NDArray[np.uint16]:
        """(H, W, 3): the square root of light in 65535 steps, which is how a plate is stored."""
        path = self._path(shot, size)
        stored = _read(path, size)
        if stored is not None:
            return stored
        with self._lease or nullcontext():  # until it is stored, so that who waits for it finds it
            stored = _read(path, size)
            if stored is not None:
                return stored
            plate = self._engine().plate(shot, size)
            grain = np.random.default_rng(0).standard_normal(plate.shape[:2], dtype=np.float32) * np.float32(GRAIN)
            root = np.sqrt(plate) + grain[..., None]
            levels = np.asarray(np.round(np.clip(root, 0, 1) * 65535), np.uint16)
            self._store(path, levels)
        return levels

    def _path(self, shot: Shot, size: tuple[int, int]) -> Path:
        parts = VERSION, astuple(shot), self.sets[shot.set].version, size, self.engine
        return self._folder / f"{shot.set}-{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}.png"

    def _store(self, path: Path, levels: NDArray[np.uint16]) -> None:
        """Put a plate on the disk, and drop those used longest ago until the folder is within its bound."""
        bgr = cv2.cvtColor(levels, cv2.COLOR_RGB2BGR)
        _, png = cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, 1])
        try:
            atomic.write(path, png.tobytes())
            self._prune(path)
        except OSError as error:  # no room, or nobody may write there
            log.warning("plate.not_stored", plate=path.name, reason=error.strerror)

    def _prune(self, newest: Path) -> None:
        files = []
        for file in newest.parent.iterdir():  # parts of writers that were killed too
            with suppress(FileNotFoundError):  # another process dropped it
                state = file.stat()
                files.append((state.st_mtime, state.st_size, file))
        total = sum(size for _, size, _ in files)
        for _, size, file in sorted(files):
            if total <= self._most or file == newest:
                break
            file.unlink(missing_ok=True)
            total -= size

    def _engine(self) -> Renderer:
        if self._renderer is None:
            self._renderer = self._start()
        return self._renderer


def _read(path: Path, size: tuple[int, int]) -> NDArray[np.uint16] | None:
    """None for a plate that is not there, or damaged."""
    if not path.exists():
        return None
    read = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if read is None or read.shape != (size[1], size[0], 3):
        return None
    with suppress(OSError):  # cleared away meanwhile
        os.utime(path)
    return np.asarray(cv2.cvtColor(read, cv2.COLOR_BGR2RGB), np.uint16)

"""Seconds that the model that enlarges takes for a tile on this machine: measured once, stored in the cache folder."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

from packshot import atomic
from packshot.model import Upscaler


def tile_seconds(upscaler: Upscaler, *, folder: Path, threads: int) -> float:
    """Seconds a tile.  The first call on a machine enlarges one tile to measure it."""
    engine = upscaler.engine
    name = f"{engine.name} {engine.version} {engine.precision} {upscaler.card.sha256} {upscaler.side} {threads}"
    file = folder / "upscale-pace.json"
    with suppress(OSError, ValueError, KeyError, TypeError):
        return float(json.loads(file.read_text())[name])
    tile = np.random.default_rng(0).integers(0, 256, (upscaler.side, upscaler.side, 3), np.uint8)
    upscaler.upscale(tile)  # compiles
    start = time.perf_counter()
    upscaler.upscale(tile)
    seconds = time.perf_counter() - start
    upscaler.release()
    with suppress(OSError):  # a read-only folder: measured again next time
        atomic.write(file, json.dumps({name: round(seconds, 3)}).encode())
    return seconds

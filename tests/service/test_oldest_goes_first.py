"""Where room is short the oldest layers and plates go, never what was used last."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from packshot.rendering.engines.plate_cache import PlateCache
from packshot.rendering.scene import Shot
from packshot.rendering.sets import SETS
from packshot.service.layer_cache import LayerCache

LONG_AGO = 1_700_000_000


def test_the_layer_cache_drops_its_oldest_layers(tmp_path: Path) -> None:
    cache = LayerCache(tmp_path / "layers", most_bytes=350_000)
    layer = {"a": np.zeros(100_000, np.uint8)}
    for age, key in ((3, "oldest"), (2, "older"), (1, "newest")):
        cache.put(key, {}, layer)
        os.utime(tmp_path / "layers" / key, (LONG_AGO - age,) * 2)
    cache.put("next", {}, layer)
    assert [key for key in ("oldest", "older", "newest", "next") if cache.get(key)] == ["older", "newest", "next"]


class Plates:
    """An engine whose plates do not compress."""

    def plate(self, shot: Shot, size: tuple[int, int]) -> NDArray[np.float32]:
        return np.random.default_rng(shot.pitch_deg).random((size[1], size[0], 3), dtype=np.float32)

    def ratio(self, *arguments: object, **more: object) -> None:
        raise AssertionError("nobody asks for it here")


def test_the_plate_cache_drops_its_oldest_plates(tmp_path: Path) -> None:
    one_plate = 64 * 64 * 6
    cache = PlateCache(
        SETS, Plates, engine="a", sides=(64,), notes=(), folder=tmp_path, most_bytes=round(3.5 * one_plate)
    )  # fmt: skip
    files: dict[int, Path] = {}
    for age, pitch in ((3, 8), (2, 16), (1, 24)):
        cache.plate(Shot("sweep", pitch, 0.8, 1.0), (64, 64))
        [files[pitch]] = set(tmp_path.glob("*.png")) - set(files.values())
        os.utime(files[pitch], (LONG_AGO - age,) * 2)
    cache.plate(Shot("sweep", 40, 0.8, 1.0), (64, 64))
    assert [pitch for pitch, file in files.items() if file.exists()] == [16, 24]

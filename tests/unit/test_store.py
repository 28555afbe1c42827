"""Layers kept between runs."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from handmade import cutout_of, disc, textured
from packshot.store import Store, pack, unpack


def test_a_cutout_comes_back_to_the_bit() -> None:
    pixels, matte = textured(200, 160), disc(200, 160, (0, 30, 120, 140))
    matte[5:9, 150:190] = 200
    cutout = cutout_of(pixels, matte)
    again = unpack(pack(cutout), cutout.photo)
    assert again is not None
    assert np.array_equal(again.matte, cutout.matte)
    assert np.array_equal(again.band, cutout.band)
    assert np.array_equal(again.foreground(), cutout.foreground())
    assert again.facts == cutout.facts
    assert (again.source, again.findings) == (cutout.source, cutout.findings)
    assert pack(again) == pack(cutout)


def test_what_was_put_is_got_and_what_was_not_is_none(tmp_path: Path) -> None:
    store = Store(tmp_path / "layers")
    assert store.get("cutouts/a") is None
    store.put("cutouts/a", b"one")
    store.put("cutouts/a", b"two")
    assert store.get("cutouts/a") == b"two"
    assert Store(tmp_path / "layers").get("cutouts/a") == b"two"


def test_pruning_drops_the_oldest_until_the_rest_fits(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for age, name in enumerate(["new", "older", "oldest"]):
        store.put(f"cutouts/{name}", bytes(1000))
        os.utime(tmp_path / "cutouts" / name, (1_700_000_000 - 100 * age,) * 2)
    store.prune(keep_bytes=2500)
    assert [name for name in ("new", "older", "oldest") if store.get(f"cutouts/{name}")] == ["new", "older"]
    store.prune(keep_bytes=0)
    assert store.get("cutouts/new") is None


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY"])
def test_a_damaged_layer_is_never_taken_for_a_good_one(content: bytes) -> None:
    assert unpack(content, cutout_of(textured(60, 60), disc(60, 60, (10, 10, 50, 50))).photo) is None


def test_a_layer_cut_short_by_a_full_disk_is_a_miss() -> None:
    cutout = cutout_of(textured(60, 60), disc(60, 60, (10, 10, 50, 50)))
    whole = pack(cutout)
    assert unpack(whole[: len(whole) // 2], cutout.photo) is None

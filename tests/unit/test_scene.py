"""The camera, the product's mesh, cached plates, and what happens where the renderer is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from packshot.colour import F32
from packshot.finding import Finding
from packshot.rendering.engines import llvm, local
from packshot.rendering.engines.plate_cache import PlateCache
from packshot.rendering.product_mesh import CLEARANCE, Kind, Window, product_mesh
from packshot.rendering.scene import PITCHES, Camera, ProductMesh, SetRenderer, Shot
from packshot.rendering.sets import SETS
from packshot.settings import Settings

HEIGHTS = st.sampled_from(PITCHES[:-1])
BASELINES = st.floats(0.4, 0.95)
ASPECTS = st.floats(0.5, 2.0)


@given(HEIGHTS, BASELINES, ASPECTS)
def test_the_product_s_foot_stands_where_the_frame_has_its_baseline(pitch: int, baseline: float, aspect: float) -> None:
    camera = Camera(pitch, baseline, aspect)
    u, v = camera.project(np.zeros((1, 3), np.float32))[0]
    assert abs(u) < 1e-4
    share = (camera.half[1] - v) / (2 * camera.half[1])
    assert share == pytest.approx(baseline, abs=1e-4)


@given(HEIGHTS, BASELINES, ASPECTS)
def test_the_pitch_is_that_at_the_foot(pitch: int, baseline: float, aspect: float) -> None:
    camera = Camera(pitch, baseline, aspect)
    down = -camera.eye / np.linalg.norm(camera.eye)
    assert np.degrees(np.arcsin(-down[1])) == pytest.approx(pitch, abs=0.01)


@given(HEIGHTS, BASELINES, st.floats(-0.4, 0.4), st.floats(-0.4, 0.4))
def test_rays_and_projection_are_each_other_s_inverse(pitch: int, baseline: float, u: float, v: float) -> None:
    camera = Camera(pitch, baseline, 1.0)
    ray = camera.rays(np.array([u], np.float32), np.array([v], np.float32))
    seen = camera.project((camera.eye + 1.7 * ray).astype(np.float32))[0]
    assert seen == pytest.approx([u, v], abs=1e-4)


def matte_of(kind: Kind) -> NDArray[np.float32]:
    matte = np.zeros((200, 120), np.float32)
    if kind == "turned":  # a can seen from a little above
        cv2.rectangle(matte, (10, 14), (110, 186), 1.0, -1)
        for y in (14, 186):
            cv2.ellipse(matte, (60, y), (50, 13), 0, 0, 360, 1.0, -1)
    else:
        cv2.ellipse(matte, (60, 100), (55, 95), 0, 0, 360, 1.0, -1)
    return np.asarray(cv2.GaussianBlur(matte, (0, 0), 1), np.float32)


@pytest.mark.parametrize("pitch", PITCHES)
@pytest.mark.parametrize("kind", ["turned", "slab", "flat"])
def test_a_proxy_is_closed_stands_on_the_ground_and_hides_behind_its_silhouette(pitch: int, kind: Kind) -> None:
    matte = matte_of(kind)
    camera = Camera(pitch, 0.8, 1.0)
    foot = camera.foot if pitch != 90 else -0.3
    window = Window(-0.18, foot + 0.6, 0.18, foot)
    product = np.repeat(matte[..., None] * np.float32(0.5), 3, axis=2)
    body = product_mesh(product, matte, window, camera, kind=kind)
    points, faces = body.mesh.vertices, body.mesh.faces
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    _, count = np.unique(edges, axis=0, return_counts=True)
    assert (count == 2).all()
    # A sheet that lies on the ground reaches it everywhere, one that stands at its foot.
    assert points[:, 1].min() == pytest.approx(CLEARANCE, abs=1e-3)
    seen = camera.project(points)
    inside = cv2.dilate((matte > 0.5).astype(np.uint8), np.ones((13, 13), np.uint8))
    x = np.clip((seen[:, 0] - window.left) / (window.right - window.left) * 120, 0, 119).astype(int)
    y = np.clip((window.top - seen[:, 1]) / (window.top - window.bottom) * 200, 0, 199).astype(int)
    assert inside[y, x].mean() > (0.97 if pitch in (8, 16) else 0.8)


def test_a_turned_body_is_as_deep_as_it_is_wide() -> None:
    matte = matte_of("turned")
    camera = Camera(8, 0.8, 1.0)
    window = Window(-0.18, camera.foot + 0.6, 0.18, camera.foot)
    points = product_mesh(np.repeat(matte[..., None], 3, 2), matte, window, camera, kind="turned").mesh.vertices
    wide, deep = np.ptp(points[:, 0]), np.ptp(points[:, 2])
    assert deep == pytest.approx(wide, rel=0.15)


@pytest.mark.parametrize("kind", ["turned", "slab"])
@pytest.mark.parametrize("pitch", PITCHES[:-1])
def test_no_part_of_a_can_hangs_over_in_front_of_its_foot(pitch: int, kind: Kind) -> None:
    """Else the ground before it lies in the shade of its own body, and a dark crescent shows under it."""
    matte = matte_of("turned")
    camera = Camera(pitch, 0.8, 1.0)
    window = Window(-0.18, camera.foot + 0.6, 0.18, camera.foot)
    points = product_mesh(np.repeat(matte[..., None], 3, 2), matte, window, camera, kind=kind).mesh.vertices
    assert points[:, 2].max() < 0.15 * np.ptp(points[:, 2])


def test_a_matte_without_a_product_gives_no_body() -> None:
    nothing = np.zeros((40, 40), np.float32)
    body = product_mesh(
        np.zeros((40, 40, 3), np.float32), nothing, Window(-0.1, 0.1, 0.1, -0.1), Camera(8, 0.8, 1.0), kind="slab"
    )
    assert not len(body.mesh.faces)


class Counting:
    """A renderer that counts."""

    def __init__(self) -> None:
        self.rendered = 0

    def plate(self, shot: Shot, size: tuple[int, int]) -> F32:
        self.rendered += 1
        ramp = np.linspace(0, 1, size[0], dtype=np.float32)[None, :, None]
        return np.ascontiguousarray(np.broadcast_to(ramp, (size[1], size[0], 3)))

    def ratio(self, shot: Shot, body: ProductMesh, *, expected: NDArray[np.bool_]) -> F32:
        return np.ones((*expected.shape, 3), np.float32)


def plate_cache(
    folder: Path, renderer: Counting, *, most_bytes: int = 2**30, notes: tuple[Finding, ...] = ()
) -> PlateCache:
    return PlateCache(SETS, lambda: renderer, engine="counting", notes=notes, folder=folder,
                      most_bytes=most_bytes)  # fmt: skip


def test_a_plate_is_rendered_once_and_comes_back_from_the_disk_to_the_bit(tmp_path: Path) -> None:
    renderer, shot = Counting(), Shot("sweep", 16, 0.78, 1.0)
    first = plate_cache(tmp_path, renderer).plate(shot, (300, 300))
    again = plate_cache(tmp_path, renderer).plate(shot, (300, 300))
    assert renderer.rendered == 1
    assert np.array_equal(first, again)


def test_sizes_of_one_shape_share_a_plate_and_previews_have_their_own(tmp_path: Path) -> None:
    renderer, shot = Counting(), Shot("sweep", 16, 0.78, 1.0)
    stage = plate_cache(tmp_path, renderer)
    for side in (1000, 1600, 2048, 2400):
        assert stage.plate(shot, (side, side)).shape == (side, side, 3)
    assert renderer.rendered == 1
    stage.plate(shot, (512, 512))
    assert renderer.rendered == 2


def test_a_plate_cannot_be_written_to(tmp_path: Path) -> None:
    plate = plate_cache(tmp_path, Counting()).plate(Shot("sweep", 16, 0.78, 1.0), (64, 64))
    with pytest.raises(ValueError, match="read-only"):
        plate[0, 0] = 0


def test_a_damaged_plate_is_rendered_anew(tmp_path: Path) -> None:
    renderer, shot = Counting(), Shot("sweep", 16, 0.78, 1.0)
    plate_cache(tmp_path, renderer).plate(shot, (64, 64))
    next(tmp_path.glob("*.png")).write_bytes(b"not a picture")
    plate_cache(tmp_path, renderer).plate(shot, (64, 64))
    assert renderer.rendered == 2


def test_the_folder_of_plates_stays_within_its_bound(tmp_path: Path) -> None:
    renderer = Counting()
    stage = plate_cache(tmp_path, renderer, most_bytes=1)
    for pitch in (8, 16, 24):
        stage.plate(Shot("sweep", pitch, 0.78, 1.0), (64, 64))
    assert len(list(tmp_path.glob("*.png"))) == 1


def test_without_llvm_plates_are_slow_shadows_drawn_and_both_are_findings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llvm, "FOLDERS", (str(tmp_path),))
    monkeypatch.delenv("DRJIT_LIBLLVM_PATH", raising=False)
    stage = local.local_renderer(Settings(cache_dir=tmp_path / "cache"))
    assert stage.engine.endswith("scalar")
    assert "libllvm19" in stage.notes[0].words


def test_an_llvm_that_ends_the_process_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "libLLVM-19.so"
    broken.write_bytes(b"\x7fELF no library")
    monkeypatch.setattr(llvm, "FOLDERS", (str(tmp_path),))
    monkeypatch.delenv("DRJIT_LIBLLVM_PATH", raising=False)
    assert llvm.find(tmp_path / "cache") is None
    assert llvm.find(tmp_path / "cache") is None  # and remembered


def test_old_llvms_are_not_even_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("libLLVM-14.so.1", "libLLVM-15.so.1"):
        (tmp_path / name).write_bytes(b"")
    monkeypatch.setattr(llvm, "FOLDERS", (str(tmp_path),))
    monkeypatch.delenv("DRJIT_LIBLLVM_PATH", raising=False)
    monkeypatch.setattr(llvm, "_works", lambda path: pytest.fail(f"{path} was tried"))
    assert llvm.find(tmp_path / "cache") is None


@pytest.mark.long
def test_the_slow_engine_frames_a_set_as_the_fast_one_does(render_stage: SetRenderer, tmp_path: Path) -> None:
    shot = Shot("sweep", 24, 0.78, 1.0)
    out = tmp_path / "plate.npy"
    # In a process of its own: Mitsuba has one variant a process.
    code = (
        "import sys, numpy as np\n"
        "from packshot.rendering.engines.scalar import ScalarRenderer\n"
        "from packshot.rendering.scene import Shot\n"
        "from packshot.rendering.sets import SETS\n"
        f"np.save(sys.argv[1], ScalarRenderer(SETS).plate({shot!r}, (64, 64)))\n"
    )
    subprocess.run([sys.executable, "-c", code, str(out)], check=True, timeout=120)
    slow, fast = np.load(out), render_stage.plate(shot, (64, 64))
    assert np.abs(slow - fast).mean() < 0.02
    assert np.corrcoef(slow.mean((1, 2)), fast.mean((1, 2)))[0, 1] > 0.95  # from the back to the front

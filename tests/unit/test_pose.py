"""Pitch and stance: bodies projected by a pinhole camera that is known, and the rendered photos beside the project."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from handmade import rendered_photo
from packshot.colour import U8
from packshot.ops.pose import Pose, nearest, pose_of

FRAME, FOCAL, DISTANCE = (600, 800), 1040.0, 8.0  # (height, width) px; px; in half-widths of the usual body


def turned(height: float = 2.4, *, top: float = 1.0, base: float = 1.0) -> NDArray[np.float64]:
    """Points of a cone's stump: (N, 3), x right, y up, z towards the camera; it stands on y = 0."""
    angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    ring = np.stack([np.cos(angle), np.zeros_like(angle), np.sin(angle)], axis=1)
    return np.concatenate([ring * base, ring * top + (0, height, 0)])


def box(yaw_deg: float, *, size: tuple[float, float, float] = (1.6, 2.4, 1.1)) -> NDArray[np.float64]:
    w, h, d = size
    corners = np.array([(x, y, z) for x in (-w / 2, w / 2) for y in (0, h) for z in (-d / 2, d / 2)])
    c, s = np.cos(np.radians(yaw_deg)), np.sin(np.radians(yaw_deg))
    return corners @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def matte_of(
    points: NDArray[np.float64], pitch_deg: float, *, aside: float = 0.0, frame: tuple[int, int] = FRAME
) -> U8:
    """The silhouette of a convex body whose base is seen at `pitch_deg`, in the middle of the frame's lower part."""
    t = np.radians(pitch_deg)
    x, up, near = points[:, 0] + aside, points[:, 1], points[:, 2]
    depth = DISTANCE - (up * np.sin(t) + near * np.cos(t))
    row = -(up * np.cos(t) - near * np.sin(t)) / depth
    hull = np.stack([x / depth * FOCAL + frame[1] / 2, row * FOCAL + 0.72 * frame[0]], axis=1)
    fine = np.zeros((frame[0] * 4, frame[1] * 4), np.uint8)
    cv2.fillConvexPoly(fine, cv2.convexHull(np.round(hull * 4).astype(np.int32)), 255)
    return np.asarray(cv2.resize(fine, frame[::-1], interpolation=cv2.INTER_AREA), np.uint8)


def photo_of(matte: U8, *, wall_to: int = 0, seed: int = 0) -> U8:
    """A red product before a wall that ends at row `wall_to`, on a floor with grain."""
    random = np.random.default_rng(seed)
    backdrop = np.full((*matte.shape, 3), (176, 160, 140), np.float32)
    backdrop[:wall_to] = (90, 110, 125)
    backdrop += random.normal(0, 4, matte.shape)[..., None]
    share = (matte / 255)[..., None]
    return np.asarray(np.clip(backdrop * (1 - share) + np.array((190, 40, 40)) * share, 0, 255), np.uint8)


def shirt(frame: tuple[int, int] = FRAME, *, lift: int = 0) -> U8:
    h, w = frame
    shape = [(0.42, 0.1), (0.3, 0.13), (0.08, 0.42), (0.18, 0.5), (0.3, 0.38), (0.29, 0.93)]
    whole = shape + [(1 - x, y) for x, y in reversed(shape)]
    matte = np.zeros(frame, np.uint8)
    cv2.fillPoly(matte, [np.array([(x * w, y * h - lift) for x, y in whole], np.int32)], 255)
    return np.asarray(cv2.blur(matte, (3, 3)), np.uint8)


def seen(matte: U8, *, wall_to: int = 0) -> Pose:
    return pose_of(photo_of(matte, wall_to=wall_to), matte)


@pytest.mark.parametrize("pitch", [5, 8, 12, 16, 24, 32, 38])
@pytest.mark.parametrize(
    ("height", "top", "base"), [(2.4, 1.0, 1.0), (1.0, 1.0, 1.0), (2.4, 0.6, 1.0), (2.0, 1.1, 0.9)]
)
def test_a_turned_body_tells_its_pitch(pitch: float, height: float, top: float, base: float) -> None:
    pose = seen(matte_of(turned(height, top=top, base=base), pitch))
    assert pose.pitch_deg == pytest.approx(pitch, abs=3)
    assert pose.turned
    assert pose.stance == "stands"
    assert pose.sure > 0.5


@pytest.mark.parametrize("pitch", [12, 20, 32])
@pytest.mark.parametrize("yaw", [25, 45, -60])
def test_a_box_tells_its_pitch_however_it_is_turned(pitch: float, yaw: float) -> None:
    pose = seen(matte_of(box(yaw), pitch))
    assert pose.pitch_deg == pytest.approx(pitch, abs=4)
    assert not pose.turned
    assert pose.sure > 0.5


def test_a_box_seen_from_the_front_is_not_sure_and_not_turned() -> None:
    pose = seen(matte_of(box(0), 12))
    assert pose.sure < 0.3
    assert not pose.turned


def test_crumbs_of_the_matte_at_the_base_do_not_tip_it() -> None:
    matte = matte_of(turned(), 16)
    y, x = (int(v.max()) for v in np.nonzero(matte > 127))
    matte[y - 2 : y + 12, x - 90 : x - 80] = 255  # a blade of grass that was taken for the product
    assert seen(matte).pitch_deg == pytest.approx(16, abs=6)


def test_ground_that_reaches_further_up_means_a_steeper_camera() -> None:
    matte = np.zeros(FRAME, np.uint8)
    for left, top, right, bottom in (
        (300, 300, 500, 380),
        (310, 380, 330, 450),
        (470, 380, 490, 440),
        (480, 240, 560, 310),
    ):
        matte[top:bottom, left:right] = 255  # a toy dog: its outline tells nothing
    far, near = seen(matte, wall_to=350), seen(matte, wall_to=120)
    assert far.pitch_deg + 8 < near.pitch_deg
    assert max(far.sure, near.sure) < 0.7
    assert far.stance == near.stance == "stands"


def test_rough_ground_that_fills_the_frame_means_a_steep_camera_and_smooth_paper_means_nothing() -> None:
    matte = np.zeros(FRAME, np.uint8)
    matte[330:420, 340:460] = 255
    matte[420:440, 350:380] = 255  # on one foot
    random = np.random.default_rng(5)
    asphalt = np.asarray(random.integers(60, 190, (*FRAME, 1)).repeat(3, axis=2), np.uint8)
    asphalt[matte > 127] = (190, 40, 40)
    rough, smooth = pose_of(asphalt, matte), seen(matte)
    assert rough.pitch_deg > 20
    assert 0.2 < rough.sure < 0.6
    assert smooth.sure < 0.1


def test_a_mirrored_photo_has_the_same_pose() -> None:
    matte = matte_of(box(35), 20)
    pixels = photo_of(matte, wall_to=200)
    one, other = pose_of(pixels, matte), pose_of(pixels[:, ::-1], matte[:, ::-1])
    assert other.pitch_deg == pytest.approx(one.pitch_deg, abs=1.5)
    assert other.stance == one.stance


def test_a_rim_above_the_eye_is_not_taken_for_one_below_it() -> None:
    assert seen(matte_of(turned(2.0, top=1.2, base=0.85), 4)).pitch_deg == pytest.approx(4, abs=2)


def test_a_small_photo_has_the_same_pose() -> None:
    matte = matte_of(turned(), 20)
    pixels = photo_of(matte, wall_to=200)
    small = [
        np.asarray(cv2.resize(plane, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)) for plane in (pixels, matte)
    ]
    assert pose_of(*small).pitch_deg == pytest.approx(pose_of(pixels, matte).pitch_deg, abs=3)


def test_a_shirt_laid_down_does_not_surely_stand() -> None:
    pose = seen(shirt())
    assert pose.stance == "flat"
    assert pose.pitch_deg == 90
    assert not pose.turned


@pytest.mark.parametrize("pitch", [6, 16, 40])
def test_a_can_never_lies_flat_even_where_it_fills_the_frame(pitch: float) -> None:
    matte = matte_of(turned(), pitch)
    rows, columns = (np.nonzero(matte.max(axis=i) > 0)[0] for i in (1, 0))
    near = np.s_[rows[0] - 9 : rows[-1] + 10, columns[0] - 9 : columns[-1] + 10]
    assert seen(matte[near]).stance == "stands"


def test_what_the_frame_cuts_below_is_cut_and_what_comes_from_above_hangs() -> None:
    matte = matte_of(turned(), 16)
    assert seen(matte[: int(np.nonzero(matte.any(axis=1))[0][-1]) - 60]).stance == "cut"
    hanging = seen(shirt(lift=70))
    assert hanging.stance == "hangs"
    assert hanging.sure < 0.3


def test_two_shoes_side_by_side_are_a_pair() -> None:
    shoe = box(20, size=(0.9, 0.8, 1.8))
    both = np.maximum(matte_of(shoe, 20, aside=-0.9), matte_of(shoe, 20, aside=0.9))
    assert seen(both, wall_to=250).stance == "pair"
    assert seen(matte_of(shoe, 20), wall_to=250).stance == "stands"


def test_nothing_gives_the_usual_pitch_unsure() -> None:
    empty = np.zeros((60, 80), np.uint8)
    assert pose_of(photo_of(empty), empty).sure == 0


def test_the_nearest_step_of_a_grid() -> None:
    assert nearest(19, (8, 16, 24, 40, 90)) == 16
    assert nearest(70, (8, 16, 24, 40, 90)) == 90


@pytest.mark.parametrize(
    "name", ["00_bottle", "01_can", "02_mug", "05_plush", "06_brush", "07_tumbler", "08_jar", "15_bag"]
)
def test_rendered_photos_tell_the_pitch_they_were_rendered_at(name: str) -> None:
    pixels, matte, meta = rendered_photo(name)
    width, height = meta["size"]
    focal = max(width, height) / 2 / np.tan(np.radians(meta["camera"]["fov_long_side_deg"] / 2))
    true = meta["camera"]["pitch_deg"] + np.degrees(np.arctan((meta["box"][3] - height / 2) / focal))
    pose = pose_of(pixels, matte)
    assert pose.pitch_deg == pytest.approx(true, abs=6)
    assert pose.stance == "stands"
    assert pose.turned == (name in {"00_bottle", "01_can", "06_brush", "07_tumbler", "08_jar"})


def test_a_shred_of_tray_below_the_product_breaks_nothing() -> None:
    matte = np.zeros((400, 300), np.uint8)
    matte[40:330, 90:210] = 255
    matte[338:341, 60:240] = 255  # apart from it, with nothing between
    pixels = np.full((400, 300, 3), 200, np.uint8)
    pixels[matte > 0] = (120, 60, 40)
    assert 0 <= pose_of(pixels, matte).pitch_deg <= 90

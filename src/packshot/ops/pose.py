"""How a product was photographed: how steeply the camera looked down on its base, and how the product was placed.

The pitch is a weighted mean of four estimates: from the arc of a round base, a round top, the corner of a box's base,
and how far the ground reaches up behind the product. Numbers without another source were chosen on 8 rendered photos
with known cameras and 28 real ones judged by eye, and then verified on 31 others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32, U8, lab

Stance = Literal["stands", "pair", "flat", "hangs", "cut"]

SIDE, SCENE_SIDE = 320, 160  # px, longest: the product's box, and the whole photo
USUAL_PITCH_DEG, USUAL_WEIGHT = 15.0, 0.15  # of a phone at a table, where nothing else can be estimated
FOCAL = 1.2  # focal length over the frame's longest side: phones 0.75 (26 mm) … 2.2 (77 mm), most photos are cropped
# The ground ends before the horizon does: the camera is that much steeper than the ground's far edge suggests.
BEYOND_GROUND_DEG = 8.0
BEVEL = 0.93  # a rounded base edge makes its arc deeper: measured over true pitch, seven turned bodies
OPENED = 0.92  # perspective opens the angle of a box's base: measured on drawn boxes, 6 to 10 half-widths away


@dataclass(frozen=True, slots=True)
class Pose:
    """What is needed to choose a set's camera."""

    pitch_deg: float  # camera pitch at the contact point: 0 eye level … 90 straight down
    sure: float  # [0, 1], of the pitch
    turned: bool  # a solid of revolution that stands upright
    stance: Stance  # on its base / two things side by side / laid down, from above / held up / cut by the frame
    stance_sure: float  # [0, 1]


@dataclass(frozen=True, slots=True)
class _Arc:
    """The lower half of an ellipse along the lower edge of a silhouette."""

    pitch_deg: float  # asin(sagitta / half-width)
    tilt_deg: float  # of its long axis
    misfit: float  # of the edge, per half-width
    span: float  # its width, of the widest nearby
    row: float  # of its centre


@dataclass(frozen=True, slots=True)
class _Scene:
    """Measurements of the backdrop, at SCENE_SIDE; differences in CIELAB."""

    ground_deg: float  # angle from the contact point up to the far edge of the ground
    ground_sure: float
    frame_deg: float  # the same up to the frame's upper edge
    frame_sure: float  # that rough ground reaches it: a smooth backdrop may be a wall, or paper
    unlike: float  # ΔE76 of what is above the product and what is below it
    finer: float  # texture above the product over that below, log
    contact: float  # how much darker it is right under the product than right above, L*
    share: float  # of the frame


def nearest(pitch_deg: float, grid_deg: Sequence[float]) -> float:
    """The pitch of a grid that is nearest."""
    return min(grid_deg, key=lambda step: abs(step - pitch_deg))


def pose_of(pixels_u8: U8, matte_u8: U8) -> Pose:
    """Read pitch and stance off a cut-out.

    pixels_u8: (H, W, 3) sRGB, the whole photo.  matte_u8: (H, W).  An empty matte gives the usual pitch, unsure.
    """
    x, y, w, h = cv2.boundingRect((matte_u8 > 127).astype(np.uint8))
    if min(w, h) < 8:
        return Pose(USUAL_PITCH_DEG, 0.0, False, "stands", 0.0)
    margin = max(w, h) // 16 + 1
    near = matte_u8[max(0, y - margin) : y + h + margin, max(0, x - margin) : x + w + margin]
    coverage = np.asarray(_small(near, SIDE) / 255, np.float32)
    solid = coverage > 0.5
    scene = _scene(_small(pixels_u8, SCENE_SIDE), _small(matte_u8, SCENE_SIDE))
    below, above = _frame_share(matte_u8[-1], w), _frame_share(matte_u8[0], w)
    base = None if below > 0 else _arc(coverage)
    top = None if above > 0 else _arc(np.ascontiguousarray(coverage[::-1]))
    corner = None if below > 0 else _corner(solid)
    round_base = 0.0 if base is None else _trust(base, worst=0.018)
    round_top = 0.0 if top is None or top.span < 0.7 else _trust(top, worst=0.02)
    by_base = max(round_base, 0.0 if corner is None else 0.7)
    stance, stance_sure = _stance(scene, solid, below, above, max(by_base, round_top))
    if stance == "flat":
        return Pose(90.0, stance_sure, False, stance, stance_sure)
    # The ground gives the coarsest estimate, since the lens is unknown: it weighs little where the base gives one.
    coarse = 0.35 * (1 - 0.8 * by_base) * (below == 0)
    estimates = [
        (USUAL_PITCH_DEG, USUAL_WEIGHT),
        (scene.ground_deg + BEYOND_GROUND_DEG, coarse * scene.ground_sure),
        (scene.frame_deg, coarse * scene.frame_sure),
    ]
    if base is not None:
        estimates.append((base.pitch_deg * BEVEL, 1.5 * round_base))
    if top is not None:
        tall = top.row * near.shape[0] / coverage.shape[0]  # px of the photo, down to the base
        lower = float(np.degrees(np.arctan(tall / (FOCAL * max(matte_u8.shape)))))
        # A rim above the eye arches like one below it: the base decides, where it can.
        either = lower + top.pitch_deg, lower - top.pitch_deg
        at_base = nearest(base.pitch_deg, either) if base is not None and round_base > 0.2 else either[0]
        estimates.append((at_base, round_top / (1 + (lower / 12) ** 2)))
    if corner is not None:
        estimates.append((corner * OPENED, 1.0))
    pitch, sure = _agreed(estimates)
    turned = stance == "stands" and base is not None and round_base > 0.2 and _turned(base, solid)
    return Pose(pitch, sure * (0.5 if stance in ("hangs", "cut") else 1), turned, stance, stance_sure)


def _turned(base: _Arc, solid: NDArray[np.bool_]) -> bool:
    """Whether a body with a round base is a solid of revolution: upright, alike left and right."""
    return base.span > 0.35 and abs(base.tilt_deg) < 6 and _symmetry(solid) > 0.88


def _agreed(estimates: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Weighted mean of (pitch, weight), the first being the prior; less sure the more they differ."""
    values, weights = np.array(estimates).T
    weights[0] /= 1 + 4 * weights[1:].sum()  # beside a real estimate the prior weighs little
    pitch = float((values * weights).sum() / weights.sum())
    spread = float(np.sqrt((weights[1:] * (values[1:] - pitch) ** 2).sum() / max(weights[1:].sum(), 1e-6)))
    evidence = float(weights[1:].sum())
    return pitch, evidence / (evidence + 0.4) * float(np.exp(-((spread / 12) ** 2)))


def _small(plane: U8, side: int) -> U8:
    step = max(1, max(plane.shape[:2]) // (4 * side))  # of a large photo every pixel is not needed
    plane = np.ascontiguousarray(plane[::step, ::step])
    scale = side / max(plane.shape[:2])
    size = max(8, round(plane.shape[1] * scale)), max(8, round(plane.shape[0] * scale))
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.uint8)


def _frame_share(border: U8, width: int) -> float:
    """How much of the product's width lies on the frame's edge; single pixels do not count."""
    share = float(np.count_nonzero(border > 229)) / width
    return share if share > 0.02 else 0.0


def _ramp(value: float, none: float, full: float) -> float:
    return float(np.clip((value - none) / (full - none), 0, 1))


def _trust(arc: _Arc, *, worst: float) -> float:
    """Weight of an arc, [0, 1]: under 3° it may be a straight edge, a short or slanting one some other curve."""
    shape = _ramp(arc.misfit, worst, 0.004) * _ramp(arc.span, 0.2, 0.4) * _ramp(abs(arc.tilt_deg), 15, 3)
    return shape * _ramp(arc.pitch_deg, 2, 4) * _ramp(arc.pitch_deg, 60, 45)


def _arc(coverage: F32) -> _Arc | None:
    """Find the ellipse whose lower half is the lower edge and whose ends are where the sides begin.

    Tries every row as the centre: half-width from the silhouette there, depth by least squares.  Small arcs fit any
    edge, so they are penalised.
    """
    solid = coverage > 0.5
    filled = np.nonzero(solid.any(axis=1))[0]
    if len(filled) < 8:
        return None
    last = int(filled[-1])
    left, right = _run(solid, int(filled[-1 - max(1, len(filled) // 40)]))
    reach = int(0.6 * (right - left).max())
    rows = np.arange(last, max(-1, last - reach), -1)
    rows = rows[right[rows] - left[rows] >= 12]
    if not len(rows):
        return None
    widest = float((right[rows] - left[rows]).max())
    edge = _lower_edge(coverage)
    arcs = {int(row): _arc_at(int(row), int(left[row]), int(right[row]), edge, widest) for row in rows[::3]}
    best = min(arcs.values(), key=lambda arc: arc.misfit)
    for row in rows[np.abs(rows - best.row) < 3]:
        arc = arcs.get(int(row)) or _arc_at(int(row), int(left[row]), int(right[row]), edge, widest)
        best = min(best, arc, key=lambda arc: arc.misfit)
    return best


def _arc_at(row: int, left: int, right: int, edge: NDArray[np.float64], widest: float) -> _Arc:
    """The best half ellipse with these ends; its misfit counts also how far its centre is from their row."""
    half, middle = (right - left) / 2, (right + left - 1) / 2
    u = (np.arange(len(edge)) - middle) / half
    here = (np.abs(u) < 0.97) & ~np.isnan(edge)
    u, y = u[here], edge[here]
    terms = np.stack([np.ones_like(u), np.sqrt(1 - u * u), u], axis=1)
    fit = _solve(terms, y)
    apart = np.abs(y - terms @ fit)
    good = apart <= max(2.5 * float(np.median(apart)), 0.5)  # px: crumbs of a matte, a blade of grass
    fit = _solve(terms[good], y[good])
    apart = np.minimum(np.abs(y - terms @ fit), 0.1 * half)
    span = 2 * half / widest
    misfit = (float(np.sqrt((apart**2).mean())) + 0.5 * abs(float(fit[0]) - row)) / half + 0.03 * (1 - span)
    pitch = float(np.degrees(np.arcsin(np.clip(fit[1] / half, -1, 1))))
    return _Arc(pitch, float(np.degrees(np.arctan(fit[2] / half))), misfit, span, float(row))


def _solve(terms: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least squares by normal equations: three well-parted terms need no more, and this is called hundreds of times."""
    return np.asarray(np.linalg.solve(terms.T @ terms + 1e-9 * np.eye(3), terms.T @ y), np.float64)


def _run(solid: NDArray[np.bool_], start: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Per row the run [left, right) that holds the middle of the longest run of row `start`; empty where none."""
    turns = np.flatnonzero(np.diff(np.concatenate([[0], solid[start].view(np.int8), [0]])))
    longest = int(np.argmax(turns[1::2] - turns[::2]))
    column = int(turns[2 * longest] + turns[2 * longest + 1]) // 2
    index = np.arange(solid.shape[1])
    left = np.where(solid[:, : column + 1], -1, index[: column + 1]).max(axis=1) + 1
    right = np.where(solid[:, column:], solid.shape[1], index[column:]).min(axis=1)
    return left, np.maximum(left, right)


def _lower_edge(coverage: F32) -> NDArray[np.float64]:
    """Per column the row where coverage ends, between pixels; NaN in empty columns."""
    turned = coverage[::-1]
    solid = turned > 0.5
    first, columns = solid.argmax(axis=0), np.arange(coverage.shape[1])
    inside, outside = turned[first, columns], turned[np.maximum(first - 1, 0), columns]
    between = np.where(first > 0, (inside - 0.5) / np.maximum(inside - outside, 1e-3), 0)
    return np.where(solid.any(axis=0), coverage.shape[0] - 1 - first + between, np.nan)


def _symmetry(solid: NDArray[np.bool_]) -> float:
    """Overlap (IoU) with its own mirror image about the best upright axis."""
    mask = solid.astype(np.uint8)
    middle = float(np.nonzero(solid)[1].mean())
    best = 0.0
    for shift in np.arange(-0.02, 0.021, 0.005) * solid.shape[1]:
        mirror = np.array([[-1, 0, 2 * (middle + shift)], [0, 1, 0]], np.float32)
        turned = cv2.warpAffine(mask, mirror, (mask.shape[1], mask.shape[0]), flags=cv2.INTER_NEAREST) > 0
        best = max(best, float(np.count_nonzero(turned & solid) / np.count_nonzero(turned | solid)))
    return best


def _corner(solid: NDArray[np.bool_]) -> float | None:
    """Pitch from the near corner of a box's base; None where the silhouette has none.

    Two edges at a right angle on the ground, seen under pitch θ, have slopes whose product is -sin²θ however the box
    is turned.  A box has upright sides where its base ends.
    """
    contours, _ = cv2.findContours(solid.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = cv2.convexHull(max(contours, key=len))
    corners = cv2.approxPolyDP(hull, 0.012 * float(np.hypot(*solid.shape)), True)[:, 0].astype(float)
    if len(corners) < 5:
        return None
    corners = np.roll(corners, -int(np.argmax(corners[:, 1])), axis=0)
    if corners[1, 0] < corners[-1, 0]:
        corners = np.concatenate([corners[:1], corners[:0:-1]])
    edges = [corners[1] - corners[0], corners[2] - corners[1], corners[-1] - corners[0], corners[-2] - corners[-1]]
    slopes = [abs(float(dy)) / max(abs(float(dx)), 1e-6) for dx, dy in edges]
    lengths = [float(np.hypot(*edge)) for edge in edges]
    width, height = np.ptp(corners, axis=0)
    base = abs(edges[0][0]) + abs(edges[2][0])
    upright = min(slopes[1], slopes[3]) > 2.5 and min(lengths[1], lengths[3]) > 0.3 * height
    if not upright or base < 0.8 * width or min(abs(edges[0][0]), abs(edges[2][0])) < 0.12 * width:
        return None
    pitch = float(np.degrees(np.arcsin(min(1.0, float(np.sqrt(slopes[0] * slopes[2]))))))
    return pitch if 3 < pitch < 55 else None


def _scene(pixels_u8: U8, matte_u8: U8) -> _Scene:
    """Measure the backdrop around the product, at SCENE_SIDE."""
    colours = lab(pixels_u8)
    light = colours[..., 0]
    solid = matte_u8 > 127
    top, bottom = (int(v) for v in np.nonzero(solid.any(axis=1))[0][[0, -1]])
    left, right = (int(v) for v in np.nonzero(solid.any(axis=0))[0][[0, -1]])
    reach, tall = max(bottom - top, right - left), bottom - top
    away = np.asarray(cv2.distanceTransform((matte_u8 <= 12).astype(np.uint8), cv2.DIST_L2, 3), np.float32)
    texture = np.log(cv2.blur(np.abs(light - cv2.blur(light, (3, 3))), (5, 5)) + 0.3)
    row, column = np.indices(solid.shape)
    backdrop, beside = away > 4, (column >= left - 0.2 * reach) & (column <= right + 0.2 * reach)
    close, further = (away > 1.5) & (away < 0.06 * reach + 2.5), (away > 0.12 * reach + 3) & (away < 0.3 * reach + 6)
    low, high = row > bottom - 0.12 * tall, row < top + 0.35 * tall
    under, over = (_mean(light, close & beside & k) - _mean(light, further & beside & k) for k in (low, high))
    upper, lower = backdrop & (row < top + 0.25 * tall), backdrop & (row > bottom - 0.15 * tall)
    apart = [_mean(colours[..., i], upper) - _mean(colours[..., i], lower) for i in range(3)]
    unlike, rough = float(np.nan_to_num(np.hypot.reduce(apart))), float(np.nan_to_num(_mean(texture, upper)))
    end, ground_sure = _gshape(np.dstack([colours, 6 * texture]), backdrop, bottom)
    return _Scene(
        ground_deg=float(np.degrees(np.arctan((bottom - end) / (FOCAL * max(solid.shape))))),
        ground_sure=ground_sure,
        frame_deg=float(np.degrees(np.arctan(bottom / (FOCAL * max(solid.shape))))),
        frame_sure=(1 - ground_sure) * _ramp(rough, 0.2, 0.7) * _ramp(unlike, 30, 10),
        unlike=unlike,
        finer=float(np.nan_to_num(_mean(texture, upper) - _mean(texture, lower))),
        contact=float(np.nan_to_num(-under - max(0.0, np.nan_to_num(-over)))),
        share=float(solid.mean()),
    )


def _mean(plane: F32, where: NDArray[np.bool_]) -> float:
    """NaN where there is too little to measure."""
    return float(plane[where].mean()) if np.count_nonzero(where) > 8 else float("nan")


def _gshape(features: F32, backdrop: NDArray[np.bool_], bottom: int) -> tuple[int, float]:
    """The row above the contact point where the backdrop changes most, and how sure it is that something ends there."""
    count = backdrop[: bottom + 1].sum(axis=1)
    rows = np.nonzero(count > 0.15 * backdrop.shape[1])[0]
    if len(rows) < 12:
        return bottom, 0.0
    weighted = features[rows] * backdrop[rows][..., None]
    mean = weighted.sum(axis=1) / count[rows][:, None]
    total = float(((mean - mean.mean(axis=0)) ** 2).sum()) + 1e-6
    explained = [
        1 - float(sum(((part - part.mean(axis=0)) ** 2).sum() for part in (mean[:at], mean[at:]))) / total
        for at in range(3, len(mean) - 3)
    ]
    at = 3 + int(np.argmax(explained))
    step = float(np.hypot.reduce(mean[max(0, at - 8) : at].mean(axis=0) - mean[at : at + 8].mean(axis=0)))
    return int(rows[at]), _ramp(step, 4, 12) * _ramp(max(explained), 0.25, 0.55)


def _stance(scene: _Scene, solid: NDArray[np.bool_], below: float, above: float, shape: float) -> tuple[Stance, float]:
    """How the product was placed, and how sure that is: signs of standing are weighed against signs of lying."""
    if below > 0:
        return "cut", 0.5 + 0.5 * _ramp(below, 0, 0.3)
    if above > 0 and shape < 0.3 and scene.share > 0.25:
        return "hangs", 0.6
    score = (
        0.5
        + 3 * shape
        + 2.5 * _ramp(scene.unlike, 4, 14)
        + 1.5 * float(np.clip(scene.contact / 6, -1, 1))
        + float(np.clip(-scene.finer / 0.5, -1, 1))
        - _ramp(scene.share, 0.3, 0.45)
    )
    standing = 1 / (1 + float(np.exp(-score)))
    if standing < 0.5:
        return "flat", 1 - standing
    if max(scene.ground_sure, scene.frame_sure) == 0 and shape < 0.3:
        standing = 0.5  # there is no sign of a ground at all
    return ("pair" if _two(solid) else "stands"), standing


def _two(solid: NDArray[np.bool_]) -> bool:
    """Whether there are two parts of like size on one line."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(solid.astype(np.uint8), connectivity=8)
    if count < 3:
        return False
    second, first = np.argsort(stats[1:, cv2.CC_STAT_AREA])[-2:] + 1
    feet = stats[:, cv2.CC_STAT_TOP] + stats[:, cv2.CC_STAT_HEIGHT]
    level = abs(int(feet[first] - feet[second])) < 0.35 * stats[first, cv2.CC_STAT_HEIGHT]
    return bool(level and stats[second, cv2.CC_STAT_AREA] > 0.4 * stats[first, cv2.CC_STAT_AREA])

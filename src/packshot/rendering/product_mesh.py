"""A mesh for the product in a set: a body inflated from its silhouette, standing where its foot touches the ground.

docs/decisions/0013-rendered-sets.md says how it was chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32, thrice
from packshot.ops import resample, shadow
from packshot.rendering.scene import OVERHEAD, Camera, Mesh, ProductMesh

Kind = Literal["turned", "slab", "flat"]

NODES = 7500  # of one sheet: bodies with many thin parts get a finer grid than solid ones
FINEST = 224
TEXTURE_SIDE = 128
CLEARANCE = 0.003  # above the ground, or camera rays pass through the floor
SUNK = -0.02
SLAB_DEPTH = 0.8  # of half the local width: a shoe is not as deep as a ball
FLAT_DEPTH, FLAT_MOST = 0.35, 0.014  # a lying product is thin, however wide
STEEPEST_YAW = 1.2
BASE = 0.25  # of the height, from below: the part whose depth a body stands on


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the frame that a silhouette covers, in frame coordinates (`scene.Camera`)."""

    left: float
    top: float
    right: float
    bottom: float


def product_mesh(product: F32, matte: F32, window: Window, camera: Camera, *, kind: Kind) -> ProductMesh:
    """product: (h, w, 3) linear, premultiplied.  matte: (h, w) [0, 1].  Both cover `window`.

    A matte without a product gives a mesh without faces.
    """
    share = max(float((matte > 0.5).mean()), 1e-3)
    side = float(np.clip(np.sqrt(NODES / share / (matte.shape[0] * matte.shape[1])) * max(matte.shape), 8, FINEST))
    scale = min(1.0, side / max(matte.shape))
    size = max(4, round(matte.shape[1] * scale)), max(4, round(matte.shape[0] * scale))
    small = np.pad(np.asarray(cv2.resize(matte, size, interpolation=cv2.INTER_AREA), np.float32), 1)
    step_u, step_v = (window.right - window.left) / size[0], (window.top - window.bottom) / size[1]
    x, y = _nodes(small)
    u = window.left + (x - 0.5) * step_u  # the padding's column is half a step outside
    v = window.top - (y - 0.5) * step_v
    solid = small > 0.5
    depth = _depth(small, step_u, kind)
    front, back = (_lying if camera.pitch_deg == OVERHEAD else _standing)(u, v, depth, small, window, camera)
    vertices, faces = _closed(front, back, solid)
    texture = _colours(product, matte)
    uv = np.stack([(x - 0.5) / size[0], 1 - (y - 0.5) / size[1]], -1).reshape(-1, 2)
    uv = np.concatenate([uv, uv]).astype(np.float32)
    used = np.unique(faces)
    place = np.zeros(len(vertices), np.uint32)
    place[used] = np.arange(len(used))
    return ProductMesh(Mesh(vertices[used], place[faces], uv[used]), texture)


def _nodes(small: F32) -> tuple[F32, F32]:
    """Grid positions, those at the rim moved onto the line where the matte is half."""
    y, x = np.mgrid[: small.shape[0], : small.shape[1]].astype(np.float32)
    gx = np.asarray(cv2.Sobel(small, cv2.CV_32F, 1, 0, scale=0.125), np.float32)
    gy = np.asarray(cv2.Sobel(small, cv2.CV_32F, 0, 1, scale=0.125), np.float32)
    steep = np.maximum(gx**2 + gy**2, 1e-4)
    move = np.clip((0.5 - small) / steep, -3, 3)
    rim = (small > 0.5) & (cv2.erode((small > 0.5).astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)
    dx, dy = (np.clip(np.where(rim, move * along, 0), -0.7, 0.7) for along in (gx, gy))
    return np.asarray(x + dx, np.float32), np.asarray(y + dy, np.float32)


def _depth(small: F32, step: float, kind: Kind) -> F32:
    """(h, w) half the body's depth at each node, world units at the product's place."""
    solid = (small > 0.5).astype(np.uint8)
    if kind == "turned":
        columns = np.arange(small.shape[1], dtype=np.float32)
        rows = np.asarray(solid.any(axis=1), np.float32)
        first = np.argmax(solid, axis=1).astype(np.float32) - 0.5
        last = small.shape[1] - 0.5 - np.argmax(solid[:, ::-1], axis=1).astype(np.float32)
        half, middle = (last - first) / 2, (last + first) / 2
        inside = half[:, None] ** 2 - (columns[None] - middle[:, None]) ** 2
        return np.asarray(np.sqrt(np.maximum(inside, 0)) * rows[:, None] * step, np.float32)
    rim = cv2.distanceTransform(solid, cv2.DIST_L2, 5)
    reach = 2 * max(3, int(rim.max()) // 2) + 1
    radius = np.maximum(cv2.dilate(rim, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))), rim)
    round_ = np.sqrt(np.maximum(rim * (2 * radius - rim), 0))
    if kind == "flat":
        return np.asarray(np.minimum(FLAT_DEPTH * round_ * step, FLAT_MOST), np.float32)
    return np.asarray(SLAB_DEPTH * round_ * step, np.float32)


def _standing(u: F32, v: F32, depth: F32, small: F32, window: Window, camera: Camera) -> tuple[F32, F32]:
    """Front and back sheet of a body that stands on y = 0."""
    columns, ground, sure = shadow.contact_line(small)
    h, w = small.shape
    eye = camera.eye
    rays = camera.rays(u.ravel(), v.ravel()).reshape(h, w, 3)
    middle = np.zeros(w, np.float32)
    if len(columns) and sure.max() > 0.1:
        touch = sure > 0.3 * float(sure.max())
        at, rows = columns[touch], ground[touch]
        foot_v = window.top - rows * (window.top - window.bottom) / (h - 2)
        down = camera.rays(u[0, at], foot_v.astype(np.float32))
        t = np.where(down[:, 1] < -1e-4, -eye[1] / np.minimum(down[:, 1], -1e-4), 1.0)
        z = eye[2] + t * down[:, 2]
        # The visible foot is the body's front; its middle stands half of the base's depth behind.
        low = max(1, round((1 - BASE) * h))
        z = z - depth[low:, at].max(axis=0)
        slope = 0.0
        if len(at) > 8:
            fit = np.polyfit(u[0, at], z, 1)
            slope = float(np.clip(fit[0], -STEEPEST_YAW, STEEPEST_YAW))
            if abs(slope - fit[0]) > 1e-6:
                z = slope * u[0, at] + float(np.mean(z - slope * u[0, at]))
        middle = np.interp(np.arange(w), at, z).astype(np.float32)
        # Beyond the contact the body continues in the same direction.
        left, right = int(at.min()), int(at.max())
        middle[:left] = middle[left] + slope * (u[0, :left] - u[0, left])
        middle[right + 1 :] = middle[right] + slope * (u[0, right + 1 :] - u[0, right])
        middle = resample.blur(middle[None].repeat(8, 0), 0.06 * w, 1.0)[0]
    t = (middle[None] - eye[2]) / np.minimum(rays[..., 2], -1e-4)
    sheet = eye + t[..., None] * rays
    sides = []
    for sign in (1, -1):
        side = sheet.copy()
        side[..., 2] += sign * depth
        sides.append(side)
    return sides[0], sides[1]


def _lying(u: F32, v: F32, depth: F32, small: F32, window: Window, camera: Camera) -> tuple[F32, F32]:
    """Top and bottom of a body that lies on y = 0, seen from above."""
    h, w = small.shape
    rays = camera.rays(u.ravel(), v.ravel()).reshape(h, w, 3)
    sheet = camera.eye + rays * (-camera.eye[1] / rays[..., 1:2])
    top, bottom = sheet.copy(), sheet.copy()
    top[..., 1] += 2 * depth
    bottom[..., 1] += CLEARANCE
    return top, bottom


def _closed(front: F32, back: F32, solid: NDArray[np.bool_]) -> tuple[F32, NDArray[np.uint32]]:
    """Both sheets as one closed mesh, cut off where it would sink into the ground."""
    h, w = solid.shape
    low = np.minimum(front[..., 1], back[..., 1])
    keep = solid & (low > SUNK)
    for sheet in (front, back):
        sheet[..., 1] = np.maximum(sheet[..., 1], CLEARANCE)
    at = np.arange(h * w, dtype=np.uint32).reshape(h, w)
    faces = []
    for corners in (((0, 0), (0, 1), (1, 1)), ((0, 0), (1, 1), (1, 0))):
        a, b, c = (at[i : h - 1 + i, j : w - 1 + j] for i, j in corners)
        whole = keep.ravel()[a] & keep.ravel()[b] & keep.ravel()[c]
        faces.append(np.stack([a[whole], b[whole], c[whole]], 1))
    one = np.concatenate(faces)
    two = one[:, ::-1] + np.uint32(h * w)
    around = _rim(one)
    walls = np.concatenate(
        [
            np.stack([around[:, 1], around[:, 0], around[:, 0] + h * w], 1),
            np.stack([around[:, 1], around[:, 0] + h * w, around[:, 1] + h * w], 1),
        ]
    )
    vertices = np.concatenate([front.reshape(-1, 3), back.reshape(-1, 3)]).astype(np.float32)
    return vertices, np.concatenate([one, two, walls]).astype(np.uint32)


def _rim(faces: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Edges that belong to one triangle only."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    ordered = np.sort(edges, axis=1).astype(np.uint64)
    _, first, count = np.unique(ordered[:, 0] << 32 | ordered[:, 1], return_index=True, return_counts=True)
    return np.asarray(edges[first[count == 1]], np.uint32)


def _colours(product: F32, matte: F32) -> F32:
    """(side, side, 3) the product's colours, continued past its edge."""
    size = (TEXTURE_SIDE, TEXTURE_SIDE)
    small = np.asarray(cv2.resize(product, size, interpolation=cv2.INTER_AREA), np.float32)
    part = np.asarray(cv2.resize(matte, size, interpolation=cv2.INTER_AREA), np.float32)
    wide = np.asarray(cv2.GaussianBlur(small, (0, 0), 3)) / thrice(cv2.GaussianBlur(part, (0, 0), 3) + np.float32(1e-4))
    own = small / thrice(np.maximum(part, 0.5))
    return np.clip(np.where(thrice(part) > 0.95, own, wide), 0.02, 0.9).astype(np.float32)

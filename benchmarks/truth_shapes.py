"""Bodies and hair that the products of `truth.py` share."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from packshot.colour import F32
from packshot.rendering.parts import shapes, surfaces
from packshot.rendering.scene import Material, Mesh, Point

TURN = 2 * np.pi


def metal(colour: str, *, roughness: float = 0.3) -> Material:
    return replace(surfaces.plain(colour, roughness=roughness), metallic=1.0)


def line(*points: Point, count: int = 40) -> F32:
    """(count, 3) points of the polynomial through a few given ones."""
    at = np.asarray(points, np.float64)
    powers = np.arange(len(at))
    weights = np.linalg.solve(np.linspace(0, 1, len(at))[:, None] ** powers, at)
    return np.asarray(np.linspace(0, 1, count)[:, None] ** powers @ weights, np.float32)


def hull(points: F32) -> F32:
    """(N, 2) points' convex hull, counter-clockwise with y up."""
    hull = np.asarray(cv2.convexHull(points, clockwise=False), np.float32).reshape(-1, 2)
    area = float((hull[:, 0] * np.roll(hull[:, 1], -1) - hull[:, 1] * np.roll(hull[:, 0], -1)).sum())
    return hull if area > 0 else hull[::-1].copy()


def ring(radius: float, y: float, *, count: int = 96, squash: float = 1.0) -> F32:
    a = np.linspace(0, TURN, count)
    return np.stack([radius * np.sin(a), np.full(count, y), squash * radius * np.cos(a)], 1).astype(np.float32)


def tilted(mesh: Mesh, turn: F32, at: Point = (0, 0, 0)) -> Mesh:
    """turn: (3, 3) rotation; normals turn along."""
    normals = None if mesh.normals is None else (mesh.normals @ turn.T).astype(np.float32)
    return Mesh((mesh.vertices @ turn.T + np.asarray(at)).astype(np.float32), mesh.faces, mesh.uv, normals)


def lathe(points: list[tuple[float, float]], radius: float = 0.02, at: Point = (0, 0, 0)) -> Mesh:
    return shapes.turned(shapes.dense(shapes.rounded(points, radius), 0.02), at=at, around=128)


def blob(size: Point, at: Point) -> Mesh:
    """An ellipsoid with its own normals."""
    ball = shapes.ball(1.0, at=(0, 0, 0))
    normals = ball.vertices / np.asarray(size)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    at_size = ball.vertices * np.asarray(size) + np.asarray(at)
    return Mesh(at_size.astype(np.float32), ball.faces, ball.uv, normals.astype(np.float32))


def fur(size: Point, at: Point, *, count: int, length: float, seed: int, width: float = 0.0016) -> Mesh:
    """Hair on an ellipsoid: combed down a little, in tufts, no two of one length."""
    rng = np.random.default_rng(seed)
    out = rng.normal(0, 1, (count, 3))
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    roots = out * np.asarray(size) + np.asarray(at)
    normal = out / np.asarray(size)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    tufts = rng.normal(0, 1, (260, 3))
    tufts /= np.linalg.norm(tufts, axis=1, keepdims=True)
    lean = rng.normal(0, 0.35, (260, 3))[np.argmax(out @ tufts.T, axis=1)]
    ahead = normal + lean + rng.normal(0, 0.22, (count, 3)) + np.array([0, -0.35, 0])
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    tips = roots + ahead * (length * rng.uniform(0.55, 1.2, (count, 1)))
    sag = (0.12 * length * rng.normal(0.3, 0.5, count)).astype(np.float32)
    return shapes.strips(
        roots.astype(np.float32),
        tips.astype(np.float32),
        sag=sag,
        width=width,
        points=5,
        facing=(normal + np.array([0, 0.15, 0])).astype(np.float32),
    )


def axes(ahead: F32, facing: F32) -> F32:
    """A rotation whose y axis goes ahead and whose z axis faces a way."""
    y = ahead / np.linalg.norm(ahead)
    x = np.cross(y, facing)
    x /= np.linalg.norm(x)
    return np.stack([x, y, np.cross(x, y)], 1).astype(np.float32)

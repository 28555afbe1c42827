"""What a rendered set is: a small scene of meshes, materials and lights around the point where the product stands.

World units: 1 is the shorter side of the frame at that point, which is the origin; x runs to the right, y up, z towards
the camera. The key light comes from the left: for a product lit from the right the whole picture is mirrored, so that
both share one plate. A set in `rendering/sets/` is a function from `Shot` to `Scenery`; a backend in
`rendering/engines/` turns that into pixels, and only it depends on a render engine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from packshot.colour import F32
from packshot.finding import Finding

PITCHES = (8, 16, 24, 40, 90)
OVERHEAD = 90
STANDARD = (16, 24)  # of what stands: a batch has no more unless it asks for more, to look alike and share plates
FOV_DEG = 26.0  # of the shorter side: an 85 mm lens, what product photographers use
Stop = Literal["less", "normal", "more"]
Colour = tuple[float, float, float]  # linear sRGB
Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Shot:
    """All that a plate depends on, in few steps each, so that the items of a batch share plates."""

    set: str
    pitch_deg: int  # of the camera, at the point where the product stands
    baseline: float  # height of that point in the frame, a share from the top
    aspect: float  # width / height
    softness: Stop = "normal"
    blur: Stop = "normal"
    color: str = ""  # the brand's, where the set has one

    @property
    def camera(self) -> Camera:
        return Camera(self.pitch_deg, self.baseline, self.aspect)


@dataclass(frozen=True)
class Camera:
    """A pinhole whose axis goes through the middle of the frame.

    Frame coordinates (u, v) are in world units at the product's depth: 0 in the middle, u to the right, v up.
    """

    pitch_deg: float
    baseline: float
    aspect: float

    @property
    def half(self) -> tuple[float, float]:
        """Half the frame's width and height; the shorter side is 1."""
        return max(1.0, self.aspect) / 2, max(1.0, 1 / self.aspect) / 2

    @property
    def distance(self) -> float:
        return 0.5 / math.tan(math.radians(FOV_DEG / 2))

    @property
    def foot(self) -> float:
        """v of the point where the product stands."""
        return 0.0 if self.pitch_deg == OVERHEAD else (0.5 - self.baseline) * 2 * self.half[1]

    @cached_property
    def axes(self) -> F32:
        """(3, 3): right, up and backward as rows."""
        tilt = math.radians(self.pitch_deg) - math.atan2(-self.foot, self.distance)
        c, s = math.cos(tilt), math.sin(tilt)
        return np.array([[1, 0, 0], [0, c, -s], [0, s, c]], np.float32)

    @cached_property
    def eye(self) -> F32:
        """(3,): where the camera is."""
        return np.asarray(-self.foot * self.axes[1] + self.distance * self.axes[2], np.float32)

    def rays(self, u: F32, v: F32) -> F32:
        """(N, 3) directions, not normalised, that reach the product's depth after a length of 1."""
        right, up, back = self.axes
        return np.asarray(u[:, None] * right + v[:, None] * up - self.distance * back, np.float32)

    def project(self, points: F32) -> F32:
        """(N, 2) u, v of (N, 3) points."""
        in_camera = (points - self.eye) @ self.axes.T
        return np.asarray(in_camera[:, :2] * (self.distance / -in_camera[:, 2:]), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """Triangles. uv is in world units along the surface, except where a texture needs another."""

    vertices: F32  # (N, 3)
    faces: NDArray[np.uint32]  # (M, 3)
    uv: F32  # (N, 2)
    normals: F32 | None = None  # (N, 3); None shades each face flat


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """How a surface reflects light. Maps are (h, w) or (h, w, 3) float32 over uv in [0, 1], which repeats."""

    colour: F32 | Colour
    roughness: F32 | float = 0.5
    relief: F32 | None = None  # height in world units; uv must then be in proportion to the surface
    specular: float = 0.5
    metallic: float = 0.0
    sheen: float = 0.0
    coat: float = 0.0
    translucent: float = 0.0  # share of light that leaves on the other side, for leaves and paper


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    mesh: Mesh
    material: Material


@dataclass(frozen=True, slots=True)
class Panel:
    """A rectangle that gives light from one side: a softbox, a window, a bounce card."""

    at: Point
    towards: Point
    size: tuple[float, float]
    radiance: Colour


@dataclass(frozen=True, slots=True)
class Sun:
    """A far round light. `irradiance` on a surface that faces it."""

    direction: Point  # from the origin to the light
    diameter_deg: float
    irradiance: Colour


@dataclass(frozen=True, slots=True, eq=False)
class Sky:
    """Light from all around: (h, 2h, 3) latitude × longitude, top row up, middle column towards −z."""

    radiance: F32


Light = Panel | Sun | Sky


@dataclass(frozen=True, slots=True, eq=False)
class Scenery:
    """A set, built."""

    parts: tuple[Part, ...]
    lights: tuple[Light, ...]
    aperture: float = 0.0  # radius of the lens in world units; 0 keeps all sharp
    exposure: float = 0.0  # stops above or below the metered exposure


@dataclass(frozen=True, slots=True)
class SceneSet:
    """One file in `rendering/sets/`."""

    id: str
    version: int  # goes up when the same shot gives other pixels
    build: Callable[[Shot, float], Scenery]  # shot, texels per world unit where the product stands
    pitches: tuple[int, ...] = PITCHES[:-1]
    color: str = ""  # the brand's colour as the set comes; empty where it has none
    pure_white: bool = False  # only the shadow is rendered, the plate is 255

    @property
    def standard(self) -> tuple[int, ...]:
        """The heights that photos get unless their style asks for another; without plates to share, all of them."""
        return self.pitches if self.pure_white else tuple(p for p in self.pitches if p in (*STANDARD, OVERHEAD))


@dataclass(frozen=True, slots=True, eq=False)
class ProductMesh:
    """The product as a mesh with its own colours: it casts shadows and is reflected, and is never visible itself."""

    mesh: Mesh
    texture: F32  # (h, w, 3) linear


class Renderer(Protocol):
    """One engine. The same input gives the same output, to the bit."""

    def plate(self, shot: Shot, size: tuple[int, int]) -> F32:
        """(H, W, 3) linear [0, 1]: the set without a product."""

    def ratio(self, shot: Shot, body: ProductMesh, *, where: NDArray[np.bool_]) -> F32 | None:
        """(h, w, 3) ≥ 0: what the plate is multiplied by for the product's shadow and reflection; 1 outside of `where`.

        None from an engine that cannot render them.
        """


class SetRenderer(Protocol):
    """Sets and what renders them."""

    @property
    def sets(self) -> Mapping[str, SceneSet]: ...

    @property
    def notes(self) -> tuple[Finding, ...]:
        """Findings on what is degraded here, for each picture."""

    def plate(self, shot: Shot, size: tuple[int, int]) -> F32:
        """(H, W, 3) linear [0, 1], read only: the set without the product, lit from the left."""

    def ratio(self, shot: Shot, body: ProductMesh, *, where: NDArray[np.bool_]) -> F32 | None:
        """(h, w, 3) ≥ 0: what the plate is multiplied by for the product's shadow and reflection; 1 outside of `where`.

        None where the engine cannot render them: the shadow is drawn then.
        """

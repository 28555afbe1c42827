"""Rendered: a path-traced set with the product's shadow and reflection; its own pixels are composited on top."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from packshot.colour import F32, luminance, thrice
from packshot.image import PREVIEW_SIDE
from packshot.ops import composite, shadow
from packshot.ops.geometry import PixelBox, index_of
from packshot.rendering.camera_match import CameraMatch, Height, Overrides, Side, match_camera
from packshot.rendering.product_mesh import Kind, Window, product_mesh
from packshot.rendering.scene import OVERHEAD, SetRenderer, Shot, Stop
from packshot.step import ComposeStep, Composition, Ratio, StepContext
from packshot.steps.background import warmed
from packshot.steps.shadow import FEATHER, Shadow

# The shadow is computed at this size (longer side) and scaled up: for previews, and for files.
RATIO_SIDES = (160, 256)
# How far a product changes the set, in its own widths and heights: (left, up, right, down); the key light is left.
REACH = (0.7, 0.25, 1.4, 0.5)
CONTACT = 0.5
LIT_THROUGH = 0.7  # share of the light through a see-through product that brightens its shadow, by eye
DRAWN_SHADOW = 0.7  # strength of the drawn shadow where none can be rendered
CREASE_SIDE = 1024
VEIL = 0.015  # a fainter shadow is removed: white ends in 255, not in a haze of one level
WHITE_KNEES = (1e-4, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4)
WHITE_ENOUGH, WHITE_SHARE = 0.015, 0.86  # 253 of 255 in linear light; checks/white.py requires 0.80
BEHIND = np.ones((7, 7), np.uint8)  # ratio pixels this far inside the outline never show


class Rendered(ComposeStep, frozen=True):
    """A small 3D set, seen from where the photo was shot and lit from the photo's own side."""

    version: ClassVar[int] = 2
    kind: Literal["rendered"] = "rendered"
    set: str
    warmth: float | None = Field(None, ge=-1.0, le=1.0, title="Warmth", description="unset follows the photo")
    shadow: float = Field(1.0, ge=0.0, le=1.6, title="Shadow strength", description="1 as rendered")
    side: Side | None = Field(None, title="Light from", description="unset follows the photo")
    height: Height | None = Field(
        None, title="Camera height", description="unset takes the nearer of the set's two; photo follows the photo"
    )
    softness: Stop | None = Field(
        None, title="Shadow softness", description="unset, the product's shadow follows the photo"
    )
    blur: Stop = Field("normal", title="Background blur")
    color: str = Field("", pattern=r"^(#[0-9a-fA-F]{6})?$", title="Brand colour")
    body: Kind | None = Field(None, title="Body", description="how deep the product is taken to be; unset guesses")

    def run(self, composition: Composition, context: StepContext) -> Composition:
        """Fill in plate and ratio.  With an engine that cannot render shadows it is a drawn one, with a finding."""
        renderer, cutout = context.set_renderer, composition.cutout
        scene = renderer.sets[self.set]
        overrides = Overrides(self.height, self.body, self.side, self.softness, self.warmth)
        match = match_camera(cutout.photo.pixels, cutout.body, cutout.facts, scene, overrides)
        composition = composition.with_findings(*match.findings, *renderer.notes)
        shot = self._shot(composition, match)
        if scene.pure_white:
            plate = composite.solid(np.ones(3, np.float32), composition.canvas)
        else:
            plate = renderer.plate(shot, composition.canvas)
            plate = plate[:, ::-1] if match.side == "right" else plate
            plate = warmed(plate, match.warmth) if match.warmth else plate
        # Unlike those of other steps this plate depends on the product: the mark identifies it in a cache.
        composed = replace(
            composition,
            plate=plate,
            plate_origin="drawn" if scene.pure_white else "rendered",
            plate_mark=f"{shot} {match.side} {match.warmth:.3f}",
        )
        if not match.stands or self.shadow == 0 or not cutout.facts.parts:
            return composed
        ratio = self._ratio(composed, match, replace(shot, softness=match.softness), renderer, pure=scene.pure_white)
        if ratio is None:
            return Shadow(strength=min(1.0, DRAWN_SHADOW * self.shadow)).run(composed, context)
        return replace(composed, ratio=ratio)

    def shot(self, pitch_deg: int, foot: float, aspect: float) -> Shot:
        """What the set is photographed as.  foot: where the product stands, a share of the frame's height."""
        baseline = 0.5 if pitch_deg == OVERHEAD else round(min(max(foot, 0.3), 0.98), 2)
        # The photo's own softness is for the product's shadow alone: it must not cost a plate.
        softness = self.softness or "normal"
        return Shot(self.set, pitch_deg, baseline, round(aspect, 3), softness, self.blur, self.color.lower())

    def _shot(self, composition: Composition, match: CameraMatch) -> Shot:
        placement, _, _ = composition.laid_out()
        width, height = composition.canvas
        foot = placement.to_canvas(composition.cutout.facts.box)[3] / height
        return self.shot(match.pitch_deg, foot, width / height)

    def _ratio(
        self, composition: Composition, match: CameraMatch, shot: Shot, renderer: SetRenderer, *, pure: bool
    ) -> Ratio | None:
        """None where there is no product to cast a shadow, or the engine renders none."""
        placement, product, matte = composition.laid_out()
        solid = composition.body
        mirrored = match.side == "right"
        width, height = composition.canvas
        region = placement.region
        if mirrored:
            product, matte, solid = product[:, ::-1], matte[:, ::-1], solid[:, ::-1]
            region = (width - region[2], region[1], width - region[0], region[3])
        half_u, half_v = shot.camera.half
        window = Window(
            region[0] / width * 2 * half_u - half_u,
            half_v - region[1] / height * 2 * half_v,
            region[2] / width * 2 * half_u - half_u,
            half_v - region[3] / height * 2 * half_v,
        )
        body = product_mesh(
            np.ascontiguousarray(product), np.ascontiguousarray(solid), window, shot.camera, kind=match.kind
        )
        if not len(body.mesh.faces):
            return None
        scale = RATIO_SIDES[max(width, height) > PREVIEW_SIDE] / max(width, height)
        size = round(width * scale), round(height * scale)
        box = _reach(region, composition.canvas, overhead=shot.pitch_deg == OVERHEAD)
        covered = _covered(solid, region, composition.canvas, size)
        where = _inside(box, composition.canvas, size) & (cv2.erode((covered > 0.99).astype(np.uint8), BEHIND) == 0)
        values = renderer.ratio(shot, body, where=where)
        if values is None:
            return None
        if pure:
            values = _whitened(values, box, region, composition.canvas, covered)
        else:
            values = 1 + (values - 1) * _fade(box, composition.canvas, size)[..., None]
        strength = self.shadow * (1 - LIT_THROUGH * composition.cutout.facts.transmission)
        values = np.asarray(np.maximum(values, 0.02) ** strength, np.float32)
        ratio = _at_canvas_size(values, box, composition.canvas)
        if pure:
            np.minimum(ratio, 1, out=ratio)
        if shot.pitch_deg != OVERHEAD:
            ratio *= thrice(_crease(matte, region, box, strength=CONTACT * min(1.0, strength)))
        if composition.cutout.facts.transmission:
            # The ground behind glass is lit through it, but the mesh rendered for it is opaque.
            inner = cv2.blur(cv2.erode(solid, np.ones((5, 5), np.uint8)), (5, 5))
            behind = ratio[index_of(region, box)]
            np.add(1, (behind - 1) * thrice(1 - np.asarray(inner, np.float32)), out=behind)
        if mirrored:
            ratio, box = ratio[:, ::-1], (width - box[2], box[1], width - box[0], box[3])
        return Ratio(box, np.ascontiguousarray(ratio, np.float32))


def _reach(region: PixelBox, canvas: tuple[int, int], *, overhead: bool) -> PixelBox:
    """The part of the canvas that the product can shade."""
    w, h = region[2] - region[0], region[3] - region[1]
    side = max(w, 0.6 * h)
    up = 0.5 if overhead else REACH[1]
    return (
        max(0, round(region[0] - REACH[0] * side)),
        max(0, round(region[1] - up * h)),
        min(canvas[0], round(region[2] + REACH[2] * side)),
        min(canvas[1], round(region[3] + REACH[3] * max(h, 0.6 * w))),
    )


def _inside(box: PixelBox, canvas: tuple[int, int], size: tuple[int, int]) -> NDArray[np.bool_]:
    """(h, w) at the ratio's size: the box."""
    scale = size[0] / canvas[0]
    inside = np.zeros((size[1], size[0]), np.bool_)
    inside[int(box[1] * scale) : math.ceil(box[3] * scale), int(box[0] * scale) : math.ceil(box[2] * scale)] = True
    return inside


def _covered(matte: F32, region: PixelBox, canvas: tuple[int, int], size: tuple[int, int]) -> F32:
    """(h, w) at the ratio's size: how much of each pixel the product covers."""
    scale = size[0] / canvas[0]
    shift = np.array([[scale, 0, region[0] * scale], [0, scale, region[1] * scale]], np.float32)
    blurred = cv2.blur(matte, (max(1, int(1 / scale)),) * 2, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(cv2.warpAffine(blurred, shift, size, flags=cv2.INTER_LINEAR), np.float32)


def _whitened(values: F32, box: PixelBox, region: PixelBox, canvas: tuple[int, int], covered: F32) -> F32:
    """The ratio for pure white: half of the product's bounced colour, no haze, and most of the backdrop 255.

    The shadow reaches as far as a marketplace's check for white allows (checks/white.py), and ends in exactly 1.
    """
    gray = luminance(values)
    dark = 1 - np.minimum(0.5 * values + 0.5 * gray[..., None], 1)
    dark = np.clip(dark - VEIL, 0, 1) * np.float32(1 / (1 - VEIL))
    dark *= _fade(box, canvas, (dark.shape[1], dark.shape[0]), around=region)[..., None]
    free = cv2.dilate((covered > 0.01).astype(np.uint8), BEHIND) == 0
    for knee in WHITE_KNEES:
        # Pale parts go first, smoothly: the shadow shrinks towards the foot and keeps its shape.
        shaded = dark * dark / (dark + np.float32(knee))
        if (shaded.max(2)[free] < WHITE_ENOUGH).mean() >= WHITE_SHARE:
            break
    return np.asarray(1 - shaded, np.float32)


def _at_canvas_size(values: F32, box: PixelBox, canvas: tuple[int, int]) -> F32:
    scale = values.shape[1] / canvas[0]
    back = np.array([[scale, 0, (box[0] + 0.5) * scale - 0.5], [0, scale, (box[1] + 0.5) * scale - 0.5]], np.float32)
    size = box[2] - box[0], box[3] - box[1]
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(values, back, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _crease(matte: F32, region: PixelBox, box: PixelBox, *, strength: float) -> F32:
    """The sharp dark line under the foot, which the ratio's resolution is too low for."""
    scale = min(1.0, CREASE_SIDE / max(box[2] - box[0], box[3] - box[1]))
    size = round((box[2] - box[0]) * scale), round((box[3] - box[1]) * scale)
    inside = [round((region[i] - box[i % 2]) * scale) for i in range(4)]
    area = np.zeros((size[1], size[0]), np.float32)
    small = cv2.resize(matte, (inside[2] - inside[0], inside[3] - inside[1]), interpolation=cv2.INTER_AREA)
    area[inside[1] : inside[3], inside[0] : inside[2]] = small
    line = shadow.contact_shadow(area, strength=strength, softness=1.0, ladder=shadow.CREASE)
    whole = box[2] - box[0], box[3] - box[1]
    return np.asarray(cv2.resize(line, whole, interpolation=cv2.INTER_LINEAR), np.float32)


def _fade(
    box: PixelBox,
    canvas: tuple[int, int],
    size: tuple[int, int],
    *,
    around: PixelBox | None = None,
) -> F32:
    """(h, w) at the ratio's size: 1 inside the box, 0 at its rim, except where that is the rim of the canvas.

    around: for pure white, the product's region: from there the shadow fades all the way to the rim on every side, so
    that its end does not show and a white picture is white all around.
    """
    fades = []
    border = FEATHER[0] * min(canvas)
    for axis, count in ((1, size[1]), (0, size[0])):
        low, high, side = box[axis], box[axis + 2], canvas[axis]
        at = (np.arange(count, dtype=np.float32) + 0.5) * (side / count)
        if around is None:
            soft = max(8.0, 0.12 * (high - low))
            near = (at - low) / soft if low > 0 else np.ones_like(at)
            far = (high - at) / soft if high < side else np.ones_like(at)
        else:
            before = max(border, around[axis] - max(low, border))
            behind = max(border, min(high, side - border) - around[axis + 2])
            near, far = (at - around[axis]) / before + 1, (around[axis + 2] - at) / behind + 1
            rim = np.minimum(at, side - at) > border
            near, far = near * rim, far * rim
        t = np.clip(np.minimum(near, far), 0, 1)
        fades.append(t * t * (3 - 2 * t))
    return np.asarray(fades[0][:, None] * fades[1][None], np.float32)

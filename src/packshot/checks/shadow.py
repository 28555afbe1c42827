"""The shadow: whether it touches the product's foot, and whether it falls away from the light."""

from __future__ import annotations

import cv2
import numpy as np

from packshot.check import ProductPicture, Subject
from packshot.colour import U8
from packshot.finding import Finding, Verdict
from packshot.ops.contact import SIDE, cast, foot
from packshot.ops.lighting import lighting_of
from packshot.ops.resample import shrunk
from packshot.rules import Rules

# Set on shadows that were removed and moved on purpose, benchmarks/README.md, "Checks": at a foot without one the
# texture of wood and stone makes up to 0.10, the weakest true shadow 0.18.
CONTACT, GAP = 0.13, 1.2
# On a backdrop darker than this (#222222) no shadow shows.
DARK = 0.016
PLAIN_WHITE = 0.94  # luminance of sRGB 248
# From here on a shadow, and the light on a product, count as having a side.
CAST_SIDE, CAST_SURE = 0.4, 0.5
LIGHT_SIDE, LIGHT_SURE = 0.25, 0.5


def grounded(subject: Subject, rules: Rules) -> Finding | None:
    """None where there is no ground: no backdrop, or a product that runs out of the picture at the bottom."""
    if _without_ground(subject):
        return None
    measured = foot(subject.picture.pixels, subject.picture.matte)
    if measured is None:
        return None
    value, limit, unit = round(measured.contact, 3), CONTACT, "share of the light taken at the foot"
    verdict = Verdict.WARN
    if max(measured.contact / CONTACT, measured.gap / GAP) <= 1 and _is_on_plain_white(subject, measured.light):
        verdict, words = Verdict.OK, "The product stands on plain white, without a shadow."
    elif measured.light < DARK:
        verdict, words = Verdict.OK, "The backdrop is too dark to show a shadow."
    elif measured.contact < CONTACT:
        words = (
            "The product seems to float: no shadow touches its foot. Raise the shadow strength. "
            "If it hangs or lies flat, leave it as it is."
        )
    elif measured.gap > GAP:
        words = "The product seems to float: its shadow begins below its foot. Move the two together."
        value, limit, unit = round(measured.gap, 2), GAP, "× darker below than at the foot"
    else:
        verdict, words = Verdict.OK, "The product stands on its shadow."
    return Finding(check="grounded", verdict=verdict, words=words, value=value, limit=limit, unit=unit)


def shadow_side(subject: Subject, rules: Rules) -> Finding | None:
    """None where the frame leaves no ground beside the product."""
    if _without_ground(subject):
        return None
    shadow = cast(subject.picture.pixels, subject.picture.matte)
    if shadow is None:
        return None
    if shadow.sure < CAST_SURE or abs(shadow.side) < CAST_SIDE:
        return Finding(check="shadow_side", verdict=Verdict.OK, words="The shadow falls to no side in particular.")
    light = lighting_of(*_alone(subject.picture))
    if light.side_sure < LIGHT_SURE or abs(light.side) < LIGHT_SIDE:
        return Finding(
            check="shadow_side",
            verdict=Verdict.OK,
            words="From which side the product is lit cannot be told, so its shadow may fall to either.",
        )
    towards = shadow.side if light.side > 0 else -shadow.side
    lit, fallen = ("right", "left") if light.side > 0 else ("left", "right")
    return Finding(
        check="shadow_side",
        verdict=Verdict.WARN if towards > 0 else Verdict.OK,
        words=f"The product is lit from the {lit}, and its shadow falls to the {lit} as well. Mirror the background."
        if towards > 0
        else f"The shadow falls to the {fallen}, away from the light.",
        value=round(towards, 2),
        limit=CAST_SIDE,
        unit="−1 away from the light … 1 towards it",
    )


def _is_on_plain_white(subject: Subject, light: float) -> bool:
    """Nothing floats on a white page: a shadow is missed only where one was meant."""
    composition = subject.picture.composition
    return light >= PLAIN_WHITE and (composition is None or composition.ratio is None)


def _without_ground(subject: Subject) -> bool:
    """Transparent, or without a backdrop and composited on one colour for a format that holds no alpha."""
    composition = subject.picture.composition
    return subject.alpha is not None or (composition is not None and composition.plate is None)


def _alone(picture: ProductPicture) -> tuple[U8, U8]:
    """Pixels and matte, small, on even gray: the estimate of the light must not use the shadow that is judged."""
    left, top, right, bottom = picture.box
    width, height = right - left, bottom - top
    times = max(1, min(max(width, height) // SIDE, width, height))
    pixels, matte = (shrunk(plane, picture.box, times) for plane in (picture.pixels, picture.matte))
    pixels[matte < 128] = 128
    room = max(matte.shape) // 4
    pixels, matte = (
        np.asarray(cv2.copyMakeBorder(plane, room, room, room, room, cv2.BORDER_CONSTANT, value=level), np.uint8)
        for plane, level in ((pixels, (128, 128, 128)), (matte, (0,)))
    )
    return pixels, matte

"""A set's camera and light for one photo, as in the photo or as the user chose, and whether the product suits it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from packshot.colour import U8
from packshot.finding import Finding, Verdict
from packshot.ops.lighting import lighting_of
from packshot.ops.matte import Facts
from packshot.ops.pose import Pose, nearest, pose_of
from packshot.rendering.product_mesh import Kind
from packshot.rendering.scene import OVERHEAD, SceneSet, Stop

Side = Literal["left", "right"]
Height = Literal["low", "eye", "above", "high", "overhead", "other", "photo"]
HEIGHT_DEG: dict[str, int] = {"low": 8, "eye": 16, "above": 24, "high": 40, "overhead": OVERHEAD}
UNSURE = 0.5
FAR_DEG = 10  # from the photo's own height: the product then seems to tip
SIDE_SURE = 0.5
SOFT, HARD = 0.75, 0.25
WARMTH = 0.5  # how much of the photo's own colour cast the set takes on


@dataclass(frozen=True, slots=True)
class CameraMatch:
    """Camera, light and body for one product in a set."""

    pitch_deg: int
    kind: Kind
    side: Side
    softness: Stop
    warmth: float
    stands: bool  # False: it does not touch the ground, so it casts no shadow
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the user set by hand; None takes it from the photo."""

    height: Height | None = None
    body: Kind | None = None
    side: Side | None = None
    softness: Stop | None = None
    warmth: float | None = None


def match_camera(photo_u8: U8, body: U8, facts: Facts, scene: SceneSet, overrides: Overrides) -> CameraMatch:
    """photo_u8: (H, W, 3) sRGB.  body: (H, W) where the product is.  facts: of its matte."""
    pose = pose_of(photo_u8, body)
    light = lighting_of(photo_u8, body)
    lying = pose.stance == "flat"
    guess = int(nearest(pose.pitch_deg, scene.standard))
    other = _second(pose.pitch_deg, guess, scene.pitches)
    requested = {"": guess, "other": other, "photo": pose.pitch_deg, **HEIGHT_DEG}[overrides.height or ""]
    pitch = int(nearest(requested, scene.pitches))  # a set is shown only from the heights it was built for
    kind: Kind = overrides.body or ("flat" if lying or pitch == OVERHEAD else "turned" if pose.turned else "slab")
    side: Side = overrides.side or ("right" if light.side > 0 and light.side_sure > SIDE_SURE else "left")
    softness: Stop = overrides.softness or (
        "normal" if HARD < light.softness < SOFT else "more" if light.softness >= SOFT else "less"
    )
    warmth = overrides.warmth if overrides.warmth is not None else WARMTH * (light.warmth or 0.0)
    stands = "bottom" not in facts.cut and pose.stance != "hangs"
    findings = _findings(pose, guess, other, scene, facts, overrides)
    return CameraMatch(pitch, kind, side, softness, warmth, stands, findings)


def _findings(
    pose: Pose, guess: int, other: int, scene: SceneSet, facts: Facts, overrides: Overrides
) -> tuple[Finding, ...]:
    words = ""
    if "bottom" in facts.cut and scene.pure_white:
        words = "No contact shadow: the photo cuts the product off at the bottom."
        return (Finding(check="shadow", verdict=Verdict.OK, words=words),)
    if "bottom" in facts.cut:
        words = "The photo cuts the product off at the bottom, so it cannot stand in this set. Pure white suits it."
    elif pose.stance == "hangs" and not scene.pure_white:
        words = "The product hangs or is held up, so it would float in this set. Pure white suits it."
    elif facts.see_through and not facts.transmission and not scene.pure_white:
        words = (
            "The product is see-through and shows the room it was photographed in, not this set. "
            "Pure white or the backdrop of the photo's own colour suits it."
        )
    elif scene.pitches == (OVERHEAD,) and pose.stance != "flat":
        words = (
            "This set is seen straight from above, and the product was photographed standing. "
            "One that it can stand in suits it: marble, oak, podium or the light gray studio."
        )
    elif pose.stance == "flat" and OVERHEAD not in scene.pitches:
        words = (
            "The product was photographed lying, from above, and would have to stand in this set. "
            "Linen, the light gray studio or pure white suit it."
        )
    if words:
        return (Finding(check="fit", verdict=Verdict.WARN, words=words),)
    if overrides.height is None and pose.sure >= UNSURE and abs(pose.pitch_deg - guess) > FAR_DEG:
        words = (
            f"The photo was taken from {'higher' if pose.pitch_deg > guess else 'lower'} than this set is shown from. "
            f"If the product seems to tip, try a camera that looks down by {other}°."
        )
        return (
            Finding(
                check="camera", verdict=Verdict.OK, words=words, value=round(pose.pitch_deg - guess), limit=FAR_DEG,
                unit="° off",
            ),
        )  # fmt: skip
    if overrides.height is None and pose.sure < UNSURE and pose.stance == "stands" and other:
        return (
            Finding(
                check="camera",
                verdict=Verdict.OK,
                words=(
                    "How high the camera stood is a guess. "
                    f"If the product seems to float or to sink, try a camera that looks down by {other}°."
                ),
                value=round(pose.sure, 2),
                limit=UNSURE,
                unit="0 guess … 1 sure",
            ),
        )
    return ()


def _second(pitch_deg: float, chosen: int, pitches: tuple[int, ...]) -> int:
    """The next nearest height; the chosen one where a set has no other."""
    return min((p for p in pitches if p != chosen and p != OVERHEAD), key=lambda p: abs(p - pitch_deg), default=chosen)

"""Segment: separate the product from its backdrop, once per photo."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from packshot.colour import U8
from packshot.finding import Finding, Verdict
from packshot.image import Photo
from packshot.model import Hints, Matter, Prompter, prompted_matte
from packshot.models.two_pass import two_pass
from packshot.ops import matte as ops
from packshot.ops.dissent import dissent_of
from packshot.ops.foreground import band_of, foreground_band
from packshot.ops.transmission import GlassLayers, transmission_of
from packshot.ops.uncertainty import UNSURE, Doubt, ShareBox
from packshot.ops.white_ground import matte_on_white
from packshot.step import Cutout, Stage, Step

# Below this share of the frame no product was found; a ring photographed whole covers 0.4 %.
SMALLEST_PRODUCT = 0.002
OUTLINE_IN_DOUBT = "The outline is a guess in places. Look closely at the edge before you approve."
DOUBTS: dict[Doubt, str] = {
    "hand": (
        "Looks held in a hand: fingers may have been cut out with the product, or cut off with a part of it. "
        "Photograph it standing or lying, or draw the outline by hand."
    ),
    "stand": (
        "Looks as if it stands on a block that was cut out with it. "
        "If that is not part of the product, photograph it on bare ground or draw the outline by hand."
    ),
    "front": (
        "Something in front seems to hide a part of the product, such as grass, so the outline has gaps. "
        "Photograph it on bare ground."
    ),
    "missing": (
        "A part of the product may be missing{place}. If so, mark it as a part that is missing, or draw the outline "
        "by hand."
    ),
    "extra": (
        "Something that is not the product may have been cut out with it{place}. If so, mark it as a part to remove, "
        "or draw the outline by hand."
    ),
    "opening": (
        "What is seen through an opening of the product may have been kept{place}. If so, mark it as a part to remove."
    ),
    "rim": (
        "Something with a thin outline stands above what was cut out. "
        "If it belongs to the product, mark it as a part that is missing, or draw the outline by hand."
    ),
    "alike": (
        "The product looks so much like what is behind it that the outline is a guess. "
        "Photograph it before another colour, or look closely at the edge before you approve."
    ),
}
PLACES = {
    "": "", "left": " at the left", "right": " at the right", "top": " at the top", "bottom": " at the bottom",
    "middle": " in the middle",
}  # fmt: skip
UNMEASURED: dict[ops.Unmeasured, str] = {
    "": "this outline was not made for it",
    "uneven": "what is behind it is uneven",
    "dark": "what is behind it is too dark",
    "unclear": "its outline is not clear",
}
SECOND_PRODUCT = 0.25  # of the largest part
ON_WHITE = "the white around it"  # the source of a matte that holds before white alone
FROM_WHITE = "The photo is on clean white already: the outline was taken from the white, without a model."
BY_HAND = "by hand"  # the source of a matte that a person drew or corrected: a model's never replaces it


class Segment(Step, frozen=True):
    """The matte, at the photo's full size, and the product's own colour along its edge."""

    stage: ClassVar[Stage] = Stage.SEGMENT
    version: ClassVar[int] = 5
    kind: Literal["segment"] = "segment"
    refined: bool = Field(False, description="a finer edge, from two close passes in nearly twice the time")
    on_white: bool = Field(False, description="of a photo on clean white, the outline from the white itself")

    def run(self, photo: Photo, matter: Matter) -> Cutout:
        """The file's own transparency where it has any, else the white's or the model's matte."""
        if photo.alpha is not None:
            # Straight alpha: a file's colours hold along its edge too, and nothing under alpha 0 is a backdrop.
            return _given(photo, photo.alpha, photo.pixels[band_of(photo.alpha)], "the file's own transparency")
        if self.on_white and (outline := matte_on_white(photo.pixels)) is not None:
            return _given(photo, outline, foreground_band(photo.pixels, outline), ON_WHITE)
        result = two_pass(photo.pixels, matter, mirrored=self.refined)
        mask, raw, source = result.matte(photo.pixels), result.answer(photo.size), matter.card.id
        facts = ops.facts_of(
            mask, raw, photo.pixels,
            dissent=dissent_of(mask, result.others, result.witness), people=_people(photo, matter),
        )  # fmt: skip
        if facts.uncertainty > UNSURE or facts.rimmed:
            glass = transmission_of(photo.pixels, mask)
            if isinstance(glass, GlassLayers):
                return _glass(photo, glass, facts, source)
            if facts.see_through and glass != "opaque":
                facts = replace(facts, unmeasured=glass)
        band = foreground_band(photo.pixels, mask)
        return Cutout(photo, mask, band, facts, source, findings_of(facts, photo.size))


def _people(photo: Photo, matter: Matter) -> list[ShareBox] | None:
    detector = matter.second.detector
    return None if detector is None else [seen.box for seen in detector.find(photo.pixels) if seen.label == "person"]


def _given(photo: Photo, matte: U8, band: U8, source: str) -> Cutout:
    """A cut-out that no model made."""
    facts = ops.facts_of(matte)
    return Cutout(photo, matte, band, facts, source, findings_of(facts, photo.size, source))


def _glass(photo: Photo, glass: GlassLayers, model_facts: ops.Facts, source: str) -> Cutout:
    """A cut-out through which the new backdrop shows.  The finding on glass names its uncertainty."""
    facts = replace(
        ops.facts_of(glass.outline),
        uncertainty=min(model_facts.uncertainty, UNSURE),
        see_through=glass.see_through,
        transmission=glass.transmission,
    )
    band = glass.own[band_of(glass.matte)]
    return Cutout(photo, glass.matte, band, facts, source, findings_of(facts, photo.size))


def corrected(cutout: Cutout, hints: Hints, prompter: Prompter) -> Cutout:
    """The cut-out corrected by a person's hints.  Raises BadInput for hints outside of the photo."""
    photo = cutout.photo
    mask = prompted_matte(prompter, photo.pixels, hints, start=cutout.body)
    facts = ops.facts_of(mask)
    band = foreground_band(photo.pixels, mask)
    return Cutout(photo, mask, band, facts, BY_HAND, findings_of(facts, photo.size))


def findings_of(facts: ops.Facts, size: tuple[int, int], source: str = "") -> tuple[Finding, ...]:
    """Findings on the matte alone: no product, several things, cut off, unsure, see-through, where it came from."""
    if facts.share < SMALLEST_PRODUCT:
        return (
            Finding(
                check="none",
                verdict=Verdict.FAIL,
                words="No product was found in this photo. Use a photo in which it stands out from what is behind it.",
                value=round(facts.share * 100, 2),
                limit=SMALLEST_PRODUCT * 100,
                unit="% of the photo",
            ),
        )
    findings = [Finding(check="on_white", verdict=Verdict.OK, words=FROM_WHITE)] if source == ON_WHITE else []
    others = sum(part >= SECOND_PRODUCT * facts.parts[0] for part in facts.parts[1:])
    if others:
        findings.append(
            Finding(
                check="several",
                verdict=Verdict.WARN,
                words=f"{others + 1} separate things were cut out. Fine for a pair or a set; else crop to one.",
                value=others + 1,
                limit=1,
                unit="parts",
            )
        )
    if facts.cut:
        sides = ", ".join(facts.cut)
        findings.append(
            Finding(
                check="border",
                verdict=Verdict.WARN,
                words=f"The product runs out of the photo ({sides}), so part of it is missing.",
                value=len(facts.cut),
                limit=0,
                unit="edges",
            )
        )
    if facts.uncertainty > UNSURE:
        findings.append(
            Finding(
                check="uncertain",
                verdict=Verdict.WARN,
                words=DOUBTS[facts.doubts[0]].format(place=PLACES[facts.place]) if facts.doubts else OUTLINE_IN_DOUBT,
                value=round(facts.uncertainty, 2),
                limit=UNSURE,
                unit="0 sure … 1 unsure",
            )
        )
    if facts.transmission:
        findings.append(
            Finding(
                check="glass",
                verdict=Verdict.WARN,
                words=(
                    f"The product is see-through: {100 * facts.transmission:.0f} % of the light of the new background "
                    "comes through. How glass bends what is behind it is not shown, and a cap or label nearly of the "
                    "old backdrop's colour lets light through as well: look at it before you approve."
                ),
                value=round(100 * facts.transmission),
                limit=0,
                unit="% of the light behind",
            )
        )
    elif facts.see_through:
        findings.append(
            Finding(
                check="glass",
                verdict=Verdict.WARN,
                words=(
                    "The product is see-through and still shows the room it was photographed in. How much comes "
                    f"through could not be measured: {UNMEASURED[facts.unmeasured]}. Photograph it before an even, "
                    "bright backdrop that reaches well past it on all sides."
                ),
                value=round(100 * facts.see_through),
                limit=0,
                unit="% of the product",
            )
        )
    return tuple(findings)

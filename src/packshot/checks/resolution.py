"""Resolution: the picture's size, the product's own pixels in it, and whether it looks sharp."""

from __future__ import annotations

from packshot.check import Subject, broken
from packshot.finding import Finding, Verdict
from packshot.rules import Rules

# Crete's blur measure, on a product 1000 px long: sharp photos 0.2…0.4, visibly soft ones above (benchmarks/README.md).
SOFT = 0.62


def side(subject: Subject, rules: Rules) -> Finding:
    """The picture's longest side against the channel's limits."""
    longest = max(subject.size)
    bad = not rules.min_side_px <= longest <= rules.max_side_px
    limit = rules.max_side_px if longest > rules.max_side_px else rules.min_side_px
    words = f"The picture is {subject.size[0]} × {subject.size[1]} pixels"
    return Finding(
        check="side",
        verdict=broken("side", rules) if bad else Verdict.OK,
        words=f"{words}, the channel wants {rules.min_side_px} to {rules.max_side_px}." if bad else f"{words}.",
        value=longest,
        limit=limit,
        unit="px",
    )


def resolution(subject: Subject, rules: Rules) -> Finding | None:
    """The product's own pixels, where the file is ours; else how sharp the file looks."""
    if subject.picture.box == (0, 0, 0, 0):
        return None
    if subject.picture.composition is not None:
        left, top, right, bottom = subject.picture.composition.cutout.facts.box
        enlargement = subject.picture.composition.enlargement  # its own finding says that a model made these
        own = max(right - left, bottom - top) * (enlargement.factor if enlargement else 1)
        if own < rules.product_px:
            return Finding(
                check="resolution",
                verdict=broken("resolution", rules),
                words=f"In the photo the product is only {own} pixels long; this channel wants {rules.product_px}. "
                "Take a closer photo.",
                value=own,
                limit=rules.product_px,
                unit="px",
            )
    blur = subject.picture.softness
    if blur is None:
        return None
    soft = blur > SOFT
    return Finding(
        check="resolution",
        verdict=Verdict.WARN if soft else Verdict.OK,
        words="The product looks soft at full size." if soft else "The product is sharp at full size.",
        value=round(blur, 2),
        limit=SOFT,
        unit="0 sharp … 1 blurred",
    )

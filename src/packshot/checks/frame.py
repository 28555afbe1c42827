"""The product in the frame: its share of it, and whether it is cut off."""

from __future__ import annotations

import numpy as np

from packshot.check import Subject, broken
from packshot.finding import Finding, Verdict
from packshot.rules import Rules

# A rounding of one pixel at 500 px must not reject a file.
ROUNDING = 0.004


def fill(subject: Subject, rules: Rules) -> Finding:
    """The product's longer share of the frame against the channel's limits."""
    left, top, right, bottom = subject.picture.box
    share = max((right - left) / subject.size[0], (bottom - top) / subject.size[1])
    low, high = rules.fill
    bad = not low - ROUNDING <= share <= high + ROUNDING or share == 0
    if share == 0:
        words = "No product can be seen in this file."
    elif bad:
        words = f"The product fills {share:.0%} of the frame; this channel wants {low:.0%} to {high:.0%}."
    else:
        words = f"The product fills {share:.0%} of the frame."
    return Finding(
        check="fill",
        verdict=Verdict.FAIL if share == 0 else broken("fill", rules) if bad else Verdict.OK,
        words=words,
        value=round(share, 4),
        limit=high if share > high else low,
        unit="share of the frame",
    )


def cut(subject: Subject, rules: Rules) -> Finding:
    """Whether the product runs out of the picture."""
    matte = subject.picture.matte
    rows = {"left": matte[:, 0], "top": matte[0], "right": matte[:, -1], "bottom": matte[-1]}
    least = max(3, round(0.004 * max(subject.size)))
    sides = [edge for edge, row in rows.items() if np.count_nonzero(row > 127) >= least]
    return Finding(
        check="cut",
        verdict=broken("cut", rules) if sides else Verdict.OK,
        words=f"The product is cut off at the {' and '.join(sides)}."
        if sides
        else "The whole product is in the frame.",
        value=len(sides),
        limit=0,
        unit="edges",
    )

"""Pure white: 255 in the backdrop and along the border, as marketplaces check it."""

from __future__ import annotations

import cv2
import numpy as np

from packshot.check import WHITE_LEVEL, Subject, broken
from packshot.colour import darkest
from packshot.finding import Finding, Verdict
from packshot.rules import Rules

# Share of the border ring that must be white, and of the backdrop at large: a soft contact shadow takes up to a tenth.
RING, BACKDROP = 0.999, 0.80


def white(subject: Subject, rules: Rules) -> Finding | None:
    """Only where the channel requires it."""
    if not rules.white:
        return None
    if subject.alpha is not None:
        return Finding(
            check="white",
            verdict=broken("white", rules),
            words="The file is transparent; this channel wants a white backdrop.",
            value=0,
            limit=RING,
            unit="share of white",
        )
    least = darkest(subject.pixels)
    near = max(2, round(0.01 * max(subject.size)))
    side = np.ones(2 * near + 1, np.uint8)
    outside = cv2.dilate(cv2.dilate(subject.picture.matte, side[None]), side[:, None]) == 0
    ring = np.ones_like(outside)
    ring[near:-near, near:-near] = False
    ring &= outside
    ring_share = float((least[ring] >= WHITE_LEVEL).mean()) if ring.any() else 1.0
    share = float((least[outside] >= WHITE_LEVEL).mean()) if outside.any() else 1.0
    bad = ring_share < RING or share < BACKDROP
    value, limit = (ring_share, RING) if ring_share < RING else (share, BACKDROP)
    return Finding(
        check="white",
        verdict=broken("white", rules) if bad else Verdict.OK,
        words="The backdrop is not pure white; this channel rejects such pictures."
        if bad
        else "The backdrop is white.",
        value=round(value, 4),
        limit=limit,
        unit="share of white",
    )

"""Product unchanged: its pixels are the photo's, before encoding exactly and after it within the codec's error."""

from __future__ import annotations

import numpy as np

from packshot.check import Subject, broken
from packshot.colour import delta_e00, lab
from packshot.finding import Finding, Verdict
from packshot.rules import Rules

# A shopper holding the product beside the screen notices about 5 (benchmarks/README.md, "Checks").
LIMIT = 5.0
SAMPLES = 50_000


def unchanged(subject: Subject, rules: Rules) -> Finding | None:
    """Compare with the photo, so only files of ours can be judged."""
    composition, intended = subject.look.composition, subject.look.pixels
    if composition is None:
        return None
    inside = subject.look.matte == 255
    if not inside.any():
        return None
    moved = 0.0 if composition.changes else subject.look.moved
    step = max(1, int(np.sqrt(np.count_nonzero(inside) / SAMPLES)))
    grid = inside[::step, ::step]
    error = delta_e00(lab(intended[::step, ::step][grid]), lab(subject.pixels[::step, ::step][grid]))
    mean, p95 = float(error.mean()), float(np.percentile(error, 95))
    bad = mean > LIMIT or p95 > 2 * LIMIT or moved > 0
    if moved:
        words = f"The product's pixels differ from the photo by up to {moved:.0f} levels before the file was written."
    elif composition.changes:
        words = f"The product was changed on purpose: {'; '.join(composition.changes)}."
    elif bad:
        words = f"Saving shifted the product's colours too much (ΔE {mean:.1f}). Raise the quality or the size cap."
    else:
        words = f"The product's pixels are the photo's own; saving moved its colours by ΔE {mean:.1f} on average."
    return Finding(
        check="unchanged",
        verdict=broken("unchanged", rules) if bad else Verdict.WARN if composition.changes else Verdict.OK,
        words=f"{words} (95 of 100 pixels within {p95:.1f})",
        value=round(mean, 3),
        limit=LIMIT,
        unit="ΔE00",
    )

"""Product unchanged: its pixels are the photo's, before encoding exactly and after it within the codec's error."""

from __future__ import annotations

import numpy as np

from packshot.check import Subject, broken
from packshot.colour import delta_e00, lab
from packshot.finding import Finding, Verdict
from packshot.rules import Rules

# A shopper with the product beside the screen notices about 5 (benchmarks/README.md, "Checks").
LIMIT = 5.0
ROUGH = 2.0  # from here on compression shows in fabric and print at 100 %
SAMPLES = 20_000


def unchanged(subject: Subject, rules: Rules) -> Finding | None:
    """Only for files of ours: it compares with the photo."""
    composition, intended = subject.picture.composition, subject.picture.pixels
    if composition is None:
        return None
    inside = subject.picture.matte == 255
    if not inside.any() or subject.pixels.shape != intended.shape:
        return None
    moved = 0.0 if composition.changes else subject.picture.moved
    step = max(1, int(np.sqrt(np.count_nonzero(inside) / SAMPLES)))
    grid = inside[::step, ::step]
    error = delta_e00(lab(intended[::step, ::step][grid]), lab(subject.pixels[::step, ::step][grid]))
    mean, p95 = float(error.mean()), float(np.percentile(error, 95))
    bad = mean > LIMIT or moved > 0
    rough = mean > ROUGH
    if moved:
        words = f"The product's pixels differ from the photo by up to {moved:.0f} levels before the file was written."
    elif composition.changes:
        words = f"The product was changed on purpose: {'; '.join(composition.changes)}."
    elif bad or rough:
        words = f"Saving moved the product's colours by ΔE {mean:.1f} on average. Raise the quality or the size cap."
    else:
        words = (
            "The product's pixels are the photo's own; "
            f"saving moved its colours by ΔE {mean:.1f} on average, {p95:.1f} at most in 95 of 100."
        )
    return Finding(
        check="unchanged",
        verdict=broken("unchanged", rules) if bad else Verdict.WARN if composition.changes or rough else Verdict.OK,
        words=words,
        value=moved or round(mean, 3),
        limit=0 if moved else LIMIT,
        unit="levels of 255" if moved else "ΔE00",
    )

"""Product unchanged: its pixels are the photo's, before encoding exactly and after it within the codec's error."""

from __future__ import annotations

import cv2
import numpy as np

from packshot.check import Subject, broken
from packshot.colour import delta_e00, lab, to_linear, to_srgb
from packshot.finding import Finding, Verdict
from packshot.ops import resample
from packshot.rules import Rules
from packshot.step import Composition

# A shopper holding the product beside the screen notices about 5 (benchmarks/README.md, "Checks").
LIMIT = 5.0
SAMPLES = 50_000


def unchanged(subject: Subject, rules: Rules) -> Finding | None:
    """Compare with the photo, so only files of ours can be judged."""
    composition, intended = subject.composition, subject.look.pixels
    if composition is None:
        return None
    inside = subject.look.matte == 255
    if not inside.any():
        return None
    moved = 0.0 if composition.changes else largest_difference(composition, intended)
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
        words = f"Saving the file shifted the product's colours too much (ΔE {mean:.1f}). Raise the quality or the size cap."
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


def largest_difference(composition: Composition, intended: np.ndarray) -> float:
    """Levels of 255 between the composition and the photo resampled on its own, where only product was in view."""
    placement, _, _ = composition.laid_out()
    cutout = composition.cutout
    left, top, right, bottom = placement.region
    size = right - left, bottom - top
    reach = 4 + int(np.ceil(3 / min(placement.scale, 1.0)))  # of the filter, in the photo
    x0, y0 = (max(0, int(placement.source[i]) - reach) for i in (0, 1))
    x1, y1 = (int(placement.source[i]) + reach + 1 for i in (2, 3))
    box = (placement.source[0] - x0, placement.source[1] - y0, placement.source[2] - x0, placement.source[3] - y0)
    photo = resample.lanczos(to_linear(cutout.photo.pixels[y0:y1, x0:x1]), size, box=box)
    pure = cv2.erode(
        (cutout.matte[y0:y1, x0:x1] == 255).astype(np.uint8),
        np.ones((2 * reach + 1,) * 2, np.uint8),
        borderType=cv2.BORDER_REPLICATE,
    )
    columns = np.clip((np.arange(size[0]) + 0.5) * (box[2] - box[0]) / size[0] + box[0], 0, x1 - x0 - 1).astype(int)
    rows = np.clip((np.arange(size[1]) + 0.5) * (box[3] - box[1]) / size[1] + box[1], 0, y1 - y0 - 1).astype(int)
    seen = pure[np.ix_(np.minimum(rows, pure.shape[0] - 1), np.minimum(columns, pure.shape[1] - 1))].astype(bool)
    if not seen.any():
        return 0.0
    expected = to_srgb(np.clip(photo, 0, 1))
    apart = cv2.absdiff(expected, np.ascontiguousarray(intended[top:bottom, left:right])).max(axis=2)
    return float(apart[seen].max())

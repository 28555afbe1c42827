"""Edges: stairs, blur, and colour left over from the old backdrop along the product's outline."""

from __future__ import annotations

from packshot.check import Subject
from packshot.finding import Finding, Verdict
from packshot.rules import Rules

# Set on clean files and on planted defects, benchmarks/README.md, "Checks".
RIM, STAIRS, WIDTH = 0.25, 0.25, 18.0


def edges(subject: Subject, rules: Rules) -> Finding | None:
    """No finding where there is no outline to judge: white on white, or no product."""
    outline = subject.picture.outline
    if outline is None:
        return None
    cases = (
        (outline.rim, RIM, "share of the outline",
         "A rim of another colour shows along the product. Look at the edge at 100 %."),
        (outline.stairs, STAIRS, "share of the outline", "The product's edge has stairs instead of a smooth line."),
        (outline.width, WIDTH, "px of 2048", "The product's edge is blurred, as if cut out with a soft brush."),
    )  # fmt: skip
    value, limit, unit, words = max(cases, key=lambda case: case[0] / case[1])
    bad = value > limit
    return Finding(
        check="edges",
        verdict=Verdict.WARN if bad else Verdict.OK,
        words=words if bad else "The product's edge is clean.",
        value=round(value, 3),
        limit=limit,
        unit=unit,
    )

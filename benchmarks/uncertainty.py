"""Does the uncertainty rank bad cut-outs first?  Area under the curve and counts, on pictures known to be good or bad.

python benchmarks/uncertainty.py [--photos FOLDER] [--synth FOLDER] [--each]
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from doubtful import Picture, generated, real, rendered
from packshot.cli.common import ready_context
from packshot.model import Matter
from packshot.models.two_pass import two_pass
from packshot.ops import matte as ops
from packshot.ops.uncertainty import UNSURE
from packshot.settings import Settings

HERE = Path(__file__).resolve().parent
# Where the exact matte is known: overlap below and error at the outline above which a cut-out is bad.  The plush's fur
# is softer than the model can follow anywhere (tests/golden/test_mattes.py), so what is bad begins later there.
BOUNDS, FUR_BOUNDS = (0.97, 0.15), (0.93, 0.23)


@dataclass(frozen=True)
class Judged:
    picture: Picture
    verdict: str
    facts: ops.Facts


def judged(picture: Picture, matter: Matter) -> Judged:
    size = picture.pixels.shape[1], picture.pixels.shape[0]
    seen = two_pass(picture.pixels, matter)
    matte = seen.matte(picture.pixels)
    facts = ops.facts_of(matte, seen.answer(size), picture.pixels)
    return Judged(picture, picture.judged or against_exact(picture, matte), facts)


def against_exact(picture: Picture, matte: np.ndarray) -> str:
    if picture.exact is None:
        raise ValueError(f"{picture.name} has neither a verdict nor an exact matte")
    ours, exact = matte > 127, picture.exact > 0.5
    overlap = (ours & exact).sum() / (ours | exact).sum()
    reach = 2 * round(0.005 * float(np.hypot(*exact.shape))) + 1
    near = cv2.morphologyEx(exact.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((reach, reach), np.uint8)) > 0
    error = float(np.abs(matte / 255 - picture.exact)[near].mean())
    least, most = FUR_BOUNDS if "plush" in picture.name else BOUNDS
    return "good" if overlap >= least and error <= most else "bad"


def area_under_curve(bad: list[float], good: list[float]) -> float:
    """How often a bad one is doubted more than a good one; ties count half."""
    one, other = np.array(bad)[:, None], np.array(good)[None]
    return float(((one > other) + 0.5 * (one == other)).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, default=HERE.parent.parent / "shared" / "photos")
    parser.add_argument("--synth", type=Path, default=HERE.parent.parent / "shared" / "synth")
    parser.add_argument("--each", action="store_true", help="a line for each picture")
    wanted = parser.parse_args()
    matter = ready_context(Settings()).matter
    found = [
        judged(picture, matter)
        for source in (real(wanted.photos), rendered(wanted.synth), generated(wanted.synth))
        for picture in source
    ]
    print(
        "| half | bad | good | area under the curve | bad ones flagged | good ones flagged |\n|---|---|---|---|---|---|"
    )
    for half in ("chosen on", "judged by"):
        for real_only in (False, True):
            bad, good = (
                [j.facts.uncertainty for j in found
                 if j.picture.half == half and j.verdict == verdict and not (real_only and j.picture.exact is not None)]
                for verdict in ("bad", "good")
            )  # fmt: skip
            flagged = [sum(value > UNSURE for value in values) for values in (bad, good)]
            name = f"{half}, real photos" if real_only else half
            area = area_under_curve(bad, good)
            print(f"| {name} | {len(bad)} | {len(good)} | {area:.3f} | {flagged[0]} | {flagged[1]} |")
    print("\n| kind | bad | flagged | by its own words |\n|---|---|---|---|")
    for kind in dict.fromkeys(j.picture.kind for j in found):
        bad_ones = [j for j in found if j.picture.kind == kind and j.verdict == "bad"]
        flagged_ones = [j for j in bad_ones if j.facts.uncertainty > UNSURE]
        said = Counter(j.facts.doubts[0] for j in flagged_ones if j.facts.doubts)
        if bad_ones:
            words = ", ".join(f"{what} {times}" for what, times in said.items())
            print(f"| {kind} | {len(bad_ones)} | {len(flagged_ones)} | {words} |")
    if wanted.each:
        for j in sorted(found, key=lambda j: (j.verdict, j.facts.uncertainty)):
            print(f"{j.verdict:6s}{j.facts.uncertainty:.2f} {j.picture.name} ({j.picture.half})", *j.facts.doubts)


if __name__ == "__main__":
    main()

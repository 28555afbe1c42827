"""Which flags the analysis raises on photos degraded by known amounts, and on the photos as they are.

python benchmarks/analysis.py [--photos FOLDER]
"""

from __future__ import annotations

import argparse
import io
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from checks import GOOD, HERE
from packshot.cli.common import ready_context
from packshot.finding import Verdict
from packshot.image import encode, read
from packshot.ops.matte import Facts
from packshot.pipeline import cut_out
from packshot.settings import Settings
from packshot.step_timer import StepTimer
from packshot.steps import Analyse

CHECKS = ("blur", "noise", "compression", "blown", "crushed", "border", "several", "none", "uncertain")
Degrade = Callable[[np.ndarray, Facts], np.ndarray]


def blurred(share: float) -> Degrade:
    """share: of the product's length."""

    def degrade(pixels: np.ndarray, facts: Facts) -> np.ndarray:
        length = max(facts.box[2] - facts.box[0], facts.box[3] - facts.box[1])
        return np.asarray(cv2.GaussianBlur(pixels, (0, 0), share * length))

    return degrade


def noisy(sigma: float) -> Degrade:
    def degrade(pixels: np.ndarray, _: Facts) -> np.ndarray:
        grain = np.random.default_rng(0).normal(0, sigma, pixels.shape)
        return np.clip(pixels + grain, 0, 255).astype(np.uint8)

    return degrade


def compressed(quality: int) -> Degrade:
    def degrade(pixels: np.ndarray, _: Facts) -> np.ndarray:
        held = io.BytesIO()
        Image.fromarray(pixels).save(held, "JPEG", quality=quality)
        return np.asarray(Image.open(held))

    return degrade


def exposed(gain: float) -> Degrade:
    return lambda pixels, _: np.clip(pixels.astype(np.float32) * gain, 0, 255).astype(np.uint8)


def crushed(pixels: np.ndarray, facts: Facts) -> np.ndarray:
    """Seven tenths of the product below black."""
    left, top, right, bottom = facts.box
    black = np.percentile(pixels[top:bottom, left:right].max(axis=2), 70)
    return np.clip(pixels.astype(np.float32) - black, 0, 255).astype(np.uint8)


def cropped(pixels: np.ndarray, facts: Facts) -> np.ndarray:
    """The left third of the product outside of the frame."""
    left = facts.box[0] + (facts.box[2] - facts.box[0]) // 3
    return np.ascontiguousarray(pixels[:, left:])


def doubled(pixels: np.ndarray, _: Facts) -> np.ndarray:
    return np.hstack([pixels, pixels[:, ::-1]])


def emptied(pixels: np.ndarray, facts: Facts) -> np.ndarray:
    top = pixels[: max(8, facts.box[1] // 2)]
    return np.asarray(cv2.resize(top, pixels.shape[1::-1]))


CASES: tuple[tuple[str, str, str, Degrade], ...] = (
    ("as it is", "", "", lambda pixels, _: pixels),
    ("blurred by 0.2 % of the product", "subtle", "blur", blurred(0.002)),
    ("blurred by 0.6 %", "clear", "blur", blurred(0.006)),
    ("blurred by 1.2 %", "clear", "blur", blurred(0.012)),
    ("grain of 6 levels", "subtle", "noise", noisy(6)),
    ("grain of 14 levels", "clear", "noise", noisy(14)),
    ("grain of 25 levels", "clear", "noise", noisy(25)),
    ("saved once more after JPEG quality 10", "subtle", "compression", compressed(10)),
    ("JPEG quality 25", "clear", "compression", lambda pixels, _: pixels),
    ("JPEG quality 10", "clear", "compression", lambda pixels, _: pixels),
    ("3 × overexposed", "clear", "blown", exposed(3.0)),
    ("shadows crushed", "clear", "crushed", crushed),
    ("cut by the frame", "clear", "border", cropped),
    ("two of them", "clear", "several", doubled),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, default=HERE.parent.parent / "shared" / "photos")
    parser.add_argument("--samples", type=Path, default=HERE.parent / "samples")
    parser.add_argument("--measures", action="store_true")
    wanted = parser.parse_args()
    context = ready_context(Settings())
    found: dict[tuple[str, str, str], list[bool]] = defaultdict(list)
    false: dict[str, list[str]] = defaultdict(list)
    files = sorted(wanted.samples.glob("*.jpg")) + [
        f for name in GOOD if (f := wanted.photos / f"{name}.jpg").is_file()
    ]
    for file in files:
        photo = read(file.read_bytes(), file.name, limits=context.limits)
        facts = cut_out(photo, matter=context.matter, store=context.store, timer=StepTimer()).facts
        for name, level, check, degrade in CASES:
            saved = int(name.split()[-1]) if name.startswith("JPEG") else 96
            content = encode(degrade(photo.pixels, facts), format="jpeg", quality=saved)
            worse = read(content, file.name, limits=context.limits)
            cutout = cut_out(worse, matter=context.matter, store=context.store, timer=StepTimer())
            findings = cutout.findings + Analyse().run(cutout, product_px={})
            flags = {f.check for f in findings if f.verdict in (Verdict.WARN, Verdict.FAIL)}
            if wanted.measures:
                print(file.stem, "|", name, level, "|", {f.check: f.value for f in findings}, flush=True)
            if check:
                # Where the degraded product is not even found, that is said instead.
                found[name, level, check].append(check in flags or "none" in flags)
            else:
                false[file.stem] = sorted(flags & set(CHECKS))
    print("| photo made worse | level | flag | photos | caught |\n|---|---|---|---|---|")
    for (name, level, check), hits in found.items():
        print(f"| {name} | {level} | {check} | {len(hits)} | {np.mean(hits):.0%} |")
    clear = [hit for (_, level, _), hits in found.items() if level == "clear" for hit in hits]
    print(f"\nclear ones flagged: {np.mean(clear):.1%} of {len(clear)}")
    wrong = {stem: flags for stem, flags in false.items() if flags}
    print(f"flags on photos as they are: {wrong or 'none'} of {len(false)} photos")


if __name__ == "__main__":
    main()

"""How many planted defects the checks catch, and how many clean files they flag.

    python benchmarks/checks.py [--photos FOLDER] [--measures]

Clean files: every photo whose cut-out was judged good by eye, in three looks. Defects: one at a time, at stated levels;
`clear` ones are what an art director sends back at a glance.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from packshot.channel import Channel, channel
from packshot.check import ProductPicture, Reference, Subject
from packshot.checks import CHECKS
from packshot.cli.common import ready_context
from packshot.colour import to_linear, to_srgb
from packshot.compose import compose
from packshot.disclosure import declared, packet
from packshot.finding import Finding, Verdict
from packshot.image import Metadata, Photo, encode, read
from packshot.ops.foreground import foreground_band
from packshot.ops.matte import facts_of
from packshot.pipeline import PipelineContext, cut_out
from packshot.settings import Settings
from packshot.step import Composition, Cutout, Geometry, StepContext
from packshot.step_timer import StepTimer
from packshot.template import Template, template

HERE = Path(__file__).parent
# Judged by eye at 100 %: whole product, nothing of the old backdrop, no hole.
GOOD = ("can-00", "colorful_sneaker-00", "colorful_sneaker-03", "fancy_boot-00", "bear_plushie-00", "bike",
        "clothing-22d78476", "clothing-8e198f87")  # fmt: skip
# Good as well, but no limit was set on them: what the checks say of photos they have not seen.
HELD_OUT = ("can-03", "fancy_boot-03", "candle-00", "lamp", "06_brush")
LOOKS = ("white", "color")


LAST: list[object] = [None]


def judged(pixels: np.ndarray, composition: Composition, target: Channel, *, context: PipelineContext,
           quality: int = 92, content: bytes | None = None, xmp: bytes | None = None) -> list[Finding]:  # fmt: skip
    """What the checks say of these pixels as a file of this channel, made from this composition."""
    xmp = packet("algorithmicallyEnhanced", photo_xmp=b"", tool="benchmark") if xmp is None else xmp
    content = content or encode(pixels, format="jpeg", quality=quality, metadata=Metadata(xmp=xmp))
    finished = read(content, "file", limits=context.limits)
    subject = Subject(
        name="file",
        format=finished.format.lower(),
        bytes=len(content),
        pixels=finished.pixels,
        alpha=finished.alpha,
        picture=ProductPicture(pixels, composition.canvas_matte(), Reference(composition)),
        source_type=declared(finished.xmp),
        unsafe=context.rater.rate(pixels),
    )
    LAST[-1] = subject.picture.outline
    return [f for check in CHECKS if (f := check(subject, target.rules)) is not None]


def with_matte(cutout: Cutout, change: Callable[[np.ndarray], np.ndarray]) -> Cutout:
    """The same photo cut out with a spoiled matte."""
    matte = change(cutout.matte)
    return replace(cutout, matte=matte, band=foreground_band(cutout.photo.pixels, matte), facts=facts_of(matte))


def px(cutout: Cutout, at_2048: float) -> float:
    """A length at the finished size, in the photo's pixels."""
    left, top, right, bottom = cutout.facts.box
    return at_2048 * max(right - left, bottom - top) / (0.87 * 2048)


def halo(cutout: Cutout, width: float) -> Cutout:
    side = 2 * int(np.ceil(px(cutout, width))) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return with_matte(cutout, lambda m: np.asarray(cv2.dilate(m, kernel)))


def stairs(cutout: Cutout, step: float) -> Cutout:
    size = max(2, round(px(cutout, step)))

    def change(m: np.ndarray) -> np.ndarray:
        small = cv2.resize(m, (m.shape[1] // size, m.shape[0] // size), interpolation=cv2.INTER_NEAREST)
        return cv2.resize((small > 127).astype(np.uint8) * 255, m.shape[::-1], interpolation=cv2.INTER_NEAREST)

    return with_matte(cutout, change)


def mushy(cutout: Cutout, sigma: float) -> Cutout:
    return with_matte(cutout, lambda m: np.asarray(cv2.GaussianBlur(m, (0, 0), px(cutout, sigma))))


def blurred(photo: Photo, cutout: Cutout, sigma: float) -> Cutout:
    pixels = np.asarray(cv2.GaussianBlur(photo.pixels, (0, 0), px(cutout, sigma)))
    spoiled = replace(photo, pixels=pixels)
    return replace(cutout, photo=spoiled, band=foreground_band(pixels, cutout.matte))


def tinted(pixels: np.ndarray, matte: np.ndarray, gain: tuple[float, float, float]) -> np.ndarray:
    light = to_linear(pixels)
    moved = np.clip(light * np.array(gain, np.float32), 0, 1)
    part = (matte.astype(np.float32) / 255)[..., None]
    return to_srgb(light * (1 - part) + moved * part)


def cases(
    cutout: Cutout, look: Template, result: Channel, context: PipelineContext
) -> Iterator[tuple[str, str, str, list[Finding]]]:
    """(defect, level, check that should speak, findings)"""

    def laid(spoiled: Cutout, **options: object) -> Composition:
        chosen = look.with_options(options)
        step_context = StepContext(context.pictures, renderer=context.renderer)
        return compose(spoiled, Geometry(result.size, chosen.steps), context=step_context, timer=StepTimer())

    def of(composition: Composition, pixels: np.ndarray | None = None, **more: Any) -> list[Finding]:
        flat = composition.flatten() if pixels is None else pixels
        return judged(flat, composition, result, context=context, **more)

    clean = laid(cutout)
    flat, mask = clean.flatten(), clean.canvas_matte()
    yield "none", "", "", of(clean)
    for width, level in ((3, "subtle"), (6, "clear"), (12, "clear")):
        yield f"rim of the old backdrop, {width} px", level, "edges", of(laid(halo(cutout, width)))
    for step, level in ((4, "subtle"), (8, "clear"), (14, "clear")):
        yield f"stairs of {step} px", level, "edges", of(laid(stairs(cutout, step)))
    for sigma, level in ((4, "subtle"), (8, "clear"), (14, "clear")):
        yield f"edge blurred by {sigma} px", level, "edges", of(laid(mushy(cutout, sigma)))
    for sigma, level in ((3, "subtle"), (6, "clear"), (10, "clear")):
        spoiled = blurred(cutout.photo, cutout, sigma)
        yield f"product blurred by {sigma} px", level, "resolution", of(laid(spoiled))
    for gain, name, level in (((1.0, 1.0, 0.9), "slightly warm", "subtle"), ((1.15, 1.0, 0.7), "warm", "clear"),
                              ((0.6, 0.6, 0.6), "darker", "clear")):  # fmt: skip
        yield f"product {name}", level, "unchanged", of(clean, tinted(flat, mask, gain))
    yield "JPEG quality 8", "clear", "unchanged", of(clean, quality=8)
    if result.rules.fill[0] > 0:
        low = result.rules.fill[0]
        for share, level in ((low - 0.03, "subtle"), (low - 0.12, "clear"), (low - 0.3, "clear")):
            yield f"product at {share - low:+.2f} of the least share", level, "fill", of(laid(cutout, size=share))
    if result.rules.white and look.id == "white":
        for tone, level in ((252, "subtle"), (246, "clear"), (235, "clear")):
            gray = np.where(mask[..., None] == 0, np.minimum(flat, tone), flat).astype(np.uint8)
            yield f"backdrop at {tone}", level, "white", of(clean, gray)
    width = flat.shape[1]
    for share, level in ((0.08, "subtle"), (0.15, "clear"), (0.3, "clear")):
        shift = round(share * width)
        placed = clean.placement
        assert placed is not None
        moved = replace(clean, placement=placed)
        picture = np.roll(flat, shift, axis=1)
        picture[:, :shift] = flat[:1, :1]
        gone = np.roll(mask, shift, axis=1)
        gone[:, :shift] = 0
        if gone[:, -1].max() < 128:
            continue
        subject_findings = of_shifted(picture, gone, moved, result, context)
        yield f"product moved {share:.0%} out of the frame", level, "cut", subject_findings
    yield "no disclosure", "clear", "disclosure", of(clean, xmp=b"")
    if result.rules.max_bytes:
        noisy = np.random.default_rng(0).integers(0, 256, (3000, 3000, 3), dtype=np.uint8)
        content = encode(noisy, format="png")
        yield "file over the cap", "clear", "bytes", of(clean, content=content)


def of_shifted(
    picture: np.ndarray, mask: np.ndarray, composition: Composition, result: Channel, context: PipelineContext
) -> list[Finding]:
    """A file whose product was pushed out of the frame, judged as a stranger's."""
    subject = Subject("file", "jpeg", 1, picture, None, ProductPicture(picture, mask), "algorithmicallyEnhanced", 0.0)
    return [f for check in CHECKS if (f := check(subject, result.rules)) is not None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, default=HERE.parent.parent / "shared" / "photos")
    parser.add_argument("--samples", type=Path, default=HERE.parent / "samples")
    parser.add_argument("--held-out", action="store_true", help="on the photos that no limit was set on")
    parser.add_argument("--measures", action="store_true", help="print the figures behind each verdict")
    wanted = parser.parse_args()
    context = ready_context(Settings())
    names_of = HELD_OUT if wanted.held_out else GOOD
    files = [] if wanted.held_out else sorted(wanted.samples.glob("*.jpg"))
    folders = wanted.photos, wanted.photos.parent / "synth" / "photos"
    files += [f for name in names_of for folder in folders if (f := folder / f"{name}.jpg").is_file()]
    caught: dict[tuple[str, str, str], list[bool]] = defaultdict(list)
    flagged: list[tuple[str, str, Finding]] = []
    clean_files = 0
    for file in files:
        photo = read(file.read_bytes(), file.name, limits=context.limits)
        cutout = cut_out(photo, matter=context.matter, store=context.store, timer=StepTimer())
        for look_id in LOOKS:
            result = channel("amazon" if look_id == "white" else "google")
            # What a photo has too few pixels for is said of it clean or spoiled; here the other rules are tried.
            result = result.model_copy(update={"rules": result.rules.model_copy(update={"product_px": 1})})
            for defect, level, check, findings in cases(cutout, template(look_id), result, context):
                bad = [f for f in findings if f.verdict in (Verdict.WARN, Verdict.FAIL)]
                if wanted.measures:
                    values = {f.check: f.value for f in findings if f.check in ("resolution", "unchanged", "white")}
                    values["outline"] = LAST[-1]
                    print(f"{file.stem} {look_id} | {defect or 'clean'} {level} | {values}", flush=True)
                if defect == "none":
                    clean_files += 1
                    flagged += [(file.stem, look_id, f) for f in bad]
                else:
                    caught[defect, level, check].append(any(f.check == check for f in bad))
    print("\n| defect | level | check | files | caught |\n|---|---|---|---|---|")
    for (defect, level, check), hits in caught.items():
        print(f"| {defect} | {level} | {check} | {len(hits)} | {np.mean(hits):.0%} |")
    clear = [hit for (_, level, _), hits in caught.items() if level == "clear" for hit in hits]
    names = {(stem, look) for stem, look, _ in flagged}
    print(f"\nclear defects caught: {np.mean(clear):.1%} of {len(clear)}")
    print(f"clean files flagged: {len(names)} of {clean_files} ({len(names) / clean_files:.1%})")
    for stem, look_id, finding in flagged:
        print(f"  {stem} {look_id}: {finding.check} {finding.value} / {finding.limit}: {finding.words}")


if __name__ == "__main__":
    main()

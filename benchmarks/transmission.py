"""How near is measured transmission to the truth?  Glass before even backdrops, as an opaque slab and measured.

python benchmarks/transmission.py [--folder FOLDER] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from packshot.cli.common import ready_context
from packshot.colour import F32, U8, delta_e00, lab, to_srgb
from packshot.models.two_pass import two_pass
from packshot.ops.foreground import band_of, foreground_band
from packshot.ops.transmission import GlassLayers, transmission_of
from packshot.settings import Settings
from packshot.step import premultiplied
from truth_glass import SHOTS, Truth, truths

PLATES = {"white": (1.0, 1.0, 1.0), "gray": (0.18, 0.18, 0.18), "colour": (0.05, 0.22, 0.3)}


@dataclass(frozen=True)
class Error:
    alpha: float  # mean absolute, inside of the product
    colours: tuple[float, ...]  # ΔE00 there, over each plate


def laid(pixels_u8: U8, matte_u8: U8, plate: F32) -> F32:
    own, cover = premultiplied(pixels_u8, matte_u8)
    return np.asarray(own + (1 - cover)[..., None] * plate, np.float32)


def error(truth: Truth, pixels_u8: U8, matte_u8: U8) -> Error:
    inside = truth.body > 0.05
    alpha = 1 - truth.through.min(2)
    colours = []
    for plate in PLATES.values():
        pictures = (laid(pixels_u8, matte_u8, np.float32(plate)), truth.over(np.float32(plate)))
        one, other = (lab(to_srgb(np.ascontiguousarray(p))[inside]) for p in pictures)
        colours.append(float(delta_e00(one, other).mean()))
    return Error(float(np.abs(matte_u8 / 255 - alpha)[inside].mean()), tuple(colours))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Settings().cache_dir / "benchmarks" / "truth_glass")
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--keep", type=Path, help="where to put the cut-outs over the plates")
    wanted = parser.parse_args()
    matter = ready_context(Settings()).matter
    print("| half | glass | the model's | | slab | | measured | |\n|---|---|---|---|---|---|---|---|")
    sums: dict[str, list[list[Error]]] = {}
    for truth in truths(wanted.folder, wanted.only or [s.name for s in SHOTS]):
        mask = two_pass(truth.photo, matter).matte(truth.photo)
        colour = truth.photo.copy()
        colour[band_of(mask)] = foreground_band(truth.photo, mask)
        slab = np.round(truth.body * 255).astype(np.uint8)
        errors = [error(truth, colour, mask), error(truth, truth.photo, slab)]
        through = transmission_of(truth.photo, mask)
        said = through
        if isinstance(through, GlassLayers):
            said = f"T {through.transmission:.2f} of {float((truth.through.min(2))[truth.body > 0.5].mean()):.2f}"
            colour = truth.photo.copy()
            band = band_of(through.matte)
            colour[band] = through.own[band]
            errors.append(error(truth, colour, through.matte))
            sums.setdefault(truth.shot.half, []).append(errors)
            mask = through.matte
        figures = " | ".join(f"{e.alpha:.3f} | {', '.join(f'{c:.1f}' for c in e.colours)}" for e in errors)
        print(f"| {truth.shot.half} | {truth.shot.name} | {figures} | {said}", flush=True)
        if wanted.keep is not None:
            wanted.keep.mkdir(parents=True, exist_ok=True)
            rows = [[truth.photo, np.repeat(slab[..., None], 3, 2)], [np.repeat(mask[..., None], 3, 2)]]
            rows[1].append(np.repeat(np.round(255 * (1 - truth.through.min(2)))[..., None].astype(np.uint8), 3, 2))
            if isinstance(through, GlassLayers):
                rows[0][1] = np.repeat(through.outline[..., None], 3, 2)
            for plate in PLATES.values():
                rows[0].append(to_srgb(laid(colour, mask, np.float32(plate))))
                rows[1].append(to_srgb(truth.over(np.float32(plate))))
            sheet = np.vstack([np.hstack(row) for row in rows])
            cv2.imwrite(str(wanted.keep / f"{truth.shot.name}.png"), sheet[..., ::-1])
    for half, found in sums.items():
        means = [
            f"{np.mean([e[i].alpha for e in found]):.3f} | {np.round(np.mean([e[i].colours for e in found], 0), 2)}"
            for i in range(3)
        ]
        print(half, len(found), *means)


if __name__ == "__main__":
    main()

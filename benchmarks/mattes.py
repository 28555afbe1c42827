"""How good edges are, on photos whose mattes are known exactly: Packshot, rembg and plain ISNet, the same weights.

`python benchmarks/mattes.py --rembg-python ENV/bin/python`, after `python benchmarks/truth.py` (and with `--synth` a
further folder laid out like its own).  A candidate is measured in one line:

    from mattes import cases, measured, table
    some = cases(half="tune")
    mine = {case.name: measured(case, my_cut_out(case.photo)) for case in some}
    print(table({**rembg(some), "mine": mine}, some))

Answers of rembg and passes of ISNet are kept on disk, so a run costs what the candidate costs and a second a
photo.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache, cached_property, partial
from pathlib import Path
from statistics import mean

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from packshot.cli.steps import transparent
from packshot.colour import F32, U8, delta_e00, lab, to_linear, to_srgb
from packshot.image import Photo, read
from packshot.model import Engine, Matter, ModelCard, SecondOpinion, raw_matte
from packshot.models import weights
from packshot.models.local import local_matter
from packshot.models.zoo import card
from packshot.ops import matte as ops
from packshot.ops.foreground import foreground_band
from packshot.pipeline import cut_out
from packshot.settings import Settings
from packshot.step import Cutout
from packshot.step_timer import StepTimer

CACHE = Settings().cache_dir / "benchmarks"
TRUTH, SYNTH = CACHE / "truth", os.environ.get("PACKSHOT_SYNTH", "")
BAND_PX = 10
BACKDROPS = (255, 128, 0)  # sRGB levels the cut-out is laid over
KINDS = ("hard edge", "fur and bristle", "thin wire", "leaves", "holes", "white on white", "contact shadow", "glass")
# What the eight photos that came before `truth.py` show.
EARLIER = {
    "bottle": ("hard edge",),
    "can": ("hard edge",),
    "mug": ("hard edge", "holes"),
    "plush": ("fur and bristle",),
    "brush": ("fur and bristle",),
    "tumbler": ("glass",),
    "jar": ("hard edge", "white on white"),
    "bag": ("hard edge", "holes"),
}
Method = Callable[[Photo], Cutout]


@dataclass(frozen=True)
class Case:
    """One photo with its truth."""

    folder: Path
    name: str
    half: str  # "tune" to choose by, "judge" to judge by, "earlier" for the photos made before
    kinds: tuple[str, ...]

    @cached_property
    def photo(self) -> Photo:
        path = self.folder / "photos" / f"{self.name}.jpg"
        return read(path.read_bytes(), path.name, limits=Settings().limits)

    @cached_property
    def alpha(self) -> F32:
        """(H, W) float32 [0, 1]."""
        with Image.open(self.folder / "gt" / self.name / "alpha.png") as opened:
            return (np.asarray(opened, np.float32) / 65535).astype(np.float32)

    @cached_property
    def band(self) -> NDArray[np.bool_]:
        """(H, W): near the true edge, or partly covered."""
        solid = (self.alpha > 0.5).astype(np.uint8)
        far = [cv2.distanceTransform(side, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) for side in (solid, 1 - solid)]
        partly = (self.alpha > 1 / 255) & (self.alpha < 254 / 255)
        return np.asarray((far[0] + far[1] <= BAND_PX) | partly)

    @cached_property
    def looks(self) -> list[F32]:
        """CIELAB of the true cut-out over each backdrop, (N, 3), in the band."""
        with Image.open(self.folder / "gt" / self.name / "fg.png") as opened:
            own = np.asarray(opened.convert("RGB"), np.uint8)[self.band]
        return _over_backdrops(own, self.alpha[self.band])

    def forget(self) -> None:
        """Let go of the arrays, some 60 MB."""
        for opened in ("photo", "alpha", "band", "looks"):
            self.__dict__.pop(opened, None)


@dataclass(frozen=True)
class Measure:
    edge: float  # mean |a − truth| × 1000 in the band
    colour: float  # mean ΔE00 in the band over white, gray and black
    whole: float  # mean |a − truth| × 1000 of the whole frame
    iou: float  # of a > 0.5


def cases(*folders: str | Path, half: str | None = None) -> list[Case]:
    """All photos below the folders (without any: what `truth.py` wrote, and $PACKSHOT_SYNTH); of one half if named."""
    found = []
    for folder in map(Path, folders or [f for f in (TRUTH, SYNTH) if f]):
        for meta in sorted(folder.glob("gt/*/meta.json")):
            facts = json.loads(meta.read_text())
            kinds = facts.get("kinds") or EARLIER[facts["product"]]
            found.append(Case(folder, meta.parent.name, facts.get("half", "earlier"), tuple(kinds)))
    return [case for case in found if half in (None, case.half)]


def measured(case: Case, cutout: Cutout | U8) -> Measure:
    """A cut-out, or its (H, W, 4) sRGB with straight alpha, against the truth."""
    rgba = cutout if isinstance(cutout, np.ndarray) else transparent(cutout)
    alpha, band = (rgba[..., 3] / np.float32(255)).astype(np.float32), case.band
    off = np.abs(alpha - case.alpha)
    ours, truth = alpha > 0.5, case.alpha > 0.5
    seen = _over_backdrops(np.ascontiguousarray(rgba[..., :3][band]), alpha[band])
    return Measure(
        edge=float(off[band].mean() * 1000),
        colour=mean(float(delta_e00(a, b).mean()) for a, b in zip(seen, case.looks, strict=True)),
        whole=float(off.mean() * 1000),
        iou=float((ours & truth).sum() / max(1, (ours | truth).sum())),
    )


def _over_backdrops(own: U8, alpha: F32) -> list[F32]:
    """own: (N, 3) sRGB.  Laid over each backdrop in linear light, as CIELAB of what a file would hold."""
    part, light = alpha[:, None], to_linear(own[None])[0]
    backdrops = (to_linear(np.full((1, 1, 3), level, np.uint8))[0] for level in BACKDROPS)
    return [lab(to_srgb((part * light + (1 - part) * back)[None].astype(np.float32))[0]) for back in backdrops]


# --- who is compared -------------------------------------------------------------------------------------------------


class KeptMatter:
    """A matter whose answers are kept on disk, by the pixels it was shown."""

    def __init__(self, inner: Matter, folder: Path) -> None:
        self._inner, self._folder = inner, folder
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def card(self) -> ModelCard:
        return self._inner.card

    @property
    def engine(self) -> Engine:
        return self._inner.engine

    @property
    def second(self) -> SecondOpinion:
        return self._inner.second

    def matte(self, pixels_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        shown = hashlib.sha256(np.ascontiguousarray(pixels_u8).tobytes() + repr(pixels_u8.shape).encode())
        path = self._folder / f"{self.card.id}-{self.engine.precision}-{shown.hexdigest()[:24]}.npy"
        if not path.is_file():
            np.save(path, self._inner.matte(pixels_u8))
        return np.asarray(np.load(path), np.float32)

    def rough(self, pixels_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self._inner.rough(pixels_u8)


@cache
def matter() -> KeptMatter:
    return KeptMatter(local_matter(Settings()), CACHE / "passes")


def packshot(photo: Photo) -> Cutout:
    return cut_out(photo, matter=matter(), store=None, timer=StepTimer())


def plain(photo: Photo) -> Cutout:
    """ISNet's own answer, enlarged, with the product's own colours along the edge."""
    mask = ops.to_size(raw_matte(matter(), photo.pixels), photo.size)
    return Cutout(photo, mask, foreground_band(photo.pixels, mask), ops.facts_of(mask), "plain")


def _plainly(case: Case) -> Cutout:
    return plain(case.photo)


def rembg(some: Iterable[Case], python: Path | None = None) -> dict[str, dict[str, Measure]]:
    """rembg's mattes, made where they are missing, read in two ways.

    "rembg": over the photo's own colours.  "its file": as every viewer shows the PNG it writes, whose colours were
    multiplied by alpha once already, which darkens every edge; beating that alone would say little.
    """
    out, shown = CACHE / "rembg", CACHE / "upright"
    out.mkdir(parents=True, exist_ok=True)
    wanted = {f"{case.name}-{case.photo.sha256[:16]}": case for case in some}
    missing = {stem: case for stem, case in wanted.items() if not (out / f"{stem}.png").is_file()}
    if missing and python is None:
        raise SystemExit("rembg has not answered for all photos yet: name its interpreter with --rembg-python.")
    if missing:
        home = CACHE / "rembg-home"
        for folder in (shown, home):
            folder.mkdir(exist_ok=True)
        # rembg only takes weights that lie in its own folder.
        model = Path(shutil.copy(weights.path(card("isnet"), models_dir=Settings().models_dir), home / "isnet.onnx"))
        for stem, case in missing.items():  # what both are shown: upright, in sRGB
            Image.fromarray(case.photo.pixels).save(shown / f"{stem}.png", compress_level=1)
        files = [str(shown / f"{stem}.png") for stem in missing]
        worker = [str(python), str(Path(__file__).with_name("rembg_worker.py")), str(model), str(out), "0", *files]
        subprocess.run(worker, env=os.environ | {"U2NET_HOME": str(home), "REMBG_HOME": str(home)}, check=True)
        shutil.rmtree(shown)
    found: dict[str, dict[str, Measure]] = {"rembg": {}, "its file": {}}
    for stem, case in wanted.items():

        def written(stem: str = stem) -> U8:
            with Image.open(out / f"{stem}.png") as opened:
                return np.asarray(opened, np.uint8)

        def own(case: Case = case, written: Callable[[], U8] = written) -> U8:
            return np.dstack([case.photo.pixels, written()[..., 3]])

        found["rembg"][case.name] = _known("rembg", case, own)
        found["its file"][case.name] = _known("rembg-file", case, written)
        case.forget()
    return found


def _known(method: str, case: Case, composed: Callable[[], Cutout | U8]) -> Measure:
    """A measure that cannot change, kept by the photo and its truth."""
    truth = hashlib.sha256((case.folder / "gt" / case.name / "alpha.png").read_bytes()).hexdigest()[:12]
    path = CACHE / "measures" / f"{method}-{case.name}-{case.photo.sha256[:12]}-{truth}.json"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(measured(case, composed()))))
    return Measure(**json.loads(path.read_text()))


# --- the report ------------------------------------------------------------------------------------------------------


def table(results: Mapping[str, Mapping[str, Measure]], some: Iterable[Case], *, base: str = "rembg") -> str:
    """Markdown: a row a kind of edge, for each method what it measures and its ratio to `base`.

    Ratios are of the means; in the row "all" the mean of the photos' own ratios follows.
    """
    known = [case for case in some if all(case.name in result for result in results.values())]
    others = [name for name in results if name != base]
    head = ["kind of edge", "photos"]
    for what in ("edge", "ΔE00"):
        head += [f"{what} {base}", *(f"{what} {name} (×)" for name in others)]
    rows = [head, ["---"] * len(head)]
    sure = [case for case in known if "glass" not in case.kinds]
    groups = [("all but glass", sure), *((kind, [c for c in known if kind in c.kinds]) for kind in KINDS)]
    for kind, group in groups:
        if not group:
            continue
        row = [kind, str(len(group))]
        for field, digits in (("edge", 1), ("colour", 2)):
            at = {name: [getattr(result[c.name], field) for c in group] for name, result in results.items()}
            row.append(f"{mean(at[base]):.{digits}f}")
            for name in others:
                each = mean(a / max(b, 1e-6) for a, b in zip(at[name], at[base], strict=True))
                each_words = f"; {each:.2f} each" if group is sure else ""
                row.append(f"{mean(at[name]):.{digits}f} ({mean(at[name]) / mean(at[base]):.2f}{each_words})")
        rows.append(row)
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def photos_table(results: Mapping[str, Mapping[str, Measure]], some: Iterable[Case]) -> str:
    rows = [["photo", "kinds", *(f"{name}: edge, ΔE00, whole, IoU" for name in results)], ["---"] * (2 + len(results))]
    for case in some:
        facts = [result[case.name] for result in results.values()]
        figures = [f"{m.edge:.1f}, {m.colour:.2f}, {m.whole:.2f}, {m.iou:.3f}" for m in facts]
        rows.append([case.name, ", ".join(case.kinds), *figures])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rembg-python", type=Path, help="interpreter of the environment with rembg")
    parser.add_argument("--truth", type=Path, default=TRUTH, help="folder that truth.py wrote")
    parser.add_argument("--synth", type=Path, default=SYNTH or None, help="further photos, laid out the same way")
    parser.add_argument("--half", choices=("tune", "judge", "earlier"), help="only these")
    options = parser.parse_args()
    some = cases(*[folder for folder in (options.truth, options.synth) if folder], half=options.half)
    results: dict[str, dict[str, Measure]] = {**rembg(some, options.rembg_python), "plain": {}, "Packshot": {}}
    for case in some:
        results["plain"][case.name] = _known("plain", case, partial(_plainly, case))
        results["Packshot"][case.name] = measured(case, packshot(case.photo))
        case.forget()
    for half in dict.fromkeys(case.half for case in some):
        group = [case for case in some if case.half == half]
        print(f"\n**{half}**\n\n{table(results, group)}\n\n{photos_table(results, group)}")


if __name__ == "__main__":
    main()

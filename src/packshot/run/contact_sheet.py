"""The contact sheet: a whole run on one page that needs no server, only the finished files beside it.

Its words are in `sheet_words`; the page is `contact_sheet.html.j2`.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, StrictUndefined, Template

from packshot.finding import Finding, Verdict, worst
from packshot.report import ItemRecord, RenditionRecord, Report
from packshot.run import sheet_words as words

LONGEST_NAME = 160  # characters shown of a title or file name; the rest is an ellipsis
LONGEST_SETTING = 120
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_PICTURE = re.compile(r"data:image/(?:jpeg|png|webp|avif);base64,[A-Za-z0-9+/]+={0,2}")
_HOLDS_ALPHA = frozenset({"png", "webp", "avif"})
_SHOWN_BY_BROWSERS = frozenset({"jpeg", "png", "webp", "avif"})


@dataclass(frozen=True, slots=True)
class _Check:
    """One finding as it is shown. `verdict` picks the icon."""

    verdict: str
    verdict_words: str
    label: str
    where: str
    words: str
    value: str
    limit: str


@dataclass(frozen=True, slots=True)
class _File:
    """One finished file. `href` is empty when the path must not be linked."""

    channel: str
    channel_id: str
    href: str
    size: tuple[int, int]
    weight: str
    format: str
    standing: words.Standing
    standing_words: str
    verdict: str
    clear: bool
    viewable: bool


@dataclass(frozen=True, slots=True)
class _Step:
    label: str
    settings: tuple[tuple[str, str], ...]
    seconds: str
    cached: bool


@dataclass(frozen=True, slots=True)
class _Card:
    """One item, ready for the template: nothing left to decide there."""

    number: int
    title: str
    facts: tuple[str, ...]
    template_id: str
    standing: words.Standing
    chip: str
    error: str
    same: bool
    before: str
    after: str
    clear: bool
    loud: tuple[_Check, ...]
    groups: tuple[tuple[str, tuple[_Check, ...]], ...]
    checks: int
    skipped: int
    files: tuple[_File, ...]
    changes: tuple[str, ...]
    disclosures: tuple[str, ...]
    steps: tuple[_Step, ...]
    photo: str
    certainty: str
    uncertainty: float
    channel_ids: tuple[str, ...]
    check_ids: tuple[str, ...]
    search: str


def contact_sheet(report: Report) -> str:
    """One self-contained HTML page of a run, without network access.

    Links and large pictures are the renditions' paths, relative to the report. A path that is absolute or climbs out
    of the folder is shown as text, a preview that is not a small base64 photo is left out.
    """
    cards = [_card(number, item, report) for number, item in enumerate(report.items, 1)]
    standings = Counter(card.standing for card in cards)
    unchanged = sum(card.same and card.standing in {"ready", "look"} for card in cards)
    channel_counts = Counter(channel for card in cards for channel in card.channel_ids)
    check_counts = Counter(check for card in cards for check in card.check_ids)
    template_counts = Counter(card.template_id for card in cards)
    finished = sum(len(item.renditions) for item in report.items)
    return _template().render(
        words=words.WORDS,
        live_words=words.LIVE_WORDS,
        version=_line(report.packshot),
        cards=cards,
        made=(_count(len(cards), "picture"), _count(finished, "file")),
        seconds=_duration(report.seconds),
        templates=[_line(name) or key for key, name in report.templates.items()],
        channels=[_line(name) or key for key, name in report.channels.items()],
        notices=[_line(notice, longest=2_000) for notice in report.notices],
        figures=[
            ("done", words.WORDS["done"], standings["ready"] + standings["look"] - unchanged),
            ("unchanged", words.WORDS["unchanged"], unchanged),
            *((key, words.STANDING[key], standings[key]) for key in ("rejected", "failed", "look")),
        ],
        standing_filters=[(key, label, standings[key]) for key, label in words.STANDING.items()],
        channel_filters=[(key, _name(report.channels, key), n) for key, n in sorted(channel_counts.items())],
        check_filters=[(key, _label(words.CHECK, key), n) for key, n in check_counts.most_common()],
        template_filters=[(key, _name(report.templates, key), n) for key, n in sorted(template_counts.items())],
    )


def item_standing(item: ItemRecord) -> words.Standing:
    """An item's status for a reviewer, by its gravest finding."""
    if item.status == "failed":
        return "failed"
    if item.status == "rejected" or any(r.rejected for r in item.renditions):
        return "rejected"
    verdicts = {worst(item.findings), *(rendition_verdict(r) for r in item.renditions)}
    return "look" if verdicts & {Verdict.WARN, Verdict.FAIL} else "ready"


def rendition_verdict(rendition: RenditionRecord) -> Verdict:
    """`fail`: its channel would reject it. `warn`: a person should look. `ok`: it can be delivered."""
    if rendition.rejected:
        return Verdict.FAIL
    return Verdict.WARN if worst(rendition.findings) in {Verdict.WARN, Verdict.FAIL} else Verdict.OK


def relative_link(path: str) -> str:
    """Percent-encode a path for an href or src; empty when it is absolute or climbs out of the report's folder."""
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if not parts or path.startswith("/") or ".." in parts or "\x00" in path:
        return ""
    return "/".join(quote(part, safe="", errors="surrogateescape") for part in parts)


def _card(number: int, item: ItemRecord, report: Report) -> _Card:
    standing = item_standing(item)
    rendered = tuple(_file(rendition, report) for rendition in item.renditions)
    refusing = dict.fromkeys(_name(report.channels, r.channel) for r in item.renditions if r.rejected)
    groups = [
        (words.PHOTO_GROUP, item.findings),
        *((_name(report.channels, r.channel), r.findings) for r in item.renditions),
    ]
    findings = [finding for _, group in groups for finding in group]
    shown = _grouped(groups)
    stand_in = next((f for f in rendered if f.viewable and f.href), None)
    after = _picture(item.after) or (stand_in.href if stand_in and standing != "failed" else "")
    title = _line(item.title) or _line(item.sku) or _line(item.name)
    role = _label(words.ROLE, item.role) if item.role not in {"", "main"} else ""
    facts = (_line(item.sku), role, _line(item.name), _name(report.templates, item.template))
    return _Card(
        number=number,
        title=title,
        facts=tuple(dict.fromkeys(fact for fact in facts if fact and fact != title)),
        template_id=item.template,
        standing=standing,
        chip=_chip(standing, refusing),
        error=(_line(item.error, longest=600) or words.WORDS["no_reason"]) if standing == "failed" else "",
        same=item.status == "unchanged",
        before=_picture(item.before),
        after=after,
        clear=bool(stand_in and stand_in.clear and after == stand_in.href),
        loud=_loud(groups),
        groups=shown,
        checks=sum(len(checks) for _, checks in shown),
        skipped=sum(check.verdict == Verdict.SKIPPED for _, checks in shown for check in checks),
        files=rendered,
        changes=tuple(_line(change, longest=400) for change in item.changes),
        disclosures=_disclosures(item, report),
        steps=tuple(
            _Step(_label(words.STEP, s.kind), _settings(s.parameters), f"{s.seconds:.2f}", s.cached) for s in item.steps
        ),
        photo=_photo(item),
        certainty="" if item.uncertainty is None else f"{100 * (1 - item.uncertainty):.0f} %",
        uncertainty=-1.0 if item.uncertainty is None else round(item.uncertainty, 4),
        channel_ids=tuple(dict.fromkeys(r.channel for r in item.renditions)),
        check_ids=tuple(dict.fromkeys(f.check for f in findings if f.verdict in {Verdict.WARN, Verdict.FAIL})),
        search=" ".join(filter(None, (_line(item.title), _line(item.sku), _line(item.name)))),
    )


def _chip(standing: words.Standing, refusing: Iterable[str]) -> str:
    names = tuple(refusing)
    if names and standing == "rejected":
        return words.REJECTED_BY.format(channels=_listed(names))
    return words.STANDING[standing]


def _file(rendition: RenditionRecord, report: Report) -> _File:
    verdict = rendition_verdict(rendition)
    standings: dict[Verdict, words.Standing] = {Verdict.FAIL: "rejected", Verdict.WARN: "look", Verdict.OK: "ready"}
    kind = rendition.format.lower()
    return _File(
        channel=_name(report.channels, rendition.channel),
        channel_id=rendition.channel,
        href=relative_link(rendition.path),
        size=rendition.size,
        weight=_weight(rendition.bytes),
        format=_format(rendition.format),
        standing=standings[verdict],
        standing_words=words.STANDING[standings[verdict]],
        verdict=verdict.value,
        clear=kind in _HOLDS_ALPHA,
        viewable=kind in _SHOWN_BY_BROWSERS,
    )


def _check(finding: Finding, where: str = "") -> _Check:
    return _Check(
        verdict=finding.verdict.value,
        verdict_words=words.VERDICT[finding.verdict],
        label=_label(words.CHECK, finding.check),
        where=where,
        words=_line(finding.words, longest=400),
        value=_measure(finding.value, finding.unit),
        limit=_measure(finding.limit, finding.unit),
    )


def _loud(groups: list[tuple[str, tuple[Finding, ...]]]) -> tuple[_Check, ...]:
    """The warnings and failures, gravest first; the same sentence about several files appears once.

    It names its files, unless it holds for all of them.
    """
    everywhere = len({name for name, _ in groups if name != words.PHOTO_GROUP})
    by_words: dict[tuple[Verdict, str, str], tuple[Finding, list[str]]] = {}
    for name, findings in groups:
        for finding in findings:
            if finding.verdict in {Verdict.WARN, Verdict.FAIL}:
                _, names = by_words.setdefault((finding.verdict, finding.check, finding.words), (finding, []))
                if name != words.PHOTO_GROUP and name not in names:
                    names.append(name)
    ordered = sorted(by_words.values(), key=lambda pair: pair[0].verdict is not Verdict.FAIL)
    return tuple(
        _check(finding, _listed(names) if names and len(names) < everywhere else "") for finding, names in ordered
    )


def _grouped(groups: list[tuple[str, tuple[Finding, ...]]]) -> tuple[tuple[str, tuple[_Check, ...]], ...]:
    """Every finding: of the photo, of all files in common, then of single files."""
    (photo, about_photo), *of_files = groups
    common: list[Finding] = []
    if len(of_files) > 1:
        common = [f for f in of_files[0][1] if all(f in findings for _, findings in of_files)]
    rest = [(name, tuple(f for f in findings if f not in common)) for name, findings in of_files]
    ordered = [(photo, about_photo), (words.EVERY_FILE, tuple(common)), *rest]
    return tuple((name, tuple(_check(f) for f in findings)) for name, findings in ordered if findings)


def _disclosures(item: ItemRecord, report: Report) -> tuple[str, ...]:
    """One line when all files say the same, else one a status with its channels."""
    by_words: dict[str, list[str]] = {}
    for rendition in item.renditions:
        if rendition.disclosure:
            term = rendition.disclosure.rstrip("/").rsplit("/", 1)[-1]
            by_words.setdefault(_label(words.DISCLOSURE, term), []).append(_name(report.channels, rendition.channel))
    if len(by_words) == 1:
        return tuple(by_words)
    return tuple(f"{text} ({_listed(names)})" for text, names in by_words.items())


def _photo(item: ItemRecord) -> str:
    if item.photo is None:
        return ""
    photo = item.photo
    return ", ".join((_size(photo.size), _format(photo.format), _line(photo.profile), _weight(photo.bytes)))


def _settings(parameters: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((_label({}, name), _setting(value)) for name, value in parameters.items())


def _setting(value: object) -> str:
    match value:
        case None | "":
            text = "–"
        case bool():
            text = words.YES_NO[value]
        case int() | float():
            text = _number(value)
        case list() | tuple():
            text = ", ".join(_setting(part) for part in value) or "–"
        case dict():
            text = ", ".join(f"{_label({}, str(name))} {_setting(part)}" for name, part in value.items()) or "–"
        case _:
            text = str(value)
    return _line(text, longest=LONGEST_SETTING)


def _measure(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    if unit == "bytes":
        return _weight(int(value))
    return f"{_number(value)} {_line(unit)}".strip()


def _number(value: float) -> str:
    if not math.isfinite(value) or abs(value) >= 1e15:
        return f"{value:.3g}"
    if value == int(value):
        return f"{int(value):,}" if abs(value) >= 10_000 else str(int(value))
    return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) >= 0.1 else f"{value:.3g}"


def _weight(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 1_000_000 else f"{max(1, round(size_bytes / 1e3))} KB"


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]} × {size[1]} px"


def _format(name: str) -> str:
    return "WebP" if name.lower() == "webp" else _line(name).upper()


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _count(number: int, noun: str) -> str:
    one, many = words.ONE_MANY[noun]
    return f"{number:,} {one if number == 1 else many}"


def _listed(names: Iterable[str]) -> str:
    *head, last = names
    return f"{', '.join(head)}{words.AND}{last}" if head else last


def _name(names: dict[str, str], key: str) -> str:
    return _line(names.get(key, "")) or _line(key)


def _label(labels: dict[str, str], key: str) -> str:
    """The plain label, or the id itself made readable."""
    plain = _line(key).replace("_", " ").strip()
    return labels.get(key) or plain[:1].upper() + plain[1:]


def _line(text: str, *, longest: int = LONGEST_NAME) -> str:
    """One line without control or direction-changing characters, cut to a length."""
    clean = " ".join(_CONTROL.sub(" ", text).split())
    return clean if len(clean) <= longest else clean[: longest - 1].rstrip() + "…"


def _picture(uri: str) -> str:
    return uri if _PICTURE.fullmatch(uri) else ""


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["csp_hash"] = _csp_hash
    source = files("packshot.run").joinpath("contact_sheet.html.j2").read_text(encoding="utf-8")
    return environment.from_string(source)


def _csp_hash(text: str) -> str:
    """Content-Security-Policy Level 3, section 2.3.1: what an inline block must hash to."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

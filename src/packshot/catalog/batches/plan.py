"""Which items a batch gets, in which order, and what its photos flag before work is spent on them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from packshot.catalog.batches.requests import BatchRequest, ItemChoices, StyleChoice
from packshot.catalog.library.photo_flags import DUPLICATE, SMALL
from packshot.ops.likeness import LookAlikes
from packshot.ops.tiles import tiles
from packshot.specification import Output, Specification, role_of, short_form
from packshot.steps.layout import SHARP_ENLARGEMENT

SHOWN_PHOTOS = 20  # ids in each flag
_SIZE_CLASSES = (1_000_000, 4_000_000, 12_000_000, 30_000_000)  # pixels: photos of one class follow each other


# Said at upload for other channels and beside other photos; of a batch it is said for its own.
_SAID_HERE = (SMALL, DUPLICATE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One photo that goes into the batch, and what its row of a list says about it."""

    photo_id: str
    sha256: str
    width: int
    height: int
    fingerprint: str
    findings: Sequence[Mapping[str, Any]]
    name: str = ""
    sku: str = ""
    role: str = ""
    category: str = ""
    product_id: str = ""
    position: int = 0
    product_px: int | None = None  # longest side of the product, once it is cut out
    special: ItemChoices | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A future item: a photo in one style."""

    entry: Entry
    choice: StyleChoice
    outputs: tuple[Output, ...]  # of this style; the master comes beside them where `master`
    master: bool  # the product alone, once a photo
    level: int  # of its priority
    key: str  # hash of the style and options: distinguishes the items of one photo


@dataclass(frozen=True, slots=True)
class Plan:
    """The items in order, by style, size and category; what matches nothing: [{name, reason}]; what is not made."""

    items: list[Planned]
    unmatched: list[dict[str, str]]
    refused: dict[str, list[str]]  # why, in words → photos


Unsuited = Callable[[StyleChoice, str], str]  # style, channel → why it cannot satisfy a hard rule of it, or ""


def plan(
    entries: Iterable[Entry], request: BatchRequest, spec: Specification, unsuited: Unsuited = lambda choice, id: ""
) -> Plan:
    """What is to be made of photos."""
    by_image: dict[str, list[ItemChoices]] = {}
    by_sku: dict[str, list[ItemChoices]] = {}
    for special in request.items:
        place, name = (by_image, special.image) if special.image else (by_sku, special.sku)
        place.setdefault(name or "", []).append(special)
    matched: set[str] = set()
    unique: dict[tuple[str, str], Planned] = {}
    refused: dict[str, list[str]] = {}
    without: list[dict[str, str]] = []
    for entry in entries:
        specials = by_image.get(entry.photo_id) or by_sku.get(entry.sku) or []
        matched.update(special.image or special.sku or "" for special in specials)
        pairs = _wanted(entry, request, spec, specials)
        if not pairs:
            words = f"No output of the specification takes its role ({role_of(entry.role)}) or its category."
            without.append({"name": entry.name or entry.photo_id, "reason": words})
        good = []
        for choice, output in pairs:
            reason = "" if request.insist else unsuited(choice, output.channel)
            if reason:
                refused.setdefault(f"{choice.style}: {reason}", []).append(entry.photo_id)
            else:
                good.append((choice, output))
        for item in _items(entry, request, specials, good):
            unique.setdefault((entry.photo_id, item.key), item)
    order = {output.style: n for n, output in reversed(list(enumerate(spec.outputs)))}
    planned = sorted(unique.values(), key=lambda item: _place(item, order))
    unmatched = [
        {"name": name, "reason": "Its settings were given, but there is no such photo in the batch."}
        for name in (*by_image, *by_sku)
        if name not in matched
    ]
    return Plan(planned, unmatched + without, refused)


def item_id(batch_id: str, planned: Planned) -> str:
    """The same item has the same id however often the batch is expanded; it sorts with its batch."""
    digest = hashlib.sha256(f"{batch_id} {planned.entry.photo_id} {planned.key}".encode()).hexdigest()
    return f"itm_{batch_id.partition('_')[2][:11]}{digest[:16]}"


def _wanted(
    entry: Entry, request: BatchRequest, spec: Specification, specials: Sequence[ItemChoices]
) -> list[tuple[StyleChoice, Output]]:
    """The outputs of one photo, each with its style and options; settings of its own come before the batch's."""
    settings = _settings(entry, specials)
    channels = next((s.channels for s in reversed(settings) if s.channels), None)
    named = [s for s in specials if s.style] or [s for s in settings if s.style]
    extra: dict[str, Any] = {}
    for special in settings:
        if special.style is None and special.options:
            extra |= special.options
    outputs = spec.outputs_for(entry.role, entry.category)
    if named or channels:
        ids = channels or tuple(dict.fromkeys(output.channel for output in spec.outputs))
        styles = [(s.style or "", s.options or {}) for s in named] or [
            (output.style, spec.options_of(output)) for output in outputs or spec.outputs
        ]
        outputs = list(short_form(styles, ids).outputs)
    return [(StyleChoice(style=output.style, options=spec.options_of(output) | extra), output) for output in outputs]


def _items(
    entry: Entry, request: BatchRequest, specials: Sequence[ItemChoices], pairs: Sequence[tuple[StyleChoice, Output]]
) -> Iterable[Planned]:
    """One item a style and its options; the first makes the master."""
    priority = next((s.priority for s in reversed(_settings(entry, specials)) if s.priority), request.priority)
    by_style: dict[str, tuple[StyleChoice, list[Output]]] = {}
    for choice, output in pairs:
        by_style.setdefault(style_key(choice), (choice, []))[1].append(output)
    for number, (key, (choice, outputs)) in enumerate(by_style.items()):
        yield Planned(entry, choice, tuple(outputs), number == 0, priority.level, key)


def _settings(entry: Entry, specials: Sequence[ItemChoices]) -> list[ItemChoices]:
    return [*([entry.special] if entry.special else []), *specials]  # the later one wins


def style_key(choice: StyleChoice) -> str:
    """A hash of a style with its options."""
    text = json.dumps([choice.style, choice.options], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _place(item: Planned, order: Mapping[str, int]) -> tuple[int, str, str, int, str, str, str, str]:
    """What items are sorted by: those after each other use the same plate and layers of the same size."""
    entry = item.entry
    size = sum(entry.width * entry.height > limit for limit in _SIZE_CLASSES)
    style = order.get(item.choice.style, len(order))
    return style, item.choice.style, item.key, size, entry.category, entry.sku, entry.role, entry.photo_id


def flags(entries: Sequence[Entry], product_px: Mapping[str, int]) -> list[dict[str, Any]]:
    """The photos' findings, counted: [{check, words, count, photos}], the most frequent first.

    product_px: channel name → longest side of the product that it requires, in the photo's own pixels.
    """
    counted: dict[str, dict[str, Any]] = {}

    def count(check: str, words: str, photo: str) -> None:
        flag = counted.setdefault(check, {"check": check, "words": words, "count": 0, "photos": []})
        flag["count"] += 1
        if len(flag["photos"]) < SHOWN_PHOTOS:
            flag["photos"].append(photo)

    for entry in entries:
        for finding in entry.findings:
            if finding["verdict"] in ("warn", "fail") and finding["check"] not in _SAID_HERE:
                count(finding["check"], finding["words"], entry.photo_id)
        longest = entry.product_px or max(entry.width, entry.height)
        for name, required in product_px.items():
            if longest < required:
                count(f"small for {name}", f"Too small for {name}: it wants the product {required} pixels long.",
                      entry.photo_id)  # fmt: skip
    for photo, twin in twins(entries):
        count(DUPLICATE, f"Looks the same as another photo of this batch, such as {twin}.", photo)
    return sorted(counted.values(), key=lambda flag: -flag["count"])


def enlarging(
    entries: Sequence[Entry], *, largest: int, tile_side: int, overlap: int, tile_seconds: float
) -> dict[str, Any] | None:
    """How long it takes to enlarge the small ones, as a flag; None where none is small.

    largest: longest side of a channel's file.  How large the product is in its photo is not measured yet: the range
    is from a quarter of the photo to all of it.
    """
    small = [e for e in entries if SHARP_ENLARGEMENT * max(e.width, e.height) < largest]
    if not small:
        return None
    count = sum(len(tiles((e.width, e.height), side=tile_side, overlap=overlap)) for e in small)
    least, most = max(1, round(count * tile_seconds / 4 / 60)), max(1, round(count * tile_seconds / 60))
    span = f"{least} to {most} minutes" if most > least else "about a minute" if most == 1 else f"about {most} minutes"
    return {
        "check": "upscale",
        "words": f"Enlarging the small ones takes {span} here, once for all styles and channels.",
        "count": len(small),
        "photos": [e.photo_id for e in small[:SHOWN_PHOTOS]],
    }


def twins(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    """Photos that look the same as an earlier one: (photo, name of the earlier one)."""
    firsts: LookAlikes[Entry] = LookAlikes()
    pairs = []
    for entry in entries:
        first = firsts.find(entry.fingerprint)
        if first is None:
            firsts.add(entry.fingerprint, entry)
        else:
            pairs.append((entry.photo_id, first.name or first.photo_id))
    return pairs

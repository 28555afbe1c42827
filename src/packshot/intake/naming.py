"""Which product a photo is of, and which angle, by the name of its file: the same loose, in a ZIP and in a folder.

The studio names photos by the same rule (web/src/features/upload/model/skus.ts); tests/names.json holds both to it. A
number behind a hyphen stays in the SKU (SHOE-7 is one); behind an underscore, in brackets or as Amazon writes it, it is
an angle.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from packshot.intake.source import Source, clean

_MAIN = ("main", "front", "hero")
_SIDES = (
    "back", "side", "left", "right", "top", "bottom", "inside", "detail", "closeup", "label", "pack", "swatch", "model",
    "scale",
)  # fmt: skip
_BEHIND = 50  # sides come behind numbered angles
_NUMBER = re.compile(
    r"(.+?)(?:_([0-9]{1,2})|\s*\(([0-9]{1,2})\)|[._]pt([0-9]{2})|[ _-]angle[ _-]?([0-9]{1,2}))", re.IGNORECASE
)
_WORD = re.compile(rf"(.+?)[._ ]({'|'.join((*_MAIN, *_SIDES))}|swch)(?:[._ ]?([0-9]{{1,2}}))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Named:
    """place: among the product's photos.  role: where the name says it; "": the next that is free."""

    sku: str
    place: int = 0
    role: str = ""


def named(stem: str) -> Named:
    """stem: a file's name without its suffix."""
    whole = stem.strip()
    if word := _WORD.fullmatch(whole):
        role = "swatch" if word[2].lower() == "swch" else word[2].lower()
        if role in _MAIN:
            return Named(word[1].strip())
        return Named(word[1].strip(), _BEHIND + _SIDES.index(role), f"{role} {int(word[3])}" if word[3] else role)
    if number := _NUMBER.fullmatch(whole):
        bare, _, _, amazon, _ = number.groups()
        return Named(bare.strip(), int(amazon) + 1 if amazon else int(next(filter(None, number.groups()[1:]))))
    return Named(whole)


def by_name(source: Source) -> Source:
    """The source with what its file's name says; source.sku: the name without its suffix."""
    found = named(source.sku)
    return replace(source, sku=clean(found.sku) or source.sku, role=found.role, place=found.place)


def with_roles(sources: Sequence[Source]) -> list[Source]:
    """The same in the same order; those whose names say no role get the next of their product that is free."""
    roles: dict[str, set[str]] = {}
    angles: dict[str, int] = {}
    for source in sources:
        roles.setdefault(source.sku, set()).add(source.role)
        if angle := re.fullmatch(r"angle ([0-9]{1,4})", source.role):
            angles[source.sku] = max(angles.get(source.sku, 1), int(angle[1]))
    given: dict[int, str] = {}
    for at in sorted(range(len(sources)), key=lambda at: (sources[at].place, sources[at].name)):
        source = sources[at]
        if not source.role and "main" not in roles[source.sku]:
            given[at] = "main"
            roles[source.sku].add("main")
        elif not source.role:
            angles[source.sku] = angles.get(source.sku, 1) + 1
            given[at] = f"angle {angles[source.sku]}"
    return [replace(source, role=given.get(at, source.role)) for at, source in enumerate(sources)]

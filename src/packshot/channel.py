"""A sales channel: the file that is made for it and the rules that judge it. Channels are dated data files."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import tomli_w
from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from packshot.errors import BadOption, NotFound, plainly
from packshot.rules import SUFFIX, FileFormat, Rules

_NAME_WORDS = ("sku", "gtin", "asin", "role", "amazon_role", "name", "title", "channel", "style", "slot", "n")


class Source(BaseModel, frozen=True, extra="forbid"):
    """Where a channel's numbers come from, and when that was read."""

    words: str
    date: str
    address: str = ""


class Channel(BaseModel, frozen=True, extra="forbid"):
    """One kind of file. Sizes are (width, height)."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    name: str
    words: str = ""
    size: tuple[int, int]
    format: FileFormat
    quality: int = Field(90, ge=30, le=100, description="where the search starts, for lossy formats")
    least_quality: int = Field(60, ge=10, le=100, description="where the search under the size cap gives up")
    color: str | None = Field(None, pattern=r"^#[0-9a-fA-F]{6}$", description="the shop's backdrop, for plain colours")
    margin: float | None = Field(None, ge=0, le=0.45, description="least distance to the border, as a share")
    name_pattern: str = "{sku}-{role}"
    transparent: bool = Field(False, description="the product alone, whatever the template's backdrop")
    keep_gps: bool = False
    as_is: bool = Field(False, description="no template may touch the product's own pixels, whatever its steps say")
    rules: Rules = Rules()
    sources: tuple[Source, ...] = ()

    @field_validator("size")
    @classmethod
    def _sensible(cls, size: tuple[int, int]) -> tuple[int, int]:
        if not all(64 <= side <= 12_000 for side in size):
            raise ValueError("each side must have 64 to 12000 pixels")
        return size

    @field_validator("name_pattern")
    @classmethod
    def _only_its_words(cls, pattern: str) -> str:
        # Without its words it has no brace left: no format tricks, nothing that fails later.
        rest = re.sub("|".join(rf"\{{{word}\}}" for word in _NAME_WORDS), "", pattern)
        if set(rest) & set("{}") or not re.search(r"\{(sku|gtin|asin|name)\}", pattern):
            raise ValueError(f"use {{sku}}, {{gtin}}, {{asin}} or {{name}}, and of these: {', '.join(_NAME_WORDS)}")
        return pattern

    @model_validator(mode="after")
    def _takes_its_own_format(self) -> Channel:
        if self.format not in self.rules.formats:
            raise ValueError(f"it makes {self.format} but its rules do not take that format")
        return self

    @property
    def suffix(self) -> str:
        return SUFFIX[self.format]


def channels(folder: Path | None = None) -> dict[str, Channel]:
    """Packshot's own channels and those in the user's `folder`, by id; the user's come first."""
    shipped = resources.files("packshot").joinpath("channels")
    texts = {f.name: f.read_text("utf-8") for f in shipped.iterdir() if f.name.endswith(".toml")}
    shipped_channels = [Channel.model_validate(tomllib.loads(texts[name])) for name in sorted(texts)]
    by_id = {channel.id: channel for channel in shipped_channels}
    if folder is not None and folder.is_dir():
        for path in sorted(folder.glob("*.toml")):
            channel = load(path)
            by_id[channel.id] = channel
    return by_id


def load(path: Path) -> Channel:
    """A channel from a file.  Raises BadOption naming the file and the field."""
    try:
        return Channel.model_validate(tomllib.loads(path.read_text("utf-8")))
    except ValidationError as wrong:
        first = wrong.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadOption(f"{place}: {plainly(first)}.", subject=str(path)) from wrong
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise BadOption(f"this channel file cannot be read ({wrong}).", subject=str(path)) from wrong


def channel(id: str, folder: Path | None = None) -> Channel:
    """One channel, by id or by the path of its file.  Raises NotFound listing those there are."""
    if id.endswith(".toml"):
        return load(Path(id))
    by_id = channels(folder)
    if id not in by_id:
        near = difflib.get_close_matches(id, by_id, 1)
        hint = f"Did you mean “{near[0]}”?" if near else f"There are: {', '.join(by_id)}."
        raise NotFound(
            "there is no channel of this name.", subject=id, remedy=f"{hint} `packshot channels new` adds one."
        )
    return by_id[id]


def to_toml(channel: Channel) -> str:
    """A channel as its data file."""
    fields = channel.model_dump(mode="json", exclude_none=True)
    fields["rules"]["hard"] = sorted(fields["rules"]["hard"])
    return tomli_w.dumps(fields)


def file_stem(channel: Channel, *, sku: str, role: str = "main", gtin: str = "", asin: str = "", name: str = "",
              title: str = "") -> tuple[str, tuple[str, ...]]:  # fmt: skip
    """The file's name without its suffix, and the words of the pattern without a value.

    A missing gtin or asin is replaced by the sku; whatever a file system or a shop may refuse becomes a hyphen.
    """
    values: Mapping[str, str] = {
        "sku": sku, "gtin": gtin, "asin": asin, "role": role, "amazon_role": _amazon_role(role), "name": name or sku,
        "title": title, "channel": channel.id, "style": "", "slot": "", "n": "",
    }  # fmt: skip
    missing = tuple(w for w in re.findall(r"\{(\w+)\}", channel.name_pattern) if not values[w])
    filled = channel.name_pattern.format(
        **{w: v or (sku if w in ("gtin", "asin", "title") else "") for w, v in values.items()}
    )
    return safe_name(filled), missing


def _amazon_role(role: str) -> str:
    """MAIN, PT01 … PT08, SWCH.  Seller Central, file names of product images."""
    if role in ("main", ""):
        return "MAIN"
    if role == "swatch":
        return "SWCH"
    number = re.search(r"(\d+)$", role)
    return f"PT{max(1, int(number.group(1)) - 1):02d}" if number else "PT01"


def safe_name(text: str) -> str:
    """A name that every file system and shop takes: letters, digits, dot, hyphen, underscore; at most 120 bytes."""
    name = re.sub(r"[^\w.\-]+", "-", unicodedata.normalize("NFC", text), flags=re.UNICODE)
    name = re.sub(r"-{2,}", "-", re.sub(r"\.{2,}", ".", name)).strip("-. ")
    if re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)", name.split(".")[0]):
        name = f"_{name}"  # names that Windows reserves
    while len(os.fsencode(name)) > 120:
        name = name[:-1]
    return name or "photo"

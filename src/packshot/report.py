"""The report of a run: `report.json`, from which the contact sheet is made."""

from __future__ import annotations

import base64
from typing import Any, Literal

from pydantic import BaseModel, Field

from packshot.finding import Finding

Status = Literal["done", "unchanged", "rejected", "failed"]


class StepRecord(BaseModel, frozen=True):
    """One step that ran: which version, with which parameters, how long, and whether its result came from the cache."""

    kind: str
    stage: str
    version: int
    parameters: dict[str, Any] = {}
    seconds: float = 0.0
    cached: bool = False


class PhotoRecord(BaseModel, frozen=True):
    """The photo as it came in."""

    sha256: str
    size: tuple[int, int]
    format: str
    profile: str
    bytes: int
    fingerprint: str = Field(description="16 hexadecimal digits; photos that look the same differ in a few bits")


class RenditionRecord(BaseModel, frozen=True):
    """One finished file. `path` is relative to the report."""

    channel: str
    path: str
    sha256: str
    bytes: int
    size: tuple[int, int]
    format: str
    quality: int | None = None
    disclosure: str = Field(default="", description="the IPTC DigitalSourceType written into it")
    rejected: bool = False
    findings: tuple[Finding, ...] = ()


class ItemRecord(BaseModel, frozen=True):
    """One photo in one template."""

    name: str
    sku: str = ""
    role: str = "main"
    title: str = ""
    template: str
    status: Status
    error: str = Field(default="", description="why it failed, in words")
    stack: str = Field(default="", description="where, if Packshot itself failed: the traceback, for a report of it")
    key: str = Field(
        default="", description="hash of everything the result depends on; the same key is not developed again"
    )
    photo: PhotoRecord | None = None
    uncertainty: float | None = Field(default=None, description="of the matte, [0, 1]; a high one needs a closer look")
    steps: tuple[StepRecord, ...] = ()
    findings: tuple[Finding, ...] = Field(default=(), description="about the photo and its cut-out")
    changes: tuple[str, ...] = Field(default=(), description="what changed the product's own pixels, in words")
    renditions: tuple[RenditionRecord, ...] = ()
    before: str = Field(default="", description="small JPEG of the photo, a data: URI")
    after: str = Field(default="", description="small JPEG of the result, a data: URI")


class Report(BaseModel, frozen=True):
    """A whole run."""

    packshot: str
    templates: dict[str, str] = Field(description="id → name")
    channels: dict[str, str] = Field(description="id → name")
    notices: tuple[str, ...] = Field(default=(), description="licences and fallbacks, in words")
    engine: str = Field(default="", description="what the models ran on: runtimes, versions, precision")
    specification: str = Field(default="", description="what was asked for, and its version: everywhere 12f493db98f8")
    seconds: float = 0.0
    items: tuple[ItemRecord, ...] = ()


def jpeg_uri(content: bytes) -> str:
    """A small JPEG as the `before` or `after` of an item."""
    return "data:image/jpeg;base64," + base64.b64encode(content).decode()

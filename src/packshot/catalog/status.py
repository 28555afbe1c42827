"""The states of items, batches and jobs, each value explained."""

from __future__ import annotations

import math
import unicodedata
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator


class ItemStatus(StrEnum):
    """How far an item is."""

    PROCESSING = "processing"  # in a queue or at work; `stage` says where
    REVIEW = "review"  # its files are finished and wait for a person
    APPROVED = "approved"  # a person approved its files; their hashes are pinned
    REJECTED = "rejected"  # a person rejected them
    SKIPPED = "skipped"  # a person put it aside
    FAILED = "failed"  # three tries failed: the dead-letter list, with its reason
    CANCELLED = "cancelled"  # its batch was stopped before it was done


class BatchState(StrEnum):
    """How far a batch is."""

    CREATED = "created"  # it exists; its items are being listed
    VALIDATING = "validating"  # photos are being matched and checked; no work is spent yet
    PROCESSING = "processing"  # items are in the queues
    REVIEW = "review"  # no item is in the queues any more; some wait for a person
    APPROVED = "approved"  # every item is decided, and at least one is approved
    EXPORTED = "exported"  # what was approved has been delivered
    PAUSED = "paused"  # items stay where they are until it is resumed
    CANCELLED = "cancelled"
    FAILED = "failed"  # none of its photos could be used


class JobStatus(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Priority(StrEnum):
    """What is worked on first: urgent, then standard; overnight when the workspace says."""

    URGENT = "urgent"
    STANDARD = "standard"
    OVERNIGHT = "overnight"

    @property
    def level(self) -> int:
        """BullMQ's number: 1 runs first; 0 would run before all of them."""
        return {"urgent": 1, "standard": 5, "overnight": 10}[self.value]

    @classmethod
    def of_level(cls, level: int) -> Priority:
        return next(priority for priority in cls if priority.level == level)


def line(text: str) -> str:
    """Composed letters, no space at the ends.  Raises ValueError where a control character is in it."""
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in text):
        raise ValueError("it must be one line without control characters")
    return unicodedata.normalize("NFC", text).strip()


Line = Annotated[str, AfterValidator(line)]

_Value = TypeVar("_Value")


def plain(value: _Value) -> _Value:
    """The same.  Raises ValueError where something in it cannot be stored: NUL, half a character, NaN or infinity."""
    left: list[Any] = [value]
    while left:
        match left.pop():
            case str() as words if "\0" in words or any("\ud800" <= letter <= "\udfff" for letter in words):
                raise ValueError("it holds characters that are no text")
            case float() as number if not math.isfinite(number):
                raise ValueError("it holds a number that is none")
            case dict() as fields:
                left += [*fields.keys(), *fields.values()]
            case list() | tuple() as members:
                left += members
    return value


Options = Annotated[dict[str, Any], AfterValidator(plain)]

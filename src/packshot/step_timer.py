"""Records of the steps that ran: version, parameters, seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from packshot.report import StepRecord
from packshot.step import Step


class StepTimer:
    """Collects a record of each step that ran."""

    def __init__(self) -> None:
        self.records: list[StepRecord] = []

    @contextmanager
    def step(self, step: Step, *, cached: bool = False, channel: str = "") -> Iterator[None]:
        """Time a step with its version and parameters."""
        parameters = step.model_dump(mode="json", exclude={"kind"}) | ({"channel": channel} if channel else {})
        start = time.perf_counter()
        yield
        seconds = round(time.perf_counter() - start, 4)
        self.records.append(
            StepRecord(kind=step.kind, stage=step.stage, version=step.version, parameters=parameters, seconds=seconds,
                       cached=cached)
        )  # fmt: skip

    @contextmanager
    def named(self, kind: str, stage: str, **parameters: Any) -> Iterator[None]:
        """Time something that is not a step of a template."""
        start = time.perf_counter()
        yield
        seconds = round(time.perf_counter() - start, 4)
        self.records.append(StepRecord(kind=kind, stage=stage, version=1, parameters=parameters, seconds=seconds))

"""What a check says, in words for a merchandiser."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel


class Verdict(StrEnum):
    """`ok`: fine. `warn`: a person should look. `fail`: breaks a hard rule. `skipped`: could not be judged."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


class Finding(BaseModel, frozen=True, extra="forbid"):
    """One statement of one check. `value` against `limit` in `unit`; `words` is the sentence that is shown."""

    check: str
    verdict: Verdict
    words: str
    value: float | None = None
    limit: float | None = None
    unit: str = ""


def worst(findings: list[Finding] | tuple[Finding, ...]) -> Verdict:
    """The gravest verdict among them; `ok` where there are none."""
    order = [Verdict.OK, Verdict.SKIPPED, Verdict.WARN, Verdict.FAIL]
    return max((f.verdict for f in findings), key=order.index, default=Verdict.OK)

"""Which rows carry a finding that a person should look at, as a condition of a query."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text, cast, or_

from packshot.finding import Verdict


def bad(findings: Any, check: str | None = None) -> Any:
    """Whether a column of findings holds one, of this check if named, that warns or fails.

    Read off the text, kept as written by both databases; quotation marks in words are escaped in it.
    """
    named = f'"check": "{check}", ' if check else ""
    text = cast(findings, Text)
    return or_(*(text.contains(f'{named}"verdict": "{it}"', autoescape=True) for it in (Verdict.WARN, Verdict.FAIL)))

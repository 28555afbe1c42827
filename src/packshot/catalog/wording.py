"""What people may write into names and titles: one line of text, without what no screen and no database takes."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator


def line(text: str) -> str:
    """Composed letters, no space at the ends.  Raises ValueError where a control character is in it."""
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in text):
        raise ValueError("it must be one line without control characters")
    return unicodedata.normalize("NFC", text).strip()


Line = Annotated[str, AfterValidator(line)]

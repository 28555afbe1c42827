"""The file itself: format, bytes, disclosure, content safety."""

from __future__ import annotations

from packshot.check import Subject, broken
from packshot.finding import Finding, Verdict
from packshot.rules import Rules

# Safe product photos score below 0.03; the model's author calls 0.8 and above not safe, below 0.2 safe.
UNSAFE, DOUBTFUL = 0.8, 0.3


def file_format(subject: Subject, rules: Rules) -> Finding:
    """Whether the channel takes this kind of file."""
    accepted = subject.format in rules.formats
    formats = ", ".join(f.upper() for f in rules.formats)
    return Finding(
        check="format",
        verdict=Verdict.OK if accepted else broken("format", rules),
        words=f"The file is {subject.format.upper()}."
        if accepted
        else f"{subject.format.upper()} is not taken; send {formats}.",
    )


def file_size(subject: Subject, rules: Rules) -> Finding | None:
    """Bytes against the channel's cap."""
    if rules.max_bytes is None:
        return None
    bad = subject.bytes > rules.max_bytes
    words = f"The file has {subject.bytes / 1e6:.2f} MB"
    return Finding(
        check="bytes",
        verdict=broken("bytes", rules) if bad else Verdict.OK,
        words=f"{words}, more than the {rules.max_bytes / 1e6:.2f} MB allowed." if bad else f"{words}.",
        value=subject.bytes,
        limit=rules.max_bytes,
        unit="bytes",
    )


def disclosure(subject: Subject, rules: Rules) -> Finding | None:
    """Whether the file says how it was made (IPTC DigitalSourceType)."""
    if not rules.disclosure:
        return None
    disclosed = bool(subject.source_type)
    return Finding(
        check="disclosure",
        verdict=Verdict.OK if disclosed else broken("disclosure", rules),
        words=f"The file says how it was made: {subject.source_type}."
        if disclosed
        else "The file does not say whether it was edited or made by a machine (IPTC Digital Source Type).",
    )


def safety(subject: Subject, rules: Rules) -> Finding | None:
    """Nudity and the like, by open-nsfw's score."""
    if subject.unsafe is None:
        return None
    verdict = Verdict.OK
    words = "Nothing unsuitable was found."
    if subject.unsafe >= DOUBTFUL:
        verdict = broken("safety", rules) if subject.unsafe >= UNSAFE else Verdict.WARN
        words = "The picture may show nudity; a person has to look at it."
    return Finding(
        check="safety", verdict=verdict, words=words, value=round(subject.unsafe, 3), limit=UNSAFE, unit="score 0 … 1"
    )

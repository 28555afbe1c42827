"""Who changes something says which state of it he saw, so that nobody overwrites another's change unseen."""

from __future__ import annotations

from packshot.errors import OutOfDate


def etag(revision: int | str) -> str:
    return f'"{revision}"'


def matches(if_match: str | None, revision: int | str) -> None:
    """Raises OutOfDate where it is another state by now.  Without the header everything matches."""
    if if_match is None or if_match.strip() == "*":
        return
    seen = {tag.strip().removeprefix("W/") for tag in if_match.split(",")}
    if etag(revision) not in seen:
        raise OutOfDate("somebody changed this after you loaded it.", remedy="Load it again, then make your change.")


def unchanged(if_none_match: str | None, revision: int | str) -> bool:
    """Whether the asker has this state already: answer 304."""
    if if_none_match is None:
        return False
    return etag(revision) in {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}

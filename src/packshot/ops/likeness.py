"""Photos that look alike, by their fingerprints: what counts as alike, and how the few worth comparing are found."""

from __future__ import annotations

from typing import Generic, TypeVar

# Two fingerprints that differ in so many of 64 bits are the same picture (`measure.fingerprint`) …
ALIKE_BITS = 4
# … and so agree in at least one of five parts of their 16 hexadecimal digits: only photos that do are compared.
PARTS = ((0, 4), (4, 7), (7, 10), (10, 13), (13, 16))

Thing = TypeVar("Thing")


def parts(fingerprint: str) -> tuple[str, ...]:
    """fingerprint: 16 hexadecimal digits."""
    return tuple(fingerprint[first:end] for first, end in PARTS)


def bits_apart(one: str, other: str) -> int:
    """How many of the 64 bits of two fingerprints differ, each 16 hexadecimal digits."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


class LookAlikes(Generic[Thing]):
    """Things by the fingerprints of their photos, in memory; `library/look_alikes.py` is the same over the database."""

    def __init__(self) -> None:
        self._exact: dict[str, Thing] = {}
        self._by_part: dict[tuple[int, str], list[tuple[str, Thing]]] = {}

    def add(self, fingerprint: str, thing: Thing) -> None:
        """The first of two with the same fingerprint stays."""
        if fingerprint in self._exact:
            return
        self._exact[fingerprint] = thing
        for key in enumerate(parts(fingerprint)):
            self._by_part.setdefault(key, []).append((fingerprint, thing))

    def find(self, fingerprint: str) -> Thing | None:
        """The nearest one that looks alike; of two as near the earlier."""
        if fingerprint in self._exact:
            return self._exact[fingerprint]
        near = [
            (bits_apart(fingerprint, other), thing)
            for key in enumerate(parts(fingerprint))
            for other, thing in self._by_part.get(key, ())
        ]
        least, thing = min(near, key=lambda found: found[0], default=(ALIKE_BITS + 1, None))
        return thing if least <= ALIKE_BITS else None

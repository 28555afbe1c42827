"""Wrong tries to sign in: each makes the next one from there wait longer, and nobody from elsewhere."""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from packshot.catalog.accounts import tokens
from packshot.db import Tx
from packshot.db.tables import login_tries, now
from packshot.errors import TooManyTries

FREE_TRIES, FREE_TRIES_OF_AN_ADDRESS = 10, 30  # many people may come from one address
FIRST_DELAY, LONGEST_DELAY = 4, 900  # seconds; doubled by each wrong try
FORGET_SECONDS = 900.0  # one wrong try is forgotten after each of these


@dataclass(frozen=True, slots=True)
class Source:
    """What wrong tries are counted for, and how many are free."""

    subject: str
    free: int

    @property
    def key(self) -> str:
        return tokens.hashed(self.subject)


def of_account(email: str, address: str) -> Source:
    """An account tried from one address: wrong tries from elsewhere keep nobody out of his account."""
    return Source(f"email {email.strip().lower()} from {_network(address)}", FREE_TRIES)


def of_address(address: str) -> Source:
    return Source(f"from {_network(address)}", FREE_TRIES_OF_AN_ADDRESS)


def of_user(user_id: str) -> Source:
    """The old password of somebody who is signed in."""
    return Source(f"password {user_id}", FREE_TRIES)


async def count(tx: Tx, *sources: Source) -> None:
    """Count a wrong try before it is known to be one; `right` undoes it.

    Raises TooManyTries where it comes too soon; such a try is not counted and makes nobody wait longer.
    """
    at = now()
    new = sqlite.insert if tx.dialect.name == "sqlite" else postgresql.insert
    for source in _in_order(sources):
        mine = login_tries.c.subject == source.key
        await tx.execute(new(login_tries).values(subject=source.key, tries=0, at=at).on_conflict_do_nothing())
        found = (await tx.execute(select(login_tries).where(mine).with_for_update())).one()
        tries = max(0, found.tries - int((at - found.at) / FORGET_SECONDS))
        seconds = math.ceil(found.at + _delay(tries - source.free) - at)
        if seconds > 0:
            raise TooManyTries(
                "too many wrong tries to sign in from here.",
                remedy=f"Wait {seconds} seconds, then try again. Whoever runs Packshot can give you a link to sign in "
                "with (packshot sign-in-link).",
                seconds=seconds,
            )
        await tx.execute(update(login_tries).where(mine).values(tries=tries + 1, at=at))


async def right(tx: Tx, account: Source, address: Source | None = None) -> None:
    """The right password was given: the account's wrong tries from there are forgotten.

    Of the address only this try is taken back: others may have tried other accounts from there.
    """
    for source in _in_order([account] if address is None else [account, address]):
        fewer = 0 if source is account else login_tries.c.tries - 1
        mine = login_tries.c.subject == source.key, login_tries.c.tries > 0
        await tx.execute(update(login_tries).where(*mine).values(tries=fewer))


def _in_order(sources: Iterable[Source]) -> list[Source]:
    """One order for all, so that no two transactions wait for each other's rows."""
    return sorted(sources, key=lambda source: source.key)


def _delay(over: int) -> int:
    """Seconds from one wrong try to the next."""
    return 0 if over < 0 else min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(over, 20))


def _network(address: str) -> str:
    """Of an IPv6 address its /64, all of which one customer has."""
    with suppress(ValueError):
        found = IPv6Address(address.partition("%")[0])
        return str(found.ipv4_mapped or IPv6Network(f"{found}/64", strict=False))
    return address

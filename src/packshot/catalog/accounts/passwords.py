"""Passwords: hashed and verified off the event loop, as that takes its time on purpose."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from packshot.errors import BadInput

LEAST_PASSWORD = 10

_hasher = PasswordHasher()  # argon2id, RFC 9106's second recommendation: 64 MiB and three passes a password
# However many sign in at once, they take this much memory and no thread from anybody else.
_hashing = ThreadPoolExecutor(2, "packshot-password")
_NOBODY = _hasher.hash("nobody has this password")  # an unknown address takes as long as a known one


async def hash_password(password: str) -> str:
    """Raises BadInput for one that is too short."""
    if len(password) < LEAST_PASSWORD:
        raise BadInput(f"a password has at least {LEAST_PASSWORD} characters.", subject="password")
    return await asyncio.get_running_loop().run_in_executor(_hashing, _hasher.hash, password)


async def verify(password: str, password_hash: str | None) -> bool:
    """Whether it is the password of this hash; takes as long where there is none."""
    try:
        await asyncio.get_running_loop().run_in_executor(_hashing, _hasher.verify, password_hash or _NOBODY, password)
    except (Argon2Error, InvalidHashError):
        return False
    return password_hash is not None

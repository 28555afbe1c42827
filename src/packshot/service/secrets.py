"""The installation's secret: what is encrypted with it at rest, and what is signed with it."""

from __future__ import annotations

import base64
import secrets
import time
from contextlib import suppress
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from itsdangerous import BadSignature, SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from packshot import atomic
from packshot.errors import NotFound, Unavailable
from packshot.settings import Settings

LINK_SECONDS = 12 * 3600  # a working day in front of one screen
# A link to the same file stays the same for so long, so that a browser loads the file once.
SAME_SECONDS = 3600


class Secrets:
    """Encrypts what must not be read from a stolen database."""

    def __init__(self, secret: bytes) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(_derived(secret, b"packshot vault")))

    @classmethod
    def open(cls, settings: Settings) -> Secrets:
        return cls(installation_secret(settings))

    def encrypt(self, text: str) -> bytes:
        return self._fernet.encrypt(text.encode())

    def decrypt(self, sealed: bytes) -> str:
        """Raises Unavailable where it was sealed with another secret."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise Unavailable(
                "a kept secret cannot be read: this installation's own secret has changed.",
                remedy="Restore DATA/secret.key, or enter the credentials again.",
            ) from None


class _Rounded(TimestampSigner):
    def get_timestamp(self) -> int:
        return int(time.time()) // SAME_SECONDS * SAME_SECONDS


class Signer:
    """Signs links to files: whoever has one may load the file until it expires, and nothing else.

    A link is good for twelve hours after the beginning of the hour in which it was made.
    """

    def __init__(self, secret: bytes) -> None:
        self._serializer = URLSafeTimedSerializer(_derived(secret, b"packshot links"), salt="file", signer=_Rounded)

    @classmethod
    def open(cls, settings: Settings) -> Signer:
        return cls(installation_secret(settings))

    def sign(self, what: dict[str, Any]) -> str:
        return str(self._serializer.dumps(what))

    def verified(self, token: str) -> dict[str, Any]:
        """Raises NotFound for a link that has expired or was not made here."""
        try:
            found: dict[str, Any] = self._serializer.loads(token, max_age=LINK_SECONDS)
        except SignatureExpired:
            raise NotFound("this link has expired.", remedy="Ask for a new one.") from None
        except BadSignature:
            raise NotFound("there is no such file.") from None
        return found


def installation_secret(settings: Settings) -> bytes:
    """The setting, or a file that only its owner may read, made at the first start.  Raises Unavailable if empty."""
    setting = settings.secret.get_secret_value()
    if setting:
        return setting.encode()
    path = settings.data_dir / "secret.key"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        with suppress(FileExistsError):  # of two that start at once, the first one's stays
            atomic.write(path, secrets.token_urlsafe(48).encode(), new=True, durable=True, mode=0o600)
    secret = path.read_bytes()
    if not secret:
        raise Unavailable(
            "the installation's secret is empty.", subject=str(path),
            remedy="Restore the file from a backup; without one, remove it, and enter all credentials again.",
        )  # fmt: skip
    return secret


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret)

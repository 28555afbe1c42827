"""How secrets that others hold are stored: of sessions, invitations and API keys."""

from __future__ import annotations

import hashlib


def hashed(secret: str) -> str:
    """Tokens have 256 random bits: a plain hash is enough to store them."""
    return hashlib.sha256(secret.encode()).hexdigest()

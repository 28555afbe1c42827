"""Links to files of the store: signed, and good for an hour."""

from __future__ import annotations

import mimetypes

from packshot.api.service import Service

_TYPES = {".webp": "image/webp", ".avif": "image/avif", ".tif": "image/tiff", ".jpg": "image/jpeg"}


def link(svc: Service, workspace_id: str, key: str, name: str = "") -> str:
    """An address that anyone who has it may open, until it expires.  "" for a key that is empty."""
    if not key:
        return ""
    token = svc.signer.sign({"k": key, "n": name, "w": workspace_id})
    return f"{svc.settings.address}/api/v1/files/{token}"


def media_type(name: str) -> str:
    suffix = "." + name.rpartition(".")[2].lower()
    return _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"

"""Fixtures of the API's tests."""

from shops import anyio_backend, app, nobody, ours, service, settings, theirs

__all__ = ["anyio_backend", "app", "nobody", "ours", "service", "settings", "theirs"]

"""Fixtures of the API's tests."""

from shops import anyio_backend, app, application, nobody, ours, service, settings, theirs

from servers import migrated_sqlite

__all__ = ["anyio_backend", "app", "application", "migrated_sqlite", "nobody", "ours", "service", "settings", "theirs"]

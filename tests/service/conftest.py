"""Fixtures of the service's tests."""

from studio import anyio_backend, studio

__all__ = ["anyio_backend", "studio"]

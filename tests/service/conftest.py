"""Fixtures of the service's tests."""

from studio import anyio_backend, studio

from servers import (
    database,
    database_url,
    empty_url,
    migrated_postgres,
    migrated_sqlite,
    postgres,
    redis_url,
    s3,
    s3_url,
)

__all__ = [
    "anyio_backend",
    "database",
    "database_url",
    "empty_url",
    "migrated_postgres",
    "migrated_sqlite",
    "postgres",
    "redis_url",
    "s3",
    "s3_url",
    "studio",
]

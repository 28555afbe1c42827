"""Fixtures of the service's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from studio import studio

from packshot.service.valkey import Valkey
from packshot.settings import Settings
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


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture
def valkey(settings: Settings) -> Iterator[Valkey]:
    server = Valkey(settings)
    server.start()
    yield server
    server.stop()

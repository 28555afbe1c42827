"""Fixtures of the API's tests."""

from collections.abc import Iterator

import pytest
from child import Child, child
from pydantic import SecretStr
from shops import app, application, nobody, ours, service, settings, theirs

from packshot.settings import Settings
from servers import migrated_postgres, migrated_sqlite, postgres

__all__ = [
    "app",
    "application",
    "migrated_postgres",
    "migrated_sqlite",
    "nobody",
    "ours",
    "postgres",
    "running",
    "service",
    "settings",
    "theirs",
]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    """The API as a program of its own, one for a module."""
    folder = tmp_path_factory.mktemp("api")
    settings = Settings(data_dir=folder / "data", secret=SecretStr("a secret of the tests"))
    with child(settings, log=folder / "log") as found:
        yield found

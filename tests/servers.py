"""Real servers as child processes: PostgreSQL, Valkey, S3.  Import the fixtures into a conftest.

Each starts when it is first asked for and is gone at the end.  PostgreSQL's programs may be missing on a machine: what
needs them is skipped there, and says so.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener
from uuid import uuid4

import psycopg
import pytest

from packshot.db import Database
from packshot.db.tables import metadata
from packshot.db.upgrade import upgrade
from packshot.service.valkey import Valkey
from packshot.settings import Settings

START_SECONDS = 120.0
DATABASES = ("sqlite", "postgresql")
SKIPPED = "PostgreSQL's programs are not installed (Debian and Ubuntu: apt install postgresql)"


# --- PostgreSQL ---


@dataclass
class Postgres:
    """A server on a socket of its own, sorting as people's servers do."""

    folder: Path
    made: int = 0

    def url(self, database: str) -> str:
        return f"postgresql://packshot@/{database}?host={self.folder}"

    def fresh(self) -> str:
        """An empty database."""
        self.made += 1
        name = f"t{self.made}"
        self.run("postgres", f"CREATE DATABASE {name}")
        return self.url(name)

    def run(self, database: str, sql: str) -> None:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(sql.encode())


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    if _postgres_binaries() is None:
        pytest.skip(SKIPPED)
    with postgres_server() as made:
        yield made


@contextmanager
def postgres_server(**more: str) -> Iterator[Postgres]:
    """A server of its own.  more: of its options."""
    binaries = _postgres_binaries()
    assert binaries is not None, SKIPPED
    folder = Path(tempfile.mkdtemp(prefix="packshot-pg-", dir="/tmp"))  # a socket's path is short, and not root's own
    who = _unprivileged()
    if who:
        os.chown(folder, pwd.getpwnam(who["user"]).pw_uid, -1)
    common: dict[str, Any] = {"stdin": subprocess.DEVNULL, "cwd": folder, **who}
    log = (folder / "log").open("wb")
    server: subprocess.Popen[bytes] | None = None
    try:
        subprocess.run(
            [binaries / "initdb", "-D", folder / "data", "-U", "packshot", "-A", "trust", "--no-sync", "-E", "UTF8",
             "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"],
            check=True, stdout=log, stderr=log, **common,
        )  # fmt: skip
        options = {
            "listen_addresses": "", "unix_socket_directories": str(folder), "fsync": "off", "full_page_writes": "off",
            "synchronous_commit": "off", "max_connections": "60", "shared_buffers": "32MB", "autovacuum": "off",
        } | more  # fmt: skip
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        server = subprocess.Popen(
            [binaries / "postgres", "-D", folder / "data", *words], stdout=log, stderr=log, start_new_session=True,
            **common,
        )  # fmt: skip
        made = Postgres(folder)
        _until(lambda: made.run("postgres", "SELECT 1"), server, folder / "log", psycopg.OperationalError)
        yield made
    finally:
        if server is not None:
            _end(server, signal.SIGQUIT)  # its own word for: stop at once, nothing needs to be written
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


def _postgres_binaries() -> Path | None:
    found = [Path(path).parent for path in [shutil.which("postgres")] if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    return next((path for path in found if (path / "initdb").exists() and (path / "postgres").exists()), None)


def _unprivileged() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    return {"user": "postgres" if "postgres" in names else "nobody", "extra_groups": []}


# --- a database of either kind ---


@pytest.fixture(params=DATABASES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with nothing in it, on both in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new' / 'packshot.db'}"
    return str(request.getfixturevalue("postgres").fresh())


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to copy: an upgrade takes longer than a copy."""
    path = tmp_path_factory.mktemp("migrated") / "packshot.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Postgres) -> str:
    url = postgres.fresh()
    upgrade(url)
    return url


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with empty tables, on both in turn."""
    if request.param == "sqlite":
        path = tmp_path / "packshot.db"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        return f"sqlite:///{path}"
    url = str(request.getfixturevalue("migrated_postgres"))
    tables = ", ".join(table.name for table in metadata.sorted_tables)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE".encode())
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    made = Database(database_url, durable=False)
    yield made
    await made.close()


# --- Valkey ---


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with _folder("packshot-vk-") as folder:
        settings = Settings(data_dir=folder)
        server = Valkey(settings)
        server.start()
        yield settings.redis
        server.stop()


# --- S3 ---


@dataclass(frozen=True)
class S3:
    """A server, and what a Store on it wants in its environment."""

    address: str
    trust: ssl.SSLContext | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "hidden", "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT": self.address, "AWS_ALLOW_HTTP": "true",
        }  # fmt: skip

    def make(self, bucket: str) -> None:
        self.ask("PUT", bucket)

    def ask(self, method: str, path: str) -> bytes:
        opener = build_opener(ProxyHandler({}), HTTPSHandler(context=self.trust))
        with opener.open(Request(f"{self.address}/{path}", method=method), timeout=30) as answer:
            return bytes(answer.read())

    def fresh(self) -> str:
        """The address of a prefix in an empty bucket."""
        bucket = f"bucket-{uuid4().hex}"
        self.make(bucket)
        return f"s3://{bucket}/objects"


@pytest.fixture(scope="session")
def s3() -> Iterator[S3]:
    with s3_server() as made:
        yield made


@contextmanager
def s3_server(*words: str, scheme: str = "http", trust: ssl.SSLContext | None = None) -> Iterator[S3]:
    """A server of its own.  words: more of its command line, such as a certificate, which `trust` then holds."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with _folder("packshot-s3-") as folder, (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port), *words],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, start_new_session=True,
        )  # fmt: skip
        try:
            made = S3(f"{scheme}://127.0.0.1:{port}", trust)
            _until(lambda: made.make("first"), server, folder / "log", OSError)
            yield made
        finally:
            _end(server, signal.SIGTERM)


@pytest.fixture
def s3_url(s3: S3, monkeypatch: pytest.MonkeyPatch) -> str:
    """An address for a Store, with its environment set."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    return s3.fresh()


# --- all of them ---


@contextmanager
def _folder(prefix: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _until(works: Callable[[], Any], server: subprocess.Popen[bytes], log: Path, refused: type[BaseException]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            works()
            return
        except refused as error:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"it did not start: {log.read_text('utf-8', 'replace')[-2000:]}") from error
            time.sleep(0.05)


def _end(server: subprocess.Popen[bytes], word: int) -> None:
    if server.poll() is None:
        server.send_signal(word)
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()

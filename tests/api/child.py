"""The API as it is run: a program of its own, whose memory, log and connections a test can look at."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from shops import Shop, shop_in

from packshot.db import Database
from packshot.settings import Settings

START_SECONDS = 120.0


@dataclass
class Child:
    """A running API, and a shop in its database with a key that may do everything."""

    process: subprocess.Popen[bytes]
    port: int
    settings: Settings
    log: Path
    shop: Shop

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def resident_bytes(self) -> int:
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def client(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=f"{self.address}/api/v1", headers=headers, timeout=60, trust_env=False)

    def connection(self) -> socket.socket:
        """A connection of its own, for what no client library would send."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def logged(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def child(settings: Settings, *, log: Path, program: str = "", **environment: str) -> Iterator[Child]:
    """Start it on a folder; the shop is made by the first.  program: Python that runs in it before the API does."""
    port = _free_port()
    start = "import sys; from packshot.cli import main; sys.argv[:1] = ['packshot', 'api']; main()"
    named = {"PACKSHOT_DATA_DIR": str(settings.data_dir), "PACKSHOT_SECRET": settings.secret.get_secret_value()}
    if settings.database_url:
        named["PACKSHOT_DATABASE_URL"] = settings.database_url
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", f"{program}\n{start}", "--port", str(port)], env=os.environ | named | environment,
            stdin=subprocess.DEVNULL, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(port):
            assert process.poll() is None and time.monotonic() < deadline, log.read_text("utf-8", "replace")[-2000:]
            time.sleep(0.05)
        yield Child(process, port, settings, log, asyncio.run(_shop(settings)))
    finally:
        process.terminate()
        process.wait(60)


async def _shop(settings: Settings) -> Shop:
    db = Database(settings.database)
    try:
        return await shop_in(db, "Ours")
    finally:
        await db.close()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5, trust_env=False).is_success
    except httpx.TransportError:
        return False


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])

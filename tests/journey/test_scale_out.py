"""docs/howto/scale-out.md, run as it is written: its own commands, on two machines for workers, one of which dies.

The machines are folders: each has its own data and cache, and they share what the how-to says they share.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shlex
import socket
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import psycopg
import pytest
from commands import COMMAND
from PIL import Image

from packshot.store import Store
from places import ROOT
from servers import S3, Postgres, postgres, redis_url, s3

__all__ = ["postgres", "redis_url", "s3"]
pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]
PHOTOS, STYLES = 24, 3
ME = {"email": "mia@shop.example", "name": "Mia", "password": "correct horse battery"}


def how_to() -> tuple[set[str], list[list[str]]]:
    """The variables that the how-to's first block exports, and the commands of it."""
    block = re.search(r"```sh\n(.*?)```", (ROOT / "docs/howto/scale-out.md").read_text("utf-8"), re.DOTALL)
    assert block is not None
    exported: set[str] = set()
    commands = []
    for line in block[1].splitlines():
        match shlex.split(line, comments=True):
            case ["export", *values]:
                exported.update(value.partition("=")[0] for value in values)
            case ["packshot", *words]:
                commands.append(words)
            case other:
                assert not other, f"neither a variable nor a command: {line}"
    return exported, commands


@dataclass
class Machine:
    """A host: programs over a folder of their own."""

    folder: Path
    environment: dict[str, str]
    running: list[psutil.Popen] = field(default_factory=list)

    def start(self, words: list[str]) -> None:
        self.folder.mkdir(exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self.running.append(
                psutil.Popen([COMMAND, *words], env=self._own(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            )

    def run(self, words: list[str]) -> str:
        done = subprocess.run([COMMAND, *words], env=self._own(), capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _own(self) -> dict[str, str]:
        own = {"PACKSHOT_DATA_DIR": str(self.folder / "data"), "PACKSHOT_CACHE_DIR": str(self.folder / "cache")}
        return self.environment | own

    def dies(self) -> None:
        """As when its plug is pulled: no program of it does anything any more."""
        everything = [process for program in self.running for process in (*program.children(True), program)]
        for process in everything:
            process.suspend()
        for process in everything:
            process.kill()
        for program in self.running:
            program.wait()
        self.running.clear()

    def stop(self) -> None:
        for program in self.running:
            program.terminate()
        for program in self.running:
            program.wait(60)
        assert "Traceback" not in (self.folder / "log").read_text("utf-8")


@pytest.fixture
def values(postgres: Postgres, redis_url: str, s3: S3) -> dict[str, str]:
    """What the how-to leaves open."""
    bucket = s3.fresh()
    return {
        "PACKSHOT_DATABASE_URL": postgres.fresh(), "PACKSHOT_REDIS_URL": redis_url, "PACKSHOT_STORE_URL": bucket,
        "PACKSHOT_SECRET": "the same everywhere, and long enough", "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "hidden", "AWS_ENDPOINT_URL": s3.address, "AWS_ALLOW_HTTP": "true",
    }  # fmt: skip


@pytest.fixture
def machines(values: dict[str, str], tmp_path: Path) -> Iterator[Callable[[str], Machine]]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PACKSHOT_", "AWS_"))}
    environment = clean | values | {"PACKSHOT_FAKE_MODELS": "true", "PACKSHOT_PORT": str(free_port())}
    made: list[Machine] = []

    def machine(name: str) -> Machine:
        made.append(Machine(tmp_path / name, environment))
        return made[-1]

    yield machine
    for one in made:
        one.stop()


def test_a_machine_dies_and_every_item_is_finished_once(
    machines: Callable[[str], Machine], values: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    exported, commands = how_to()
    assert exported == set(values)
    workers = [words for words in commands if words[0] == "worker"]
    (api,) = [words for words in commands if words[0] == "api"]
    (first_login,) = [words for words in commands if words[0] == "first-login"]
    assert len(workers) + 2 == len(commands)

    front, one, two = machines("front"), machines("one"), machines("two")
    link = re.search(r"token=(\S+)", front.run(first_login))
    assert link is not None
    front.start(api)
    metrics = {}
    for machine in (one, two):  # they are one machine here, and a port of it is used once
        metrics[machine.folder.name] = port = free_port()
        for words in workers:
            machine.start([str(port) if before == "--metrics-port" else word for before, word in pairs(words)])
    address = f"http://127.0.0.1:{front.environment['PACKSHOT_PORT']}"
    until(lambda: httpx.get(f"{address}/readyz", trust_env=False).is_success)

    with httpx.Client(base_url=f"{address}/api/v1", timeout=60, trust_env=False) as http:
        session = http.post("/invites/accept", json=ME | {"token": link[1]}).raise_for_status().json()
        http.headers["X-CSRF-Token"] = session["csrf"]
        until(lambda: all(b"packshot_" in told(port) for port in metrics.values()))
        styles = [{"style": "color", "options": {"shadow": 0.3 + n / 10}} for n in range(STYLES)]
        wish = {"name": "Apart", "styles": styles, "channels": ["web"], "priority": "standard"}
        parts = {"file": ("photos.zip", photos(), "application/zip"), "batch": (None, json.dumps(wish))}
        batch = http.post("/batches", files=parts).raise_for_status().json()["batch"]["id"]

        def status() -> dict[str, Any]:
            return dict(http.get(f"/batches/{batch}/status").raise_for_status().json())

        until(
            lambda: status()["done"] >= PHOTOS and all(b"packshot_stage_seconds" in told(p) for p in metrics.values())
        )
        one.dies()
        assert status()["counts"]["processing"], "the batch was over before the machine died"
        until(lambda: not status()["counts"]["processing"] and status()["total"] == PHOTOS * STYLES)
        assert status()["counts"]["review"] == PHOTOS * STYLES
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_ALLOW_HTTP"):
        monkeypatch.setenv(name, values[name])
    judge(batch, values)


def judge(batch: str, values: dict[str, str]) -> None:
    """Each item has one version, was finished once, and its files are in the store as they were written."""
    store = Store(values["PACKSHOT_STORE_URL"])
    of_batch = "FROM items i JOIN {} o ON o.item_id = i.id WHERE i.batch_id = %s"
    with psycopg.connect(values["PACKSHOT_DATABASE_URL"]) as connection:

        def rows(columns: str, table: str, rest: str = "") -> list[Any]:
            return connection.execute(f"SELECT {columns} {of_batch.format(table)} {rest}".encode(), (batch,)).fetchall()

        finished = rows("o.item_id, count(*)", "events", "AND o.kind = 'item.review' GROUP BY 1")
        assert sorted(count for _, count in finished) == [1] * PHOTOS * STYLES
        assert len(rows("o.item_id", "item_versions")) == PHOTOS * STYLES
        files = rows("o.item_id, o.channel, o.key, o.sha256", "renditions")
    assert len(files) == len({(item, channel) for item, channel, *_ in files}) == 2 * PHOTOS * STYLES  # web and master
    assert all(hashlib.sha256(store.get(key) or b"").hexdigest() == sha256 for *_, key, sha256 in files)


def photos() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(PHOTOS):
            blocks = np.random.default_rng(number).integers(0, 256, (12, 12, 3), np.uint8)
            picture = io.BytesIO()
            Image.fromarray(blocks).resize((600, 600)).save(picture, "PNG")
            archive.writestr(f"{number:03}.png", picture.getvalue())
    return packed.getvalue()


def pairs(words: list[str]) -> list[tuple[str, str]]:
    return list(zip(["", *words], words, strict=False))


def told(port: int) -> bytes:
    return httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).content


def until(holds: Callable[[], Any], seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            if holds():
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])

"""The service as it is run: everything under one parent, and its programs apart on PostgreSQL, Redis and S3."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import socket
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import redis
from commands import COMMAND

from packshot.service.layer_cache import layer_folder
from packshot.settings import Settings
from places import SAMPLES
from servers import S3, Postgres, postgres, redis_url, s3

__all__ = ["postgres", "redis_url", "s3"]
pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(900),
]  # all of it at once; what takes seconds may take minutes where others work
ME = {"email": "mia@shop.example", "name": "Mia", "password": "correct horse battery"}


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of two of the samples."""
    folder = tmp_path_factory.mktemp("two")
    lines = (SAMPLES / "samples.csv").read_text("utf-8").splitlines()
    kept = [lines[0], *(line for line in lines if "mug.jpg" in line or "can.jpg" in line)]
    (folder / "list.csv").write_text("\n".join(kept) + "\n", "utf-8")
    for name in ("mug.jpg", "can.jpg"):
        shutil.copyfile(SAMPLES / name, folder / name)
    return folder / "list.csv"


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.parent.name in ("amazon", "web", "master")
    }


def test_serve_gives_the_same_files_as_shoot_and_ends_without_a_terminal(
    two: Path, all_samples: Path, tmp_path: Path
) -> None:
    served = tmp_path / "served"
    serve = [COMMAND, "serve", "--data", tmp_path / "data", "--port", str(free_port()), "--develop", two, "-o", served]
    wish = ["-t", "white", "-c", "amazon,web"]
    done = subprocess.run([*serve, *wish], capture_output=True, text=True, timeout=800, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    assert "First sign-in: http://127.0.0.1:" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    made, shot = hashes(served), hashes(all_samples)
    assert len(made) == 6
    assert made == {name: shot[name] for name in made}
    assert not layer_folder(Settings(data_dir=tmp_path / "data")).exists()


@dataclass
class Machines:
    """Programs that share a database, a queue and a store; each has a folder of its own, as on a machine of its own."""

    folder: Path
    environment: dict[str, str]
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            started = subprocess.Popen(
                [COMMAND, *words], env=self._own(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self.running.append(started)
        return started

    def run(self, *words: str) -> str:
        return subprocess.run(
            [COMMAND, *words], env=self._own(), check=True, capture_output=True, text=True, timeout=300
        ).stdout  # fmt: skip

    def _own(self) -> dict[str, str]:
        return self.environment | {"PACKSHOT_DATA_DIR": str(self.folder / f"machine-{len(self.running)}")}


@pytest.fixture
def machines(postgres: Postgres, redis_url: str, s3: S3, tmp_path: Path) -> Iterator[Machines]:
    shared = {
        "PACKSHOT_DATABASE_URL": postgres.fresh(), "PACKSHOT_REDIS_URL": redis_url, "PACKSHOT_STORE_URL": s3.fresh(),
        "PACKSHOT_SECRET": "the same everywhere, and long enough", **s3.environment,
    }  # fmt: skip
    made = Machines(tmp_path, os.environ | shared)
    yield made
    for process in made.running:
        process.terminate()
    for process in made.running:
        process.wait(120)
    assert "Traceback" not in (tmp_path / "log").read_text("utf-8")


def test_its_programs_work_apart_and_a_lost_queue_is_built_again(machines: Machines, redis_url: str) -> None:
    link = machines.run("first-login")
    token = re.search(r"welcome\?token=(\S+)", link)
    assert token is not None, link
    port, metrics = free_port(), free_port()
    machines.start("api", "--port", str(port))
    for stage in ("upscale", "generate", "export", "now"):
        machines.start("worker", stage)
    segment = machines.start("worker", "segment", "--concurrency", "1", "--metrics-port", str(metrics))
    until(lambda: httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code == 200)

    with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=60, trust_env=False) as http:
        session = http.post("/invites/accept", json=ME | {"token": token[1]}).raise_for_status().json()
        http.headers["X-CSRF-Token"] = session["csrf"]
        asked = {"name": "Apart", "styles": [{"style": "white"}], "channels": ["amazon"]}
        parts = {
            "file": ("photos.zip", packed("mug.jpg", "can.jpg", "jar.jpg"), "application/zip"),
            "batch": (None, json.dumps(asked)),
        }
        batch = http.post("/batches", files=parts).raise_for_status().json()["batch"]["id"]
        until(lambda: b"packshot_stage_seconds" in told(metrics))

        # The queue is lost with all that is in it, and a worker with the photo in its hands.
        until(lambda: status(http, batch)["stages"].get("segment"))
        segment.kill()
        redis.Redis.from_url(redis_url).flushall()
        machines.start("worker", "segment")
        assert "queued" in machines.run("requeue")

        until(lambda: status(http, batch)["done"] == 3)
        items = http.get(f"/batches/{batch}/items").json()["items"]
        wish = {"items": [{"id": item["id"], "version": item["version"]} for item in items], "decision": "approve"}
        http.post("/review", json=wish).raise_for_status()
        export = http.post("/exports", json={"batch": batch, "to": {"kind": "zip"}}).raise_for_status().json()["job"]
        until(lambda: http.get(f"/exports/{export}").json()["export"]["status"] == "done")
        address = http.get(f"/exports/{export}").json()["export"]["zip"]
        with zipfile.ZipFile(io.BytesIO(http.get(address).raise_for_status().content)) as archive:
            assert archive.testzip() is None
            assert len([name for name in archive.namelist() if name.endswith(".jpg")]) == 3


def status(http: httpx.Client, batch: str) -> dict[str, Any]:
    found: dict[str, Any] = http.get(f"/batches/{batch}/status").raise_for_status().json()
    return found


def told(port: int) -> bytes:
    return httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).content


def packed(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.write(SAMPLES / name, name)
    return made.getvalue()


def until(holds: Callable[[], Any], seconds: float = 300) -> None:
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


def test_after_the_parent_was_killed_it_starts_anew_on_the_same_folder(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()

    def serve() -> subprocess.Popen[bytes]:
        with (tmp_path / "log").open("ab") as log:
            started = subprocess.Popen(
                [COMMAND, "serve", "--data", data, "--port", str(port)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        before = (tmp_path / "log").stat().st_size
        until(lambda: b"Packshot serves" in (tmp_path / "log").read_bytes()[before:])
        return started

    first = serve()
    programs = psutil.Process(first.pid).children(recursive=True)
    assert len(programs) >= 6
    first.kill()
    first.wait()
    second = serve()
    assert httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False, timeout=60).status_code == 200
    until(lambda: not any(program.is_running() and program.status() != "zombie" for program in programs))
    programs = psutil.Process(second.pid).children(recursive=True)
    second.terminate()
    second.wait(120)
    until(lambda: not any(program.is_running() and program.status() != "zombie" for program in programs))

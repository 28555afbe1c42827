"""A running service to measure: started as a user starts it, spoken to as a program does."""

from __future__ import annotations

import io
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import psutil


class Running:
    """`packshot serve` over a folder of its own, with an API key."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.data, self.port = data, _free_port()
        self._log = data.with_suffix(".log").open("ab")
        given = {f"PACKSHOT_{name.upper()}": value for name, value in settings.items()}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "packshot", "serve", "--data", str(data), "--port", str(self.port)],
            env=os.environ | given, stdout=self._log, stderr=self._log, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        self.address = f"http://127.0.0.1:{self.port}"
        self.key = self._first_key()
        self.http = httpx.Client(
            base_url=f"{self.address}/api/v1", headers={"Authorization": f"Bearer {self.key}"}, timeout=60,
            trust_env=False,
        )  # fmt: skip

    def _first_key(self) -> str:
        said = self.data.with_suffix(".log")
        deadline = time.monotonic() + 90
        while not (found := re.search(r"welcome\?token=(\S+)", said.read_text())):
            assert time.monotonic() < deadline and self.process.poll() is None, said.read_text()[-3000:]
            time.sleep(0.1)
        with httpx.Client(base_url=f"{self.address}/api/v1", trust_env=False) as http:
            me = {"token": found[1], "email": "owner@shop.example", "name": "Owner", "password": "a long password"}
            session = http.post("/invites/accept", json=me).raise_for_status().json()
            wish = {"name": "benchmark", "scopes": ["read", "write", "review", "admin"]}
            result = http.post("/keys", json=wish, headers={"X-CSRF-Token": session["csrf"]}).raise_for_status()
        return str(result.json()["key"])

    def batch(self, files: Iterable[tuple[str, bytes]], request: str) -> str:
        """A batch out of a ZIP of these; asked: the JSON of the request, without its source."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
            for name, content in files:
                archive.writestr(name, content)
        parts = {"file": ("photos.zip", packed.getvalue(), "application/zip"), "batch": (None, request)}
        result = self.http.post("/batches", files=parts)
        assert result.status_code == 202, result.text
        return str(result.json()["batch"]["id"])

    def status(self, batch: str) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get(f"/batches/{batch}/status").raise_for_status().json()
        return found

    def processes(self) -> dict[str, psutil.Process]:
        """`api`, `worker segment`, `valkey` … → the process; each worker's pixel process as `… pixels`."""
        found = {}
        for process in psutil.Process(self.process.pid).children():
            words = process.cmdline()
            name = "valkey" if "valkey" in words[0] else " ".join(words[words.index("packshot") + 1 :])
            found[name] = process
            for child in process.children():
                if "spawn_main" in " ".join(child.cmdline()):
                    found[f"{name} pixels"] = child
        return found

    def stop(self) -> None:
        self.http.close()
        self.process.terminate()
        self.process.wait(60)
        self._log.close()


def cold_cache(folder: Path) -> Path:
    """A cache with the models and nothing else: plates and cut-outs are made anew."""
    usual = Path.home() / ".cache" / "packshot"
    for name in ("models", "compiled"):
        shutil.copytree(usual / name, folder / "cache" / name)
    return folder / "cache"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])

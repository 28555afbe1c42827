"""Finds an LLVM that Dr.Jit, Mitsuba's compiler, can use.

An LLVM that is too old ends the process instead of raising, so each is tried in a process of its own, once per machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from packshot import atomic
from packshot.settings import Settings

FOLDERS = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib",
           "/opt/homebrew/opt/llvm/lib", "/usr/local/opt/llvm/lib")  # fmt: skip
NAMES = ("libLLVM.so.*", "libLLVM-*.so*", "libLLVM.dylib")
OLDEST = 16
REMEDY = "On Debian and Ubuntu: apt install libllvm19. Elsewhere: any LLVM from 16 on."
_TRY = """
import drjit.llvm as llvm, drjit as dr, sys
x = dr.arange(llvm.Float, 8) * 2
dr.eval(x)
sys.exit(0 if dr.sum(x)[0] == 56 else 1)
"""


def find(cache_dir: Path) -> Path | None:
    """The library to use, None where none works.  DRJIT_LIBLLVM_PATH wins where it is set."""
    setting = os.environ.get("DRJIT_LIBLLVM_PATH")
    candidates = [Path(setting)] if setting else _candidates()
    if not candidates:
        return None
    cache = cache_dir / "llvm.json"
    marks = [f"{metadata.version('drjit')} {path} {path.stat().st_mtime_ns}" for path in candidates if path.exists()]
    with suppress(OSError, ValueError, KeyError):
        cached = json.loads(cache.read_text())
        if cached["tried"] == marks:
            return Path(cached["works"]) if cached["works"] else None
    works = next((path for path in candidates if path.exists() and _works(path)), None)
    with suppress(OSError):  # a folder that cannot be written to: tried again next time
        atomic.write(cache, json.dumps({"tried": marks, "works": str(works or "")}).encode())
    return works


def _candidates() -> list[Path]:
    """Newest first, each real file once."""
    versions: dict[Path, int] = {}
    for folder in FOLDERS:
        for name in NAMES:
            for path in Path(folder).glob(name):
                version = "".join(c if c.isdigit() else " " for c in path.name.split("LLVM", 1)[1]).split()
                if path.suffix == ".dylib" or (version and int(version[0]) >= OLDEST):
                    versions.setdefault(path.resolve(), int(version[0]) if version else 99)
    return sorted(versions, key=lambda path: -versions[path])


def _works(path: Path) -> bool:
    with suppress(OSError, subprocess.TimeoutExpired):
        env = os.environ | {"DRJIT_LIBLLVM_PATH": str(path)}
        return subprocess.run([sys.executable, "-c", _TRY], env=env, capture_output=True, timeout=60).returncode == 0
    return False


if __name__ == "__main__":
    works = find(Settings().cache_dir)
    if "--say" in sys.argv and works is None:
        print(f"Rendered sets will be slow here, and their shadows drawn: there is no LLVM that works. {REMEDY}")
    sys.exit(0 if works or "--say" in sys.argv else 1)

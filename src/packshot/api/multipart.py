"""Uploads, read as they arrive: each file into a file of its own, none longer than it may be, names taken for nothing.

The usual form parsers keep a file whatever its length and say so afterwards; here what is too long is not even written.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from packshot.api.bodies import LIST_BYTES
from packshot.catalog.library.photos import safe_name
from packshot.errors import BadInput, DamagedFile, DiskFull, IncompleteUpload, PackshotError, TooLarge

MOST_FILES = 200
_MOST_FIELDS, _FIELD_BYTES, _HEADER_BYTES = 20, 4_096, 8_192
_WRITTEN_AT_ONCE = 2**20
# What still comes of a file that is too long is read and dropped, so that the others are not lost; up to here.
_DROPPED_BYTES = 2**30


@dataclass
class Upload:
    """One file of a form.  error: why it cannot be taken."""

    name: str
    path: Path
    limit: int
    length: int = 0
    error: PackshotError | None = None
    pending: list[bytes] = field(default_factory=list)
    file: IO[bytes] | None = None


@dataclass
class Form:
    fields: dict[str, str] = field(default_factory=dict)
    files: list[Upload] = field(default_factory=list)


async def read_form(
    request: Request, folder: Path, *, limit_of: Callable[[str], int], field_bytes: int = _FIELD_BYTES
) -> Form:
    """A multipart form, its files in `folder`.  limit_of: file name → how many bytes it may have.

    Raises BadInput where it is no form, IncompleteUpload, TooLarge where it holds too much, DiskFull.
    """
    _, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary")
    if not boundary:
        raise BadInput("this form has no boundary.", remedy="Let the client library write the Content-Type header.")
    reader = _Reader(folder, limit_of, field_bytes)
    try:
        parser = MultipartParser(boundary, reader.callbacks())
        async for chunk in _chunks(request):
            parser.write(chunk)
            await reader.write_out()
        parser.finalize()
        await reader.write_out(whole=True)
    except FormParserError:
        raise IncompleteUpload("this is not a whole multipart form.", remedy="Send it again.") from None
    except OSError as error:
        raise _full(error) from error
    finally:
        reader.close()
    if not reader.ended:
        raise IncompleteUpload("this form ends before its end.", remedy="Send it again.")
    return reader.form


async def read_body(request: Request, path: Path, *, limit: int, name: str) -> None:
    """A body that is one file.  Raises TooLarge, DamagedFile where it is empty, DiskFull."""
    size, pending = 0, list[bytes]()
    try:
        with path.open("wb") as file:
            async for chunk in _chunks(request):
                size += len(chunk)
                if size > limit:
                    raise too_large(name, limit)
                pending.append(chunk)
                if sum(map(len, pending)) >= _WRITTEN_AT_ONCE:
                    await asyncio.to_thread(file.write, b"".join(pending))
                    pending.clear()
            await asyncio.to_thread(file.write, b"".join(pending))
    except OSError as error:
        raise _full(error) from error
    if not size:
        raise DamagedFile("the file is empty.", subject=name, remedy="Copy or export it again.")


async def read_small(request: Request, *, limit: int = LIST_BYTES) -> bytes:
    """A body that is to be held in memory.  Raises TooLarge."""
    body = bytearray()
    async for chunk in _chunks(request):
        body += chunk
        if len(body) > limit:
            raise too_large("the request", limit)
    return bytes(body)


def too_large(name: str, limit: int) -> TooLarge:
    return TooLarge(
        f"it is over the limit of {limit / 2**20:.0f} MB.", subject=name, remedy="Export it smaller, or split it."
    )


class _Reader:
    """What the parser calls back, in the order of the form."""

    def __init__(self, folder: Path, limit_of: Callable[[str], int], field_bytes: int) -> None:
        self.form, self.ended = Form(), False
        self._folder, self._limit_of, self._field_bytes = folder, limit_of, field_bytes
        self._name, self._value = bytearray(), bytearray()
        self._disposition = b""
        self._header_bytes = self._parts = 0
        self._field: str | None = None
        self._text = bytearray()
        self._upload: Upload | None = None
        self._unnamed = False
        self._dropped = 0

    def callbacks(self) -> Any:
        return {
            "on_part_begin": self._part, "on_part_data": self._data, "on_part_end": self._part_end,
            "on_header_field": self._header_name, "on_header_value": self._header_value,
            "on_header_end": self._header_end, "on_headers_finished": self._headers, "on_end": self._end,
        }  # fmt: skip

    async def write_out(self, *, whole: bool = False) -> None:
        for upload in self.form.files:
            if upload.pending and (whole or sum(map(len, upload.pending)) >= _WRITTEN_AT_ONCE):
                if upload.file is None:
                    upload.file = upload.path.open("wb")
                content, upload.pending = b"".join(upload.pending), []
                await asyncio.to_thread(upload.file.write, content)
            if upload.file is not None and (whole or upload is not self._upload) and not upload.pending:
                upload.file.close()

    def close(self) -> None:
        for upload in self.form.files:
            if upload.file is not None:
                upload.file.close()

    def _part(self) -> None:
        self._parts += 1
        if self._parts > MOST_FILES + _MOST_FIELDS:
            raise TooLarge("this form has far too many parts.", remedy=f"Send {MOST_FILES} files at once at most.")
        self._disposition, self._field, self._upload, self._header_bytes = b"", None, None, 0
        self._text.clear()

    def _header_name(self, content: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._name += content[start:end]

    def _header_value(self, content: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._value += content[start:end]

    def _count(self, length: int) -> None:
        self._header_bytes += length
        if self._header_bytes > _HEADER_BYTES:
            raise BadInput("a part of this form has headers that are far too long.", remedy="Give it a shorter name.")

    def _header_end(self) -> None:
        if bytes(self._name).lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._name.clear()
        self._value.clear()

    def _headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._field = _text(options.get(b"name", b""))[:100]
        if b"filename" not in options:
            if len(self.form.fields) >= _MOST_FIELDS:
                raise BadInput(f"this form has more than {_MOST_FIELDS} fields.")
            return
        if len(self.form.files) >= MOST_FILES:
            raise TooLarge(f"more than {MOST_FILES} files at once.", remedy="Send them in parts, or as one ZIP.")
        self._unnamed = not options[b"filename"]
        name = safe_name(_text(options[b"filename"]))
        path = self._folder / f"{len(self.form.files):04d}"
        self._upload = Upload(name, path, self._limit_of(name))
        self.form.files.append(self._upload)

    def _data(self, content: bytes, start: int, end: int) -> None:
        upload = self._upload
        if upload is None:
            self._text += content[start:end]
            if len(self._text) > self._field_bytes:
                raise TooLarge(f"the field “{self._field}” is longer than {self._field_bytes} bytes.")
            return
        upload.length += end - start
        if upload.length <= upload.limit:
            upload.pending.append(content[start:end])
            return
        upload.error = upload.error or too_large(upload.name, upload.limit)
        upload.pending.clear()
        self._dropped += end - start
        if self._dropped > _DROPPED_BYTES:
            raise upload.error

    def _part_end(self) -> None:
        if self._upload is None and self._field:
            self.form.fields[self._field] = _text(bytes(self._text))
        elif self._upload is not None and not self._upload.length:
            if self._unnamed:  # what a browser sends for a field of files that was left empty
                self.form.files.remove(self._upload)
            self._upload.error = DamagedFile(
                "the file is empty.", subject=self._upload.name, remedy="Copy or export it again."
            )
        self._upload = None

    def _end(self) -> None:
        self.ended = True


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    try:
        async for chunk in request.stream():
            if chunk:
                yield chunk
    except ClientDisconnect:
        raise IncompleteUpload("the upload broke off.", remedy="Send it again.") from None


def _full(error: OSError) -> PackshotError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull("the disk for uploads is full.", remedy="Make room, then send it again.")
    return IncompleteUpload("the upload could not be written down.", remedy="Send it again.")

"""Errors as RFC 9457 problem details: what is wrong, about what, and what to do."""

from __future__ import annotations

import secrets
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from packshot import errors
from packshot.api.bodies import too_large
from packshot.api.described import headers
from packshot.db.errors import Cause, cause_of
from packshot.errors import (
    DiskFull,
    InProgress,
    NotAllowed,
    NotSignedIn,
    PackshotError,
    StoreAway,
    TooManyTries,
    Unavailable,
    plainly,
)

log = structlog.get_logger(__name__)
JSON = "application/problem+json"


class FieldProblem(BaseModel):
    """One field that was not understood."""

    field: str = Field(description="Its name; of one inside another the path, with dots.", examples=["source.images"])
    words: str = Field(description="What it must be.")


class Problem(BaseModel):
    """What went wrong, in words (RFC 9457)."""

    type: str = Field("about:blank", description="A name for the kind: urn:packshot:problem: and the code.")
    title: str = Field(description="The kind in words.", examples=["Not found"])
    status: int = Field(description="The HTTP status.", examples=[404])
    detail: str = Field(
        description="What is wrong, after what it is about; what to do says `remedy`.",
        examples=["img_1: there is no such photo."],
    )
    code: str = Field(description="The kind, for programs; more may come.", examples=["not_found"])
    subject: str = Field("", description="The file, field, header or id that is at fault; empty where there is none.")
    remedy: str = Field("", description="What to do.", examples=["Load it again, then make your change."])
    errors: list[FieldProblem] = Field([], description="Of a body that was not understood: field by field.")
    reference: str = Field("", description="To quote when asking for help; with 500 only.")


_WORDS = {
    400: "The request could not be read", 401: "Not signed in", 403: "Not allowed", 404: "Not found",
    405: "Not possible with this method", 409: "In conflict with what is there", 412: "Changed in between",
    413: "Too large", 415: "A format that is not read", 422: "Not understood", 428: "Say which state you saw",
    429: "Too many tries", 500: "Packshot itself failed", 502: "Not fetched", 503: "Not available now",
    507: "The disk is full",
}  # fmt: skip
_OTHER_CODES = {
    (400, "bad_request"),
    (405, "method_not_allowed"),
    (422, "bad_json"),
    (422, "bad_request"),
    (500, "fault"),
}


def _codes() -> str:
    """Which codes come with which status."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, PackshotError)]
    codes = _OTHER_CODES | {(kind.status, kind.code) for kind in kinds if kind is not PackshotError}
    return ", ".join(f"{status} `{code}`" for status, code in sorted(codes))


# Every error of every route, described once: api/openapi.py puts it into the description's components.
RESPONSE: dict[str, Any] = {
    "description": f"It was not done: `detail` says why, `remedy` what to do. Its codes: {_codes()}.",
    **headers("Retry-After", "WWW-Authenticate", "X-Request-Id"),
    "content": {JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    range: {"$ref": "#/components/responses/Problem"} for range in ("4XX", "5XX")
}


def add_to(app: FastAPI) -> None:
    @app.exception_handler(PackshotError)
    async def ours(request: Request, error: PackshotError) -> JSONResponse:
        return answer(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        found = error.errors()
        if any(wrong["type"] == "json_invalid" for wrong in found):
            return _problem(422, "bad_json", "The body is not valid JSON.")
        fields = [
            FieldProblem(field=".".join(str(part) for part in wrong["loc"][1:]) or str(wrong["loc"][0]),
                         words=plainly(wrong))
            for wrong in found[:50]
        ]  # fmt: skip
        detail = "; ".join(f"{f.field}: {f.words}" for f in fields[:3])
        return _problem(422, "bad_request", f"{detail}.", errors=fields)

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == 413:
            return answer(too_large(request.scope))
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "bad_request")
        words = {404: "There is nothing at this address.", 405: "This address does not take that method."}
        content = _problem(error.status_code, code, words.get(error.status_code, str(error.detail)))
        content.headers.update(error.headers or {})
        return content

    @app.exception_handler(SQLAlchemyError)
    async def database(request: Request, error: SQLAlchemyError) -> JSONResponse:
        cause = cause_of(error)
        if cause is Cause.FULL:
            return answer(DiskFull("the disk that holds the database is full.", remedy="Make room, then try again."))
        if cause is not None:  # which of them is for the log, and for whoever runs the service
            return answer(Unavailable("the database is not available right now.", remedy="Try again in a moment."))
        words = str(getattr(error, "orig", "")).lower()
        if "surrogates not allowed" in words or "nul (0x00)" in words or "out of range" in words:
            return _problem(422, "bad_request", "A value holds characters or numbers that cannot be kept.")
        return _fault(error)

    @app.exception_handler(StoreAway)
    async def store(request: Request, error: StoreAway) -> JSONResponse:
        log.warning("request.store_away", error=str(error)[:300])
        return answer(Unavailable("the files are not available right now.", remedy="Try again in a moment."))

    @app.exception_handler(UnicodeEncodeError)
    async def no_text(request: Request, error: UnicodeEncodeError) -> JSONResponse:
        return _problem(422, "bad_request", "A value holds characters that are no text.")

    @app.exception_handler(Exception)
    async def fault(request: Request, error: Exception) -> JSONResponse:
        return _fault(error)


def answer(error: PackshotError) -> JSONResponse:
    content = _problem(error.status, error.code, error.sentence, subject=error.subject, remedy=error.remedy)
    if isinstance(error, NotSignedIn):
        content.headers["WWW-Authenticate"] = "Bearer"
    if (isinstance(error, TooManyTries | Unavailable | InProgress) and error.retryable) or error.status == 503:
        content.headers["Retry-After"] = str(error.seconds) if isinstance(error, TooManyTries) else "5"
    return content


def _fault(error: Exception) -> JSONResponse:
    reference = secrets.token_hex(6)
    log.error("request.fault", reference=reference, error=type(error).__name__, exc_info=error)
    return _problem(500, "fault", f"Packshot itself failed. Please report it with {reference}.", reference=reference)


def _problem(status: int, code: str, detail: str, **more: Any) -> JSONResponse:
    content = Problem(
        type=f"urn:packshot:problem:{code}", title=_WORDS.get(status, "Error"), status=status, detail=detail, code=code,
        **more,
    )  # fmt: skip
    return JSONResponse(content.model_dump(mode="json"), status, media_type=JSON)


__all__ = ["PROBLEMS", "RESPONSE", "NotAllowed", "Problem", "add_to", "answer"]

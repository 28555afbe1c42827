"""The error tree. Each error has a status, a code, whether a retry may help, and words fit for a user.

PackshotError
├── BadInput              422  the file or the option is at fault; the words name it, the limit and the remedy
│   ├── UnsupportedFormat 415  not a photo format that is read here
│   ├── DamagedFile       422  truncated, empty, or not what its first bytes say
│   ├── TooLarge          413  over a limit on bytes, pixels, frames or files
│   ├── UnsafeInput       422  a path trick, a polyglot, an address inside the private network
│   ├── BadOption         422  an option, a slider, a manifest column
│   └── IncompleteUpload  422  it broke off, or its form is not whole; sent again it may arrive
├── NotFound              404  no template, channel or model of that id
│   └── NoSuchCollection  404  it was deleted, or never was in this workspace
├── NotSignedIn           401  no session, no key, or one that has expired
├── NotAllowed            403  signed in, but not for this: a scope, a role, a missing CSRF token
├── Conflict              409  it exists already, or is in a state that does not allow this
│   ├── BreaksRule        409  approving a file that breaks a channel's hard rule, without `anyway`
│   ├── InProgress        409  the same request is at work right now; retry
│   └── AlreadyDone       409  the same request was done, and its answer is not stored
├── OutOfDate             412  somebody else changed it in between (If-Match)
├── PreconditionRequired  428  it must be said which state was seen (If-Match)
├── TooManyTries          429  wait, then try again
├── FetchFailed           502  a download did not arrive; retry
├── OutOfMemory           503  the pixel process was ended while it worked; a smaller picture may pass
├── Fault                 500  Packshot's own fault in the pixel process; `stack` says where
└── Unavailable           503  something that this machine lacks; the words say how to get it
    ├── NoSuchModel       422  what was asked for needs a kind of model that is not installed
    ├── DiskFull          507  nothing was lost; it goes on once there is room
    └── WeightsMissing    503  a model's weights have not been fetched yet
"""

from __future__ import annotations

from typing import ClassVar

from pydantic_core import ErrorDetails


class PackshotError(Exception):
    """Base of every error a user may see. `subject` is the file, option or id at fault, `remedy` what to do."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False
    last_remedy: ClassVar[str] = ""  # once it is not tried again, where something else is to be done then

    def __init__(self, problem: str, *, subject: str = "", remedy: str = "") -> None:
        self.subject, self.problem, self.remedy = subject, problem, remedy
        super().__init__(self.message)

    @property
    def sentence(self) -> str:
        """What, and why: for where the remedy stands by itself."""
        return f"{self.subject}: {self.problem}" if self.subject else self.problem

    @property
    def message(self) -> str:
        """One line for a user: what, why, what to do."""
        return f"{self.sentence} {self.remedy}".strip()


class BadInput(PackshotError):
    status, code = 422, "bad_input"


class UnsupportedFormat(BadInput):
    status, code = 415, "unsupported_format"


class DamagedFile(BadInput):
    code = "damaged_file"


class TooLarge(BadInput):
    status, code = 413, "too_large"


class UnsafeInput(BadInput):
    code = "unsafe_input"


class BadOption(BadInput):
    code = "bad_option"


class IncompleteUpload(BadInput):
    code, retryable = "incomplete_upload", True


class NotFound(PackshotError):
    status, code = 404, "not_found"


class NoSuchCollection(NotFound):
    code = "no_such_collection"


class NotSignedIn(PackshotError):
    status, code = 401, "not_signed_in"


class NotAllowed(PackshotError):
    status, code = 403, "not_allowed"


class Conflict(PackshotError):
    status, code = 409, "conflict"


class BreaksRule(Conflict):
    code = "breaks_rule"


class InProgress(Conflict):
    code, retryable = "in_progress", True


class AlreadyDone(Conflict):
    code = "already_done"


class OutOfDate(PackshotError):
    status, code = 412, "out_of_date"


class PreconditionRequired(PackshotError):
    status, code = 428, "precondition_required"


class TooManyTries(PackshotError):
    """seconds: until another try may pass."""

    status, code, retryable = 429, "too_many_tries", True

    def __init__(self, problem: str, *, subject: str = "", remedy: str = "", seconds: int = 60) -> None:
        super().__init__(problem, subject=subject, remedy=remedy)
        self.seconds = seconds


class FetchFailed(PackshotError):
    status, code, retryable = 502, "fetch_failed", True


class Unavailable(PackshotError):
    status, code = 503, "unavailable"


class StoreAway(Exception):
    """The store does not answer, and why.  No PackshotError: a photo's work waits, and is not to blame."""


class NoSuchModel(Unavailable):
    status, code = 422, "no_such_model"


class DiskFull(Unavailable):
    status, code, retryable = 507, "disk_full", True


class WeightsMissing(Unavailable):
    code = "weights_missing"


class OutOfMemory(PackshotError):
    """The pixel process was ended while it worked; a smaller picture may pass."""

    status, code, retryable = 503, "out_of_memory", True
    last_remedy = (
        "It was tried with ever fewer pixels. Use a smaller photo, or give the workers more memory "
        "(PACKSHOT_WORKER_MEMORY_BYTES), then try it again."
    )


class Fault(PackshotError):
    """Packshot's own fault in the pixel process; `stack` says where."""

    code, retryable = "fault", True
    stack: str = ""


def plainly(wrong: ErrorDetails) -> str:
    """A field's fault in the words of a user instead of a validator's."""
    if wrong["type"] in ("float_parsing", "int_parsing", "float_type", "int_type"):
        return "it takes a number"
    if wrong["type"] == "string_pattern_mismatch" and "fA-F" in str(wrong.get("ctx")):
        return "a colour is written #rrggbb"
    if wrong["type"] == "string_pattern_mismatch" and "[a-z0-9]" in str(wrong.get("ctx")):
        return "it takes lower-case letters, digits and hyphens"
    if wrong["type"] == "string_pattern_mismatch":
        return "it is not written as it should be"
    if wrong["type"] in ("string_too_short", "string_too_long", "too_short", "too_long"):
        limits = wrong.get("ctx") or {}
        least, most = limits.get("min_length"), limits.get("max_length")
        return f"it has at least {least} in it" if least is not None else f"it has at most {most} in it"
    return wrong["msg"].removeprefix("Value error, ").replace("Input should be", "it must be")

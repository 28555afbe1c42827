"""Logs: one JSON object a line, with the fields of its job, other libraries included, and no secret in any of it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packshot.logs import HIDDEN, redacted, without_secrets

PROGRAM = """
import logging, warnings, structlog
from packshot import logs
early = structlog.get_logger("packshot.early")
logs.configure()
logs.configure()
log = structlog.get_logger("packshot.service.worker")
with structlog.contextvars.bound_contextvars(job="job_1"):
    log.info("step.done", step="segment", ms=12, password="hunter2")
log.debug("not.shown")
early.warning("from.before")
try:
    raise ValueError("could not open postgresql://packshot:hunter2@db/packshot")
except ValueError as error:
    log.error("step.failed", exc_info=error)
logging.getLogger("some.library").info("started %s", "http://x/?token=hunter2")
logging.getLogger("uvicorn.error").info("Waiting for application startup.")
logging.getLogger("uvicorn.access").error("GET /welcome?token=hunter2")
logging.getLogger("httpx").info("not shown")
logging.getLogger("sqlalchemy.engine").warning("shown")
warnings.warn("old", UserWarning)
"""


def lines() -> list[dict[str, Any]]:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert "hunter2" not in done.stderr
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_each_event_is_a_json_line_with_the_fields_of_its_job() -> None:
    found = lines()
    events = [line["event"] for line in found]
    assert events[:5] == ["step.done", "from.before", "step.failed", f"started http://x/?token={HIDDEN}", "shown"]
    assert "UserWarning: old" in events[5]
    assert len(events) == 6
    first = found[0]
    assert (first["job"], first["step"], first["ms"], first["level"]) == ("job_1", "segment", 12, "info")
    assert (first["logger"], first["password"]) == ("packshot.service.worker", HIDDEN)
    assert first["at"].endswith("Z")
    assert "job" not in found[1]
    assert f"postgresql://{HIDDEN}@db/packshot" in found[2]["exception"]


def test_at_a_terminal_lines_are_for_reading() -> None:
    ours, theirs = pty.openpty()
    try:
        subprocess.run([sys.executable, "-c", PROGRAM], stderr=theirs, check=True)
        shown = os.read(ours, 65536).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert "step.done" in shown
    assert not shown.startswith("{")
    assert "hunter2" not in shown


@pytest.mark.parametrize(
    "name",
    ["password", "new_password", "token", "token_hash", "csrf_token", "secret", "secret_access_key", "Authorization",
     "authorization", "Cookie", "set-cookie", "api_key", "key_hash", "password_hash", "hash", "csrf", "session",
     "session_id",     "private_key", "access_key_id_secret", "X-Packshot-Signature"],
)  # fmt: skip
def test_a_field_with_a_secret_name_is_hidden_at_any_depth(name: str) -> None:
    event = {"event": "x", name: "s3cr3t", "inside": [{name: ["s3cr3t"]}, {"more": {name: {"x": "s3cr3t"}}}]}
    assert "s3cr3t" not in json.dumps(redacted(None, "info", event))


def test_other_fields_stay_as_they_are() -> None:
    event = {
        "event": "step.done", "job": "job_1", "key": "originals/ws/0a1b", "sha256": "0a1b", "tickets": 3, "ok": True,
        "token_count": 4, "api_key_id": "key_1", "ms": 1.5, "nothing": None, "names": ["shoe.jpg"], "token": None,
        "address": "http://127.0.0.1:8484/docs?page=2#top", "mail": "someone@example.com",
    }  # fmt: skip
    assert redacted(None, "info", dict(event)) == event


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("key psk_live_s3cr3t was used", "psk_"),
        ("whsec_s3cr3t==", "whsec_"),
        ("Authorization: Bearer s3cr3t.s3cr3t", "Bearer"),
        ("curl -H 'authorization: Basic s3cr3t='", "Basic"),
        ("postgresql://packshot:s3cr3t@db:5432/packshot", "@db:5432/packshot"),
        ("redis://:s3cr3t@cache/0", "@cache/0"),
        ("https://s3cr3t@example.com/x", "@example.com/x"),
        ("postgresql://packshot:s3/cr3t@s3cr3t@db/packshot", "/packshot"),
        ("GET /welcome?token=s3cr3t&next=/", "&next=/"),
        ("https://b.s3.amazonaws.com/x?X-Amz-Credential=s3cr3t&X-Amz-Signature=s3cr3t&X-Amz-Expires=9", "Expires=9"),
        ("/api/v1/files/s3cr3ts3cr3ts3cr3t.aW5.s3cr3ts3cr3ts3cr3t", "/api/v1/files/"),
        ("Set-Cookie: packshot_session=s3cr3t; HttpOnly", "Cookie"),
        ("{'password': 's3cr3t', 'name': 'me'}", "'name': 'me'"),
        ('{"client_secret":"s3cr3t"}', "client_secret"),
        ("$argon2id$v=19$m=65536,t=3,p=4$s3cr3t$s3cr3t is no match", "is no match"),
        ("[SQL: INSERT INTO users]\n[parameters: ('me', 's3cr3t')]\n(Background)", "(Background)"),
        ("DETAIL:  Key (token_hash)=(s3cr3t) already exists.", "already exists"),
    ],
)
def test_what_looks_like_a_secret_is_taken_out_of_longer_texts(text: str, kept: str) -> None:
    shown = without_secrets(text)
    assert "s3cr3t" not in shown
    assert kept in shown


def test_an_object_is_shown_without_its_secrets() -> None:
    class Odd:
        def __repr__(self) -> str:
            return "Odd(password='s3cr3t')"

    shown = redacted(None, "info", {"event": "x", "odd": Odd(), "raw": b"s3cr3t"})
    assert "s3cr3t" not in json.dumps(shown)


@given(st.text(max_size=300))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert without_secrets(without_secrets(text)) == without_secrets(text)

"""Who runs the service is told what failed for good: in the log, and by webhook or mail where configured.

What fails in a burst is one message a minute with a count. A message that cannot be sent is a line in the log; the work
never waits for it.
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import structlog

from packshot.catalog.jobs import Claim
from packshot.db.tables import now
from packshot.settings import Settings

log = structlog.get_logger(__name__)

EVERY_SECONDS, SEND_SECONDS = 60.0, 15.0
SHOWN = 20  # failures that a message names


class Alerts:
    """Of one worker.  Close it to send what is left."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._failed: list[dict[str, Any]] = []
        self._sending: asyncio.Task[None] | None = None

    def dead_letter(self, claim: Claim, code: str, reason: str) -> None:
        """A job failed for good.  reason: in the words that the list of failures shows."""
        log.error("dead_letter", stage=claim.ref.stage, code=code, reason=reason[:300], batch=claim.batch_id)
        if not (self._settings.alert_webhook.get_secret_value() or self._settings.alert_mail):
            return
        self._failed.append({
            "kind": claim.kind, "id": claim.ref.id, "batch": claim.batch_id, "workspace": claim.workspace_id,
            "stage": claim.ref.stage, "code": code, "reason": reason, "at": now(),
        })  # fmt: skip
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send_by_and_by())

    async def close(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
        if self._failed:
            await self._send()

    async def _send_by_and_by(self) -> None:
        """The first at once, then whatever comes within a minute together."""
        while self._failed:
            await self._send()
            await asyncio.sleep(EVERY_SECONDS)

    async def _send(self) -> None:
        failed, self._failed = self._failed, []
        message = {
            "type": "dead_letters", "count": len(failed), "failures": failed[:SHOWN],
            "list": f"{self._settings.address}/batches",
        }  # fmt: skip
        if address := self._settings.alert_webhook.get_secret_value():
            await _tried("webhook", _post(address, message))
        if self._settings.alert_mail:
            await _tried("mail", asyncio.to_thread(_mail, self._settings, message))


async def _tried(how: str, sending: Any) -> None:
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await sending
    except (httpx.HTTPError, OSError, smtplib.SMTPException, TimeoutError) as error:
        log.warning("alert.not_sent", how=how, error=str(error)[:300] or type(error).__name__)


async def _post(address: str, message: dict[str, Any]) -> None:
    async with httpx.AsyncClient(timeout=SEND_SECONDS) as http:
        (await http.post(address, json=message)).raise_for_status()


def _mail(settings: Settings, message: dict[str, Any]) -> None:
    mail = EmailMessage()
    count = message["count"]
    mail["Subject"] = f"Packshot: {count} {'photo or job' if count == 1 else 'photos or jobs'} failed for good"
    mail["From"], mail["To"] = settings.alert_mail, settings.alert_mail
    lines = [f"{one['kind']} {one['id']}, {one['stage']}: {one['reason']}" for one in message["failures"]]
    if count > len(lines):
        lines.append(f"and {count - len(lines)} more")
    mail.set_content("\n".join([*lines, "", f"All of them, and trying them again: {message['list']}"]))
    to = urlsplit(settings.smtp_url.get_secret_value() or "smtp://localhost:25")
    if to.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(to.hostname or "", to.port or 465, timeout=SEND_SECONDS)
    else:
        server = smtplib.SMTP(to.hostname or "", to.port or 587, timeout=SEND_SECONDS)
    with server:
        if to.scheme != "smtps" and to.username:
            server.starttls(context=ssl.create_default_context())
        if to.username:
            server.login(unquote(to.username), unquote(to.password or ""))
        server.send_message(mail)

"""Who asks, and from where: a signed-in member, by cookie, or a program, by API key; and what they may do."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any
from urllib.parse import urlsplit

import structlog
from fastapi import Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from packshot.api.idempotency import claim
from packshot.api.service import Service
from packshot.catalog.accounts import api_keys, roles, sessions, workspaces
from packshot.db.tables import now
from packshot.errors import NotAllowed, NotSignedIn

log = structlog.get_logger(__name__)

COOKIE = "packshot_session"
CSRF_HEADER = "X-CSRF-Token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_USED_EVERY = 60.0

bearer = HTTPBearer(auto_error=False, scheme_name="key", description="An API key: `Authorization: Bearer psk_…`.")
cookie = APIKeyCookie(
    name=COOKIE, auto_error=False, scheme_name="session", description="The session of somebody who signed in."
)

_Key = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]
_Session = Annotated[str | None, Security(cookie)]


@dataclass(frozen=True, slots=True)
class Principal:
    workspace_id: str
    user_id: str | None
    key_id: str | None
    role: str
    scopes: frozenset[str]
    csrf: str = ""
    name: str = ""
    email: str = ""

    @property
    def by(self) -> str:
        """Whom a change is put down to."""
        return self.user_id or self.key_id or ""


async def identify(svc: Service, *, key: str = "", session: str = "") -> Principal:
    """Raises NotSignedIn."""
    if key:
        async with svc.db.read() as tx:
            mine = await api_keys.key_of(tx, key)
        if now() - (mine.last_used_at or 0) > _USED_EVERY:
            async with svc.db.write() as tx:
                await api_keys.used(tx, mine.id)
        return Principal(mine.workspace_id, None, mine.id, "key", mine.scopes, name=mine.name)
    if not session:
        raise NotSignedIn("this needs a signed-in member or an API key.", remedy="Sign in, or send a key.")
    async with svc.db.read() as tx:
        member = await sessions.session_of(tx, session)
    scopes = roles.SCOPES[member.role]
    return Principal(
        member.workspace_id, member.user_id, None, member.role, scopes, member.csrf, member.name, member.email
    )


async def check_runs_installation(svc: Service, who: Principal) -> None:
    """What concerns all workspaces is for those of the first one.  Raises NotAllowed for others."""
    async with svc.db.read() as tx:
        if who.workspace_id != await workspaces.first_id(tx):
            raise NotAllowed(
                "this is for those who run this installation.", remedy="Ask an owner of its first workspace."
            )


def same_origin(svc: Service, request: Any) -> bool:
    """Whether a browser that says where it comes from comes from here."""
    origin = request.headers.get("origin")
    if origin is None:
        return True
    try:
        host = urlsplit(origin).netloc
    except ValueError:
        return False
    return bool(host) and host in (request.headers.get("host"), urlsplit(svc.settings.address).netloc)


def address_of(svc: Service, request: Request) -> str:
    """Where a request comes from; uvicorn has put in what a trusted proxy says of it."""
    if was_forwarded(request) and not svc.settings.trusted_proxies:
        _say_that_no_proxy_is_trusted()
    return request.client.host if request.client else ""


def was_forwarded(request: Request) -> bool:
    return any(name in request.headers for name in ("x-forwarded-for", "forwarded", "x-real-ip", "via"))


@cache
def _say_that_no_proxy_is_trusted() -> None:
    log.warning(
        "proxy.not_trusted", remedy="Name it in PACKSHOT_TRUSTED_PROXIES; till then all its users count as one."
    )


def bearer_key(authorization: str) -> str:
    """The key in an Authorization header; "" where there is none."""
    scheme, _, key = authorization.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _needs(scope: str) -> Any:
    async def principal(request: Request, key: _Key, session: _Session) -> Principal:
        svc: Service = request.app.state.service
        who = await identify(svc, key=key.credentials if key else "", session="" if key else session or "")
        if who.user_id and request.method not in _SAFE:
            sent = request.headers.get(CSRF_HEADER, "")
            if not same_origin(svc, request) or not hmac.compare_digest(sent.encode(), who.csrf.encode()):
                raise NotAllowed(
                    "this change did not come from Packshot's own pages.", remedy=f"Send the session's {CSRF_HEADER}."
                )
        if scope not in who.scopes:
            words = {"admin": "an owner"}.get(scope, f"the scope “{scope}”")
            raise NotAllowed(f"this needs {words}.", remedy="Ask an owner of the workspace.")
        await claim(svc, request, workspace_id=who.workspace_id, by=who.by)
        return who

    principal.__name__ = f"needs_{scope}"
    return principal


Reader = Annotated[Principal, Security(_needs("read"), scopes=["read"])]
Editor = Annotated[Principal, Security(_needs("write"), scopes=["write"])]
Reviewer = Annotated[Principal, Security(_needs("review"), scopes=["review"])]
Admin = Annotated[Principal, Security(_needs("admin"), scopes=["admin"])]

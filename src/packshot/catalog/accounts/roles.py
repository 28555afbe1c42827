"""What a member, or a program with an API key, may do."""

from __future__ import annotations

from typing import Literal

Role = Literal["owner", "member"]
Scope = Literal["read", "write", "review", "admin"]
SCOPES: dict[Role, frozenset[Scope]] = {
    "owner": frozenset({"read", "write", "review", "admin"}),
    "member": frozenset({"read", "write", "review"}),
}

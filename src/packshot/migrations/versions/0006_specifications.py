"""Specifications of one's own, and which one a batch was made with.

A batch of before was styles × channels, and stays that.
"""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "specifications",
        sa.Column("workspace_id", sa.String(40), sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column("deleted_at", sa.Double(), nullable=True),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_specifications_workspace_id_id")),
    )
    with op.batch_alter_table("batches", recreate=_copied()) as batch_op:
        batch_op.add_column(sa.Column("specification", sa.JSON(), nullable=True))


def _copied() -> Literal["always", "auto"]:
    """SQLite would add the column behind the constraints, and its table would read unlike a new one."""
    return "always" if op.get_context().dialect.name == "sqlite" else "auto"


def downgrade() -> None:
    with op.batch_alter_table("batches") as batch_op:
        batch_op.drop_column("specification")
    op.drop_table("specifications")

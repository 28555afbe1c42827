"""Each check that warns or fails is a row: lists look them up instead of reading JSON as text."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

SOURCES = (  # table, and of whose findings the rows are: owner, version, channel
    ("photos", "t.id, 0, ''"),
    ("item_versions", "t.item_id, t.version, ''"),
    ("renditions", "t.item_id, t.version, t.channel"),
)


def upgrade() -> None:
    op.create_table(
        "findings",
        sa.Column("owner_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("check", sa.String(length=40), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_findings_workspace_id"),
        sa.PrimaryKeyConstraint("owner_id", "version", "channel", "check", name="pk_findings"),
    )
    for table, owner in SOURCES:
        _carry_over(table, owner)


def downgrade() -> None:
    op.drop_table("findings")


def _carry_over(table: str, owner: str) -> None:
    """Of a check that is there twice the graver verdict is taken: “fail” sorts before “warn”."""
    if op.get_context().dialect.name == "postgresql":
        each, check, verdict = "json_array_elements(t.findings)", "f.value ->> 'check'", "f.value ->> 'verdict'"
    else:
        each = "json_each(t.findings)"
        check, verdict = "json_extract(f.value, '$.check')", "json_extract(f.value, '$.verdict')"
    op.execute(
        'INSERT INTO findings (owner_id, version, channel, "check", workspace_id, verdict) '
        f"SELECT {owner}, {check}, t.workspace_id, min({verdict}) FROM {table} AS t, {each} AS f "
        f"WHERE {verdict} IN ('warn', 'fail') GROUP BY 1, 2, 3, 4, 5"
    )

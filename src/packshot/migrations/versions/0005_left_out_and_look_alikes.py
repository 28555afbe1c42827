"""What a batch leaves out is written down; photos are found by parts of their fingerprints; how long a product is.

A batch of before left nothing out.  How long a product is in its photo is known once it is cut out again.
"""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

MEASURED = ("photos", "mattes")
PARTS = ((1, 4), (5, 3), (8, 3), (11, 3), (14, 3))  # first digit, number of digits


def upgrade() -> None:
    with op.batch_alter_table("batches") as batch_op:
        batch_op.add_column(sa.Column("left_out", sa.JSON(), nullable=True))
    op.execute("UPDATE batches SET left_out = '[]'")
    with op.batch_alter_table("batches", recreate=_copied()) as batch_op:
        batch_op.alter_column("left_out", existing_type=sa.JSON(), nullable=False)
    for table in MEASURED:
        with op.batch_alter_table(table, recreate=_copied()) as batch_op:
            batch_op.add_column(sa.Column("product_px", sa.Integer(), nullable=True))
    for number, (first, digits) in enumerate(PARTS):
        op.execute(
            f"CREATE INDEX ix_photos_fingerprint_part_{number} ON photos "
            f"(workspace_id, substr(fingerprint, {first}, {digits}), id) WHERE deleted_at IS NULL"
        )


def _copied() -> Literal["always", "auto"]:
    """SQLite would add the column behind the constraints, and its table would read unlike a new one."""
    return "always" if op.get_context().dialect.name == "sqlite" else "auto"


def downgrade() -> None:
    for number in range(len(PARTS)):
        op.drop_index(f"ix_photos_fingerprint_part_{number}", "photos")
    for table in MEASURED:
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column("product_px")
    with op.batch_alter_table("batches") as batch_op:
        batch_op.drop_column("left_out")

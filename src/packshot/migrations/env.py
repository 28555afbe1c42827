"""What Alembic runs: the changes, in the transaction that `db.upgrade` opened, or the comparison with `db.tables`."""

from __future__ import annotations

from alembic import context

from packshot.db.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_type=True,
    render_as_batch=True,  # SQLite changes a table by copying it
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()

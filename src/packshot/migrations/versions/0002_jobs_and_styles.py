"""Runs are called jobs, and looks are called styles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TABLES = (("runs", "jobs"), ("templates", "styles"))
COLUMNS = (  # table, before, after
    ("batches", "run_id", "job_id"),
    ("events", "run_id", "job_id"),
    ("deliveries", "run_id", "job_id"),
    ("batches", "looks", "styles"),
    ("items", "template_id", "style_id"),
    ("item_versions", "template", "style"),
)
JOB_INDEXES = (["workspace_id", "id"], ["status", "touched_at"])


def upgrade() -> None:
    for before, after in TABLES:
        _rename_table(before, after)
    for table, before, after in COLUMNS:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {before} TO {after}")
    for columns in JOB_INDEXES:
        op.drop_index(f"ix_runs_{'_'.join(columns)}", "jobs")
        op.create_index(f"ix_jobs_{'_'.join(columns)}", "jobs", columns)
    _deliveries_by("run_id", "job_id", "jobs")
    op.execute("UPDATE events SET kind = 'job.' || substr(kind, 5) WHERE kind LIKE 'run.%'")
    _rename_ids("run_", "job_", "jobs", "job_id")
    _replace("reviews", "before", '"template_id"', '"style_id"')  # what undo goes back to
    _replace("jobs", "request", '"template"', '"style"')  # what is still to be done
    _replace("jobs", "request", '"looks"', '"styles"')


def downgrade() -> None:
    _replace("jobs", "request", '"styles"', '"looks"')
    _replace("jobs", "request", '"style"', '"template"')
    _replace("reviews", "before", '"style_id"', '"template_id"')
    _rename_ids("job_", "run_", "jobs", "job_id")
    op.execute("UPDATE events SET kind = 'run.' || substr(kind, 5) WHERE kind LIKE 'job.%'")
    for table, before, after in reversed(COLUMNS):
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {after} TO {before}")
    for before, after in TABLES:
        _rename_table(after, before)
    for columns in JOB_INDEXES:
        op.drop_index(f"ix_jobs_{'_'.join(columns)}", "runs")
        op.create_index(f"ix_runs_{'_'.join(columns)}", "runs", columns)
    _deliveries_by("job_id", "run_id", "runs")


def _rename_table(before: str, after: str) -> None:
    op.rename_table(before, after)
    _rename_constraints(after, {f"pk_{before}": f"pk_{after}", f"fk_{before}_workspace_id": f"fk_{after}_workspace_id"})


def _deliveries_by(before: str, after: str, table: str) -> None:
    """Constraints and the index of deliveries are named after the column, which has its new name already."""
    op.drop_index(f"ix_deliveries_{before}_status_id", "deliveries")
    _rename_constraints(
        "deliveries",
        {
            f"fk_deliveries_{before}": f"fk_deliveries_{after}",
            f"uq_deliveries_{before}_item_id_version_channel": f"uq_deliveries_{after}_item_id_version_channel",
        },
    )
    op.create_index(f"ix_deliveries_{after}_status_id", "deliveries", [after, "status", "id"])


def _rename_ids(before: str, after: str, table: str, column: str) -> None:
    """Ids sort by age only where they begin alike."""
    is_postgresql = op.get_context().dialect.name == "postgresql"
    if is_postgresql:
        op.drop_constraint(f"fk_deliveries_{column}", "deliveries")
    for name, id in ((table, "id"), ("batches", column), ("events", column), ("deliveries", column)):
        op.execute(f"UPDATE {name} SET {id} = '{after}' || substr({id}, 5) WHERE substr({id}, 1, 4) = '{before}'")
    if is_postgresql:
        op.create_foreign_key(f"fk_deliveries_{column}", "deliveries", table, [column], ["id"])


def _rename_constraints(table: str, names: dict[str, str]) -> None:
    """SQLite has no words for this: the table is copied into one that has the new names."""
    if op.get_context().dialect.name == "postgresql":
        for before, after in names.items():
            op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {before} TO {after}")
        return
    reflected = sa.Table(table, sa.MetaData(), autoload_with=op.get_bind(), resolve_fks=False)
    for constraint in reflected.constraints:
        constraint.name = names.get(str(constraint.name), constraint.name)
    with op.batch_alter_table(table, copy_from=reflected, recreate="always"):
        pass


def _replace(table: str, column: str, before: str, after: str) -> None:
    """Another key in a column of JSON: inside a value quotation marks are escaped."""
    if op.get_context().dialect.name == "postgresql":
        statement = f"UPDATE {table} SET {column} = replace(CAST({column} AS text), :before, :after)::json"
    else:
        statement = f"UPDATE {table} SET {column} = replace({column}, :before, :after)"
    op.get_bind().execute(sa.text(statement), {"before": f"{before}: ", "after": f"{after}: "})

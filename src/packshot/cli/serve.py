"""`packshot serve`, and its programs apart: `packshot api`, `packshot worker STAGE`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from packshot import logs
from packshot.catalog.accounts import invites
from packshot.channel import channels
from packshot.cli.common import ids_of, make_data_folder, not_writable, say
from packshot.cli.first import FirstBatch
from packshot.db import Database
from packshot.db.upgrade import upgrade
from packshot.errors import BadOption
from packshot.models.local import cutting_models
from packshot.models.zoo import licence_notices
from packshot.service.queues import STAGES
from packshot.service.supervisor import Supervisor, check_address
from packshot.settings import Settings

LOG_BYTES = 16 << 20  # a log that is longer at the start is put aside
Data = Annotated[Path | None, typer.Option("--data", help="The folder for all that the service keeps.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on; 0.0.0.0 for the whole network.")]
Port = Annotated[int | None, typer.Option(min=1, max=65_535, help="Port to listen on.")]


def add_to(app: typer.Typer) -> None:
    for command in (serve, api, worker, first_login):
        app.command(command.__name__.replace("_", "-"))(command)


def serve(
    data: Data = None,
    host: Host = None,
    port: Port = None,
    develop: Annotated[
        Path | None, typer.Option("--develop", metavar="LIST", help="Develop the photos of this CSV as a first batch.")
    ] = None,
    looks: Annotated[
        list[str], typer.Option("--template", "-t", help="The first batch's look; more make more batches.")
    ] = ["white"],
    channel_ids: Annotated[list[str], typer.Option("--channel", "-c", help="The first batch's channels.")] = [
        "shopify"
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the first batch's files.")] = Path("out"),
    log: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the log here and not to the screen.")] = None,
) -> int:
    """Run the whole service on this machine until Ctrl+C: API, workers, queue, all in one data folder.

    With --develop and without a terminal it ends when that batch is done.
    """
    settings = settings_of(data, host, port)
    make_data_folder(settings)
    log_to = _log_file(log) if log else None
    logs.configure(log_to)
    supervisor = Supervisor(settings, log_to=log_to)
    supervisor.stop_on_signals()
    try:
        supervisor.start()
        for notice in licence_notices([*cutting_models(settings), "open-nsfw"]):
            say(f"note: {notice}")
        if not supervisor.ready():
            return 0
        link = asyncio.run(_first_login(settings))
        say(f"Packshot serves {settings.address}  (API reference: {settings.address}/docs)")
        if link:
            say(f"First sign-in: {link}")
        if log:
            say(f"Its log: {log}")
        if develop is not None:
            code = 0
            for number, (look, suiting) in enumerate(_suiting(settings, ids_of(looks), ids_of(channel_ids)).items()):
                folder = out / look if number else out
                batch = FirstBatch(settings, develop, template_id=look, channels=suiting, out=folder)
                code = max(code, batch.follow(supervisor))
                if supervisor.stopping:
                    return code
            if not sys.stdout.isatty() or supervisor.stopping:
                return code
        say("Press Ctrl+C to stop.")
        supervisor.watch()
        return 0
    finally:
        if supervisor.pids:
            say("Stopping: what is at work goes back into the queue.")
        supervisor.stop()


def api(data: Data = None, host: Host = None, port: Port = None) -> int:
    """Run the API alone; PACKSHOT_DATABASE_URL, PACKSHOT_REDIS_URL and PACKSHOT_STORE_URL say where the rest is."""
    from packshot.api.app import run

    settings = settings_of(data, host, port)
    make_data_folder(settings)
    check_address(settings.host, settings.port)
    logs.configure()
    run(settings)
    return 0


def worker(
    stage: Annotated[
        str,
        typer.Argument(
            metavar="STAGE",
            help=f"One of {', '.join(STAGES)}; or now: what a person waits for, urgent photos, imports and exports.",
        ),
    ],
    concurrency: Annotated[int, typer.Option(min=0, max=64, help="Photos in work at once; 0 chooses.")] = 0,
    metrics_port: Annotated[
        int | None, typer.Option(min=1, max=65_535, help="Tell Prometheus of this worker here, for the whole network.")
    ] = None,
    data: Data = None,
) -> int:
    """Run one stage's worker alone; as many as wanted, on as many machines."""
    from uvicorn.loops.auto import auto_loop_factory

    from packshot.service import metrics
    from packshot.service.worker import serve as work

    if stage not in (*STAGES, "now"):
        raise BadOption("there is no such stage.", subject=stage, remedy=f"There are: {', '.join(STAGES)}, now.")
    settings = settings_of(data)
    make_data_folder(settings)
    logs.configure()
    if metrics_port is not None:
        metrics.serve(metrics_port)
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        runner.run(work(settings, stage, concurrency=concurrency))
    return 0


def first_login(data: Data = None) -> int:
    """Print the link with which the first user signs in, anew each time; `packshot serve` prints it by itself."""
    settings = settings_of(data)
    make_data_folder(settings)
    upgrade(settings.database)
    link = asyncio.run(_first_login(settings))
    print(link or "There is an owner already: members are invited by those who are in.")
    return 0


def settings_of(data: Path | None, host: str | None = None, port: int | None = None) -> Settings:
    given: dict[str, Any] = {"data_dir": data, "host": host, "port": port}
    return Settings(**{name: value for name, value in given.items() if value is not None})


def _log_file(path: Path) -> TextIO:
    """Opened at its end, by lines; what was in it is kept once, beside it.  Raises Unavailable."""
    try:
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(path.with_name(f"{path.name}.1"))
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a", buffering=1, encoding="utf-8")
    except OSError as error:
        raise not_writable(path, error.strerror or str(error)) from error


async def _first_login(settings: Settings) -> str | None:
    db = Database(settings.database)
    try:
        async with db.write() as tx:
            token = await invites.first_login(tx)
        return f"{settings.address}/welcome?token={token}" if token else None
    finally:
        await db.close()


def _suiting(settings: Settings, looks: Sequence[str], requested: Sequence[str]) -> dict[str, list[str]]:
    """Look → its channels: the first look has all; a further one is to be seen, in the first that takes any backdrop.

    Each shape of frame has plates of its own, which take a while.
    """
    installed = channels(settings.channels_dir)
    free = [id for id in requested if id not in installed or not installed[id].rules.white]
    return {look: free[:1] if number else list(requested) for number, look in enumerate(looks)}

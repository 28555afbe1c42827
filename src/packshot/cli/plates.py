"""`packshot plates warm`: the sets' plates rendered before anybody waits for one."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Annotated

import structlog
import typer

from packshot import logs
from packshot.cli.common import how_long, ids_of, say
from packshot.cli.serve import Data, settings_of
from packshot.cpu_lease import LEVELS, CpuLease, urgency
from packshot.errors import Unavailable
from packshot.rendering.engines.local import local_plates
from packshot.rendering.engines.plate_cache import SIDES
from packshot.rendering.scene import OVERHEAD, SceneSet, Shot
from packshot.service import parent_watch
from packshot.service.layer_cache import memory_folder
from packshot.service.queues import Queues
from packshot.settings import Settings
from packshot.steps.layout import Layout
from packshot.steps.rendered import Rendered
from packshot.template import Template, template, templates

log = structlog.get_logger(__name__)

IDLE_SECONDS, LOOK_SECONDS = 30.0, 5.0
NICE = 19


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(help="Plates: the pictures of rendered sets, kept for all photos that stand in them.")
    group.callback()(lambda: None)
    group.command("warm")(warm)
    app.add_typer(group, name="plates")


def warm(
    names: Annotated[
        list[str], typer.Option("--template", "-t", help="Only these; otherwise all that are rendered.")
    ] = [],
    aspect: Annotated[float, typer.Option(min=0.2, max=5, help="Width over height of the pictures.")] = 1.0,
    when_idle: Annotated[
        bool, typer.Option("--when-idle", help="Each only after the service of this data folder has been idle.")
    ] = False,
    data: Data = None,
) -> int:
    """Render the plates of sets at their standard camera heights, those that are not kept yet."""
    settings, parent = settings_of(data), os.getppid()
    if when_idle:
        os.nice(NICE)
        logs.configure()
    urgency.set(LEVELS - 1)
    plates = local_plates(settings, lease=CpuLease(memory_folder("cpu.lock")))
    wanted = [template(id) for id in ids_of(names)] if names else templates().values()
    missing = [
        (shot, size)
        for size in (_size(side, aspect) for side in SIDES)
        for shot in shots(wanted, plates.sets.values(), aspect)
        if not plates.is_stored(shot, size)
    ]
    for number, (shot, size) in enumerate(missing, start=1):
        if when_idle:
            asyncio.run(_idle(settings, parent))
        began = time.monotonic()
        plates.plate(shot, size)
        height = "straight down" if shot.pitch_deg == OVERHEAD else f"{shot.pitch_deg}°"
        words = f"{shot.set}, {height}, {size[0]} × {size[1]}"
        took = time.monotonic() - began
        if when_idle:
            log.info("plate.warmed", plate=words, seconds=round(took, 1), left=len(missing) - number)
        else:
            say(f"plate {number} of {len(missing)}: {words}, {how_long(took)}")
    if not missing and not when_idle:
        say("All of these plates are there.")
    return 0


def shots(wanted: Iterable[Template], sets: Iterable[SceneSet], aspect: float) -> Iterator[Shot]:
    """What photos in these templates are shown in, as the templates come."""
    by_id = {one.id: one for one in sets}
    for one in wanted:
        rendered = next((step for step in one.steps if isinstance(step, Rendered)), None)
        if rendered is None or by_id[rendered.set].pure_white:
            continue
        layout = next(step for step in one.steps if isinstance(step, Layout))
        levels = layout.baselines or (layout.baseline or 0.5,)
        for pitch, level in dict.fromkeys(
            (pitch, 0.5 if pitch == OVERHEAD else level)
            for pitch, level in product(by_id[rendered.set].standard, levels)
        ):
            yield rendered.shot(pitch, level, aspect)


def _size(side: int, aspect: float) -> tuple[int, int]:
    return (side, round(side / aspect)) if aspect >= 1 else (round(side * aspect), side)


async def _idle(settings: Settings, parent: int) -> None:
    """Wait until nothing has been queued or at work for a while.  Ends the program where its supervisor is gone."""
    queues, since = Queues(settings.redis), time.monotonic()
    try:
        while time.monotonic() - since < IDLE_SECONDS:
            try:
                counts = await queues.counts()
                busy = any(count["active"] + count["prioritized"] + count["waiting"] for count in counts.values())
            except Unavailable:
                busy = True
            if busy:
                since = time.monotonic()
            await asyncio.sleep(LOOK_SECONDS)
            if os.environ.get(parent_watch.VARIABLE) and os.getppid() != parent:
                raise typer.Exit
    finally:
        await queues.close()

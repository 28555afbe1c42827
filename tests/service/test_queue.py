"""The queues on a real Valkey: order, retries, the same work once, a killed server, and Node's tools beside ours."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import redis.asyncio as redis

from packshot.catalog.ports import JobRef
from packshot.logs import Outage
from packshot.service.queues import Consumer, GaveUp, Later, Queues, TryAgain
from packshot.service.valkey import Valkey
from packshot.settings import Settings
from waiting import SOON, until

NODE = Path(__file__).parent.parent / "node"
pytestmark = pytest.mark.anyio


@pytest.fixture
async def queues(settings: Settings, valkey: Valkey) -> AsyncIterator[Queues]:
    made = Queues(settings.redis)
    yield made
    await made.close()


@asynccontextmanager
async def consumed(
    settings: Settings, handle: Callable[[JobRef], Awaitable[None]], queue: str = "segment"
) -> AsyncIterator[None]:
    consumer = Consumer(settings.redis, queue, handle, concurrency=1, outage=Outage("queue"))
    await consumer.start()
    try:
        yield
    finally:
        await consumer.close()


def ref(id: str, *, priority: int = 5) -> JobRef:
    return JobRef("segment", id, 1, priority)


async def given_up(queues: Queues) -> bool:
    return (await queues.counts())["segment"]["failed"] == 1


async def test_standard_work_is_drawn_before_overnight_work(settings: Settings, queues: Queues) -> None:
    drawn: list[str] = []
    await queues.add(ref(id, priority=level) for id, level in [("night", 10), ("standard-1", 5), ("standard-2", 5)])

    async def handle(got: JobRef) -> None:
        drawn.append(got.id)

    async with consumed(settings, handle):
        await until(lambda: len(drawn) == 3)
    assert drawn == ["standard-1", "standard-2", "night"]


async def test_what_a_person_waits_for_and_urgent_items_have_lanes_of_all_stages(
    settings: Settings, queues: Queues
) -> None:
    drawn: list[JobRef] = []

    async def handle(got: JobRef) -> None:
        drawn.append(got)

    waited_for, urgent = JobRef("segment", "job_1", 0, 0), JobRef("generate", "itm_1", 1, 1)
    imported = JobRef("segment", "job_2", 0, 1)  # no item
    await queues.add([waited_for, urgent, imported])
    for queue, expected in (("now", waited_for), ("urgent", urgent), ("transfers", imported)):
        async with consumed(settings, handle, queue=queue):
            await until(partial(drawn.__contains__, expected))
    assert len(drawn) == 3
    await queues.add([urgent])
    assert await queues.missing([urgent]) == []
    await queues.move([JobRef("generate", "itm_1", 1, 5)])
    counts = await queues.counts()
    assert sum(counts["urgent"].values()) == 0
    assert sum(counts["generate"].values()) == 1


async def test_batches_and_workspaces_take_turns(settings: Settings, queues: Queues) -> None:
    """Of a class: another workspace's photo after one of the batch, the same one's after two."""
    drawn: list[str] = []

    def of(workspace: str, batch: str, count: int) -> list[JobRef]:
        return [
            JobRef("segment", f"{batch}{number}", 1, 5, workspace_id=workspace, group=batch) for number in range(count)
        ]

    await queues.add(of("ann", "big", 600))

    async def handle(got: JobRef) -> None:
        drawn.append(got.id)
        if len(drawn) == 300:
            await queues.add(of("ann", "second", 2))
            await queues.add(of("ben", "single", 1))

    async with consumed(settings, handle):
        await until(lambda: len(drawn) == 603)
    late = [drawn.index(id) for id in ("single0", "second0", "second1")]
    assert late[0] <= 303 and late[1] <= 303 and late[2] <= 306
    # The queue ran empty: counting begins anew, and nobody stands behind those who were served long ago.
    await queues.add([*of("ann", "big", 3), *of("ben", "other", 3)])
    drawn.clear()
    async with consumed(settings, handle):
        await until(lambda: len(drawn) == 6)
    assert drawn == ["big0", "other0", "big1", "other1", "big2", "other2"]


async def test_the_same_ticket_twice_is_worked_on_once(settings: Settings, queues: Queues) -> None:
    drawn: list[str] = []
    for _ in range(3):
        await queues.add([ref("one")])
    await queues.add([ref("last", priority=10)])

    async def handle(got: JobRef) -> None:
        drawn.append(got.id)

    async with consumed(settings, handle):
        await until(lambda: "last" in drawn)
    assert drawn == ["one", "last"]


async def test_a_failed_try_is_followed_by_another_and_the_last_leaves_its_reason(
    settings: Settings, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("packshot.service.queues.backoff_ms", lambda tries: 20)
    tries = 0

    async def handle(got: JobRef) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise TryAgain("not yet")
        raise GaveUp("mug.jpg: the file is damaged.")

    await queues.add([ref("one")])
    async with consumed(settings, handle):
        await until(lambda: given_up(queues))
    assert tries == 3


async def test_a_wait_uses_up_no_try_and_comes_back_on_time(settings: Settings, queues: Queues) -> None:
    drawn: list[float] = []

    async def handle(got: JobRef) -> None:
        drawn.append(time.time())
        if len(drawn) == 1:
            raise Later(drawn[0] + 0.6)

    await queues.add([ref("one")])
    async with consumed(settings, handle):
        await until(lambda: len(drawn) == 2)
    assert drawn[1] - drawn[0] >= 0.5


async def test_a_dead_letter_that_is_queued_again_is_worked_on_again(settings: Settings, queues: Queues) -> None:
    tries = 0

    async def handle(got: JobRef) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise GaveUp("no")

    await queues.add([ref("one")])
    async with consumed(settings, handle):
        await until(lambda: given_up(queues))
        assert await queues.add([ref("one")]) == ["one"]
        await until(lambda: tries == 2)


async def on_disk(settings: Settings) -> None:
    """Wait until the server's log holds all that it has said yes to; it is written out every second."""
    async with redis.from_url(settings.redis, socket_timeout=SOON) as client:
        await client.set("last", 1)
        assert (await client.execute_command("WAITAOF", 1, 0, int(SOON * 1000)))[0] == 1


async def test_what_was_queued_survives_a_killed_server_and_the_worker_finds_back(
    settings: Settings, valkey: Valkey, queues: Queues
) -> None:
    drawn: set[str] = set()

    async def handle(got: JobRef) -> None:
        await asyncio.sleep(0.01)
        drawn.add(got.id)

    await queues.add(ref(f"item-{n}") for n in range(200))
    async with consumed(settings, handle):
        await until(lambda: len(drawn) > 20)
        await on_disk(settings)
        assert valkey.pid
        os.kill(valkey.pid, signal.SIGKILL)
        await until(lambda: not valkey.alive())
        await asyncio.to_thread(valkey.start)
        await until(lambda: len(drawn) == 200)


async def test_adding_while_the_server_is_away_raises_nothing(settings: Settings, valkey: Valkey) -> None:
    queues = Queues(settings.redis)
    await asyncio.to_thread(valkey.stop)
    assert await queues.add([ref("one")]) == []
    assert not await queues.ping()
    await queues.close()


async def test_a_server_that_outlived_its_parent_is_ended_and_loses_nothing(settings: Settings, valkey: Valkey) -> None:
    queues = Queues(settings.redis)
    await queues.add([JobRef("segment", "itm_kept", 1, 5)])
    second = Valkey(settings)
    second.start()
    try:
        assert second.alive()
        assert not valkey.alive()
        assert sum((await queues.counts())["segment"].values()) == 1
    finally:
        await queues.close()
        second.stop()


# --- Node ---


@pytest.fixture
def node(settings: Settings, valkey: Valkey) -> Callable[[str], dict[str, object]]:
    if shutil.which("node") is None or not (NODE / "node_modules").is_dir():
        pytest.skip("needs Node and its packages: npm ci --prefix tests/node")

    def ask(action: str) -> dict[str, object]:
        command = ["node", "operator.mjs", str(settings.valkey_socket), "segment", action]
        done = subprocess.run(command, cwd=NODE, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr.decode()
        answer: dict[str, object] = json.loads(done.stdout)
        return answer

    return ask


@pytest.mark.parametrize("action", ["retry-bullmq", "retry-board"])
async def test_node_bullmq_and_bull_board_read_a_dead_letter_and_retry_it(
    settings: Settings, queues: Queues, node: Callable[[str], dict[str, object]], action: str
) -> None:
    tries = 0

    async def handle(got: JobRef) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise GaveUp("mug.jpg: the file is damaged.")

    await queues.add([ref("item_1")])
    async with consumed(settings, handle):
        await until(lambda: given_up(queues))
        seen = await asyncio.to_thread(node, "read")
        assert seen["counts"]["failed"] == seen["board"]["counts"]["failed"] == 1  # type: ignore[index]
        [letter] = seen["failed"]  # type: ignore[misc]
        assert letter["reason"] == "mug.jpg: the file is damaged."
        assert letter["data"] == {"id": "item_1", "version": 1, "priority": 5, "workspace": "", "group": ""}
        assert "GaveUp" in letter["stack"][0]
        assert seen["board"]["jobs"][0]["reason"] == letter["reason"]  # type: ignore[index]
        await asyncio.to_thread(node, action)
        await until(lambda: tries == 2)

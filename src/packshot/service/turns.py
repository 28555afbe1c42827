"""Whose turn it is in a queue: classes of urgency, and in each class workspaces and their batches by turns.

BullMQ orders a queue by one number a job. Here it is a class and a place in it, by start-time fair queueing (Goyal, Vin
and Cheng, 1996): each group's next job stands one step behind its last one, and no earlier than the job that is next
to be taken, so that one photo of another group waits for a round and not for all of a batch. A workspace's second
group steps by two, its third by three: many batches do not give a workspace many times another's share.
"""

from __future__ import annotations

from collections.abc import Sequence

from redis.asyncio import Redis

from packshot.catalog.jobs import PHOTO_STAGES
from packshot.catalog.ports import JobRef

CLASSES = {0: 0, 1: 1, 5: 2, 10: 3}  # by a job's priority: a person waits, urgent, standard, overnight
STANDARD = 2
_SPAN = (2**21 - 1) // len(CLASSES)  # BullMQ's priorities go to 2**21; 0 would jump all of them

# KEYS: the queue's jobs in their order, the class's groups.  ARGV: its first priority, how many it has, groups.
# A queue's scores are priority * 2**32 + a count.  Where none of the class waits, counting begins anew.
_PLACES = """
local first, span = tonumber(ARGV[1]), tonumber(ARGV[2])
local function score(priority) return string.format('%.0f', priority * 4294967296) end
local head = redis.call('ZRANGEBYSCORE', KEYS[1], score(first), '(' .. score(first + span), 'WITHSCORES', 'LIMIT', 0, 1)
local now = 0
if head[2] then now = math.floor(tonumber(head[2]) / 4294967296) - first else redis.call('DEL', KEYS[2]) end
local next_place, count = {}, {}
local known = redis.call('HGETALL', KEYS[2])
for i = 1, #known, 2 do
  local group, place = known[i], tonumber(known[i + 1])
  if place < now then redis.call('HDEL', KEYS[2], group)
  else
    local workspace = group:match('^[^/]*')
    next_place[group], count[workspace] = place, (count[workspace] or 0) + 1
  end
end
local places = {}
for i = 3, #ARGV do
  local group = ARGV[i]
  local workspace = group:match('^[^/]*')
  if not next_place[group] then
    next_place[group], count[workspace] = now, (count[workspace] or 0) + 1
  end
  places[i - 2] = first + math.min(next_place[group], span - 1)
  next_place[group] = next_place[group] + count[workspace]
  redis.call('HSET', KEYS[2], group, next_place[group])
end
return places
"""


def class_of(ref: JobRef) -> int:
    return CLASSES.get(ref.priority, STANDARD)


def urgency(ref: JobRef) -> int:
    """0 to 15, of a job's turns at the processor (`cpu_lease`).

    In a class later stages go first, so that what is begun is finished before more is begun; but where a person waits,
    a click's cut-out, which is short, goes before a plate.
    """
    stage, last = PHOTO_STAGES.index(ref.stage), len(PHOTO_STAGES) - 1
    return class_of(ref) * len(PHOTO_STAGES) + (stage if class_of(ref) == 0 else last - stage)


async def priorities(redis: Redis, queue: str, refs: Sequence[JobRef]) -> list[int]:
    """BullMQ's priority for each of these that are about to be added to a queue.  Raises RedisError."""
    found = dict.fromkeys(refs, 0)
    for number in sorted({class_of(ref) for ref in refs}):
        members = [ref for ref in refs if class_of(ref) == number]
        places = await redis.eval(
            _PLACES, 2, f"bull:{queue}:prioritized", f"packshot:turns:{queue}:{number}",
            1 + number * _SPAN, _SPAN, *(f"{ref.workspace_id}/{ref.group}" for ref in members),
        )  # fmt: skip
        found |= zip(members, places, strict=True)
    return list(found.values())

"""Every table. SQL holds the truth: what the queue, the events and the files on disk say can be rebuilt from here.

Ids are `kind_` + time + chance (`new_id`), so that they sort by age. Moments are seconds since 1970, UTC. Each row that
belongs to somebody carries its `workspace_id`, and every query names it.
"""

from __future__ import annotations

import secrets
import time

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    literal_column,
    text,
)

from packshot.ops.likeness import PARTS

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def new_id(kind: str) -> str:
    """`img_0193a…`: a prefix that says what it names, 44 bits of time, 64 bits of chance."""
    return f"{kind}_{time.time_ns() // 1_000_000:011x}{secrets.token_hex(8)}"


def now() -> float:
    return time.time()


def _id() -> Column[str]:
    return Column("id", String(40), primary_key=True)


def _workspace() -> Column[str]:
    return Column("workspace_id", String(40), ForeignKey("workspaces.id"), nullable=False)


def _moment(name: str, *, nullable: bool = False) -> Column[float]:
    return Column(name, Double, nullable=nullable)


# --- who ---

workspaces = Table(
    "workspaces", metadata, _id(),
    Column("name", String(200), nullable=False),
    Column("settings", JSON, nullable=False),  # accounts/workspaces.py: off-peak window, retention, watched folder
    _moment("created_at"),
)  # fmt: skip

users = Table(
    "users", metadata, _id(), _workspace(),
    Column("email", String(320), nullable=False, unique=True),  # lower case
    Column("name", String(200), nullable=False),
    Column("role", String(20), nullable=False),  # owner | member
    Column("password_hash", String(200), nullable=False),
    _moment("created_at"), _moment("disabled_at", nullable=True),
)  # fmt: skip

invites = Table(
    "invites", metadata, _id(), _workspace(),
    Column("email", String(320), nullable=False),  # "" on the first-login link: its holder chooses
    Column("role", String(20), nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("invited_by", String(40)),
    Column("user_id", String(40)),  # on a sign-in link: the account that it opens
    _moment("created_at"), _moment("expires_at"), _moment("used_at", nullable=True),
)  # fmt: skip

sessions = Table(
    "sessions", metadata,
    Column("token_hash", String(64), primary_key=True),
    _workspace(),
    Column("user_id", String(40), ForeignKey("users.id"), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    _moment("created_at"), _moment("expires_at"),
)  # fmt: skip

login_tries = Table(
    "login_tries", metadata,
    Column("subject", String(64), primary_key=True),  # hash of where it came from, with or without the account
    Column("tries", Integer, nullable=False),  # that failed, one after the other
    _moment("at"),  # the last of them
)  # fmt: skip

api_keys = Table(
    "api_keys", metadata, _id(), _workspace(),
    Column("name", String(200), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),
    Column("created_by", String(40)),
    _moment("created_at"), _moment("last_used_at", nullable=True), _moment("revoked_at", nullable=True),
)  # fmt: skip

# --- what is sold ---

collections = Table(
    "collections", metadata, _id(), _workspace(),
    Column("parent_id", String(40), ForeignKey("collections.id")),
    Column("kind", String(20), nullable=False),  # collection | season | category
    Column("name", String(200), nullable=False),
    Column("position", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    _moment("created_at"),
    Index(None, "workspace_id", "parent_id"),
)  # fmt: skip

products = Table(
    "products", metadata, _id(), _workspace(),
    Column("sku", String(200), nullable=False),
    Column("gtin", String(20), nullable=False, default=""),
    Column("asin", String(20), nullable=False, default=""),
    Column("title", String(500), nullable=False, default=""),
    Column("category", String(200), nullable=False, default=""),
    Column("revision", Integer, nullable=False),
    _moment("created_at"), _moment("updated_at"), _moment("deleted_at", nullable=True),
    # Among those that are not deleted: a deleted product does not block its sku.
    Index("uq_products_workspace_id_sku", "workspace_id", "sku", unique=True,
          sqlite_where=text("deleted_at IS NULL"), postgresql_where=text("deleted_at IS NULL")),
    Index(None, "workspace_id", "deleted_at", "id"),
)  # fmt: skip

product_collections = Table(
    "product_collections", metadata,
    Column("product_id", String(40), ForeignKey("products.id"), primary_key=True),
    Column("collection_id", String(40), ForeignKey("collections.id"), primary_key=True, index=True),
)  # fmt: skip

photos = Table(
    "photos", metadata, _id(), _workspace(),
    Column("product_id", String(40), ForeignKey("products.id"), index=True),
    Column("role", String(40), nullable=False, default="main"),  # main, angle 2 …
    Column("position", Integer, nullable=False, default=0),
    Column("name", String(500), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("key", String(200), nullable=False),  # the original file in the store
    Column("thumb_key", String(200), nullable=False, default=""),  # 420-px JPEG
    Column("format", String(10), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("profile", String(200), nullable=False, default=""),
    Column("fingerprint", String(16), nullable=False),
    Column("findings", JSON, nullable=False),  # list[Finding]: flags at upload
    Column("matte_version", Integer, nullable=False, default=0),  # 0: not cut out yet
    Column("product_px", Integer),  # longest side of the product in it; null until a cut-out says so
    Column("revision", Integer, nullable=False),
    Column("created_by", String(40)),
    _moment("created_at"), _moment("updated_at"), _moment("deleted_at", nullable=True),
    Index(None, "workspace_id", "deleted_at", "id"), Index(None, "workspace_id", "sha256"),
)  # fmt: skip


def fingerprint_part(fingerprint: ColumnElement[str], place: tuple[int, int]) -> ColumnElement[str]:
    """The digits from place[0] up to place[1], as the indexes below have them; the numbers stand in the statement."""
    first, end = place
    return func.substr(fingerprint, literal_column(str(first + 1)), literal_column(str(end - first)))


# What looks alike agrees in one of these parts at least: catalog/library/look_alikes.py.
for number, place in enumerate(PARTS):
    Index(f"ix_photos_fingerprint_part_{number}", photos.c.workspace_id,
          fingerprint_part(photos.c.fingerprint, place), photos.c.id,
          sqlite_where=photos.c.deleted_at.is_(None), postgresql_where=photos.c.deleted_at.is_(None))  # fmt: skip

mattes = Table(
    "mattes", metadata,
    Column("photo_id", String(40), ForeignKey("photos.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    _workspace(),
    Column("photo_sha256", String(64), nullable=False),  # a replaced photo's mattes are no longer used
    Column("key", String(200), nullable=False),  # the packed cut-out layer in the store
    Column("sha256", String(64), nullable=False),  # of that layer: the ETag
    Column("source", String(100), nullable=False),  # model id, "the file's own transparency", or "by hand"
    Column("uncertainty", Double, nullable=False),
    Column("findings", JSON, nullable=False),
    Column("product_px", Integer),  # longest side of the product in it; null where it was not measured
    Column("created_by", String(40)),
    _moment("created_at"),
)  # fmt: skip

# --- styles and files ---

styles = Table(
    "styles", metadata, _id(), _workspace(),
    Column("name", String(200), nullable=False),
    Column("words", Text, nullable=False, default=""),
    Column("base", String(40), nullable=False),  # the shipped template it is based on
    Column("options", JSON, nullable=False),
    Column("revision", Integer, nullable=False),
    _moment("created_at"), _moment("updated_at"), _moment("deleted_at", nullable=True),
)  # fmt: skip

channels = Table(
    "channels", metadata,
    _workspace(),
    Column("id", String(40), nullable=False),
    Column("body", JSON, nullable=False),  # channel.Channel
    Column("revision", Integer, nullable=False),
    _moment("created_at"), _moment("updated_at"), _moment("deleted_at", nullable=True),
    UniqueConstraint("workspace_id", "id"),
)  # fmt: skip

specifications = Table(
    "specifications", metadata,
    _workspace(),
    Column("id", String(40), nullable=False),
    Column("body", JSON, nullable=False),  # specification.Specification
    Column("revision", Integer, nullable=False),
    _moment("created_at"), _moment("updated_at"), _moment("deleted_at", nullable=True),
    UniqueConstraint("workspace_id", "id"),
)  # fmt: skip

# --- work ---

batches = Table(
    "batches", metadata, _id(), _workspace(),
    Column("name", String(200), nullable=False),
    Column("state", String(20), nullable=False),  # catalog.status.BatchState; review and approved are counted
    Column("priority", Integer, nullable=False),  # 1 urgent, 5 standard, 10 overnight
    Column("styles", JSON, nullable=False),  # [{style, options}] as requested
    Column("channels", JSON, nullable=False),  # ids as requested
    Column("unmatched", JSON, nullable=False),  # [{name, reason}]
    Column("left_out", JSON, nullable=False, default=list),  # [batches.left_out.LeftOut]
    Column("specification", JSON),  # {id, name, version, body: Specification} as it was; null for styles × channels
    Column("error", Text, nullable=False, default=""),
    Column("job_id", String(40)),  # the job that fills it
    Column("created_by", String(40)),
    Column("revision", Integer, nullable=False),
    _moment("created_at"), _moment("updated_at"), _moment("started_at", nullable=True),
    _moment("exported_at", nullable=True), _moment("deleted_at", nullable=True),
    Index(None, "workspace_id", "deleted_at", "id"),
)  # fmt: skip

items = Table(
    "items", metadata, _id(), _workspace(),
    Column("batch_id", String(40), ForeignKey("batches.id"), nullable=False),
    Column("photo_id", String(40), ForeignKey("photos.id"), nullable=False, index=True),
    Column("style_id", String(40), nullable=False),
    Column("position", Integer, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("status", String(20), nullable=False),  # catalog.status.ItemStatus
    Column("stage", String(20), nullable=False),  # the stage it waits for or is in; "" when it is done
    Column("version", Integer, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),  # failed tries of this stage
    Column("needs_look", Boolean, nullable=False, default=False),
    Column("worst", Double, nullable=False, default=0.0),  # for "worst first": 2 rejected, 1 flagged, + uncertainty
    Column("error", JSON),  # {reason, stack, cause, at}
    _moment("not_before", nullable=True),  # off-peak: the queue waits until then
    _moment("created_at"), _moment("touched_at"), _moment("done_at", nullable=True),
    # The first holds all that a batch's status asks for, the second its pace: both are read off the index alone.
    Index(None, "batch_id", "status", "stage"), Index(None, "batch_id", "done_at"), Index(None, "batch_id", "position"),
    Index(None, "status", "touched_at"), Index(None, "workspace_id", "status"),
)  # fmt: skip

item_versions = Table(
    "item_versions", metadata,
    Column("item_id", String(40), ForeignKey("items.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    _workspace(),
    Column("style", JSON, nullable=False),  # template.Template, as it was then
    Column("channels", JSON, nullable=False),  # [channel.Channel], as they were then
    Column("refined", Boolean, nullable=False, default=False),  # segment with its second pass
    Column("upscaled", Boolean, nullable=False, default=False),
    Column("reason", String(40), nullable=False, default=""),  # why there is this version
    Column("changed", JSON, nullable=False),  # [{parameter, before, after, why}]
    Column("photo_sha256", String(64), nullable=False),
    Column("matte_version", Integer, nullable=False, default=0),  # the one it used
    Column("cutout_key", String(200), nullable=False, default=""),  # the layer that it was composed from
    Column("max_pixels", Integer),  # after it ran out of memory: the photo is worked on at no more than this
    Column("uncertainty", Double),
    Column("findings", JSON, nullable=False),  # of the photo, its cut-out and the composition
    Column("changes", JSON, nullable=False),  # what touched the product's own pixels
    Column("steps", JSON, nullable=False),  # [report.StepRecord]
    Column("before_key", String(200), nullable=False, default=""),
    Column("after_key", String(200), nullable=False, default=""),
    _moment("created_at"), _moment("done_at", nullable=True),
)  # fmt: skip

renditions = Table(
    "renditions", metadata,
    Column("item_id", String(40), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("channel", String(40), primary_key=True),
    _workspace(),
    Column("name", String(200), nullable=False),  # file name with suffix
    Column("key", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("format", String(10), nullable=False),
    Column("quality", Integer),
    Column("disclosure", String(60), nullable=False),
    Column("rejected", Boolean, nullable=False),
    Column("findings", JSON, nullable=False),
    _moment("created_at"),
)  # fmt: skip

# One row for each check that warns or fails, which is what lists and counts look for; the findings themselves stand in
# the JSON of the photo, version or rendition.
findings = Table(
    "findings", metadata,
    Column("owner_id", String(40), primary_key=True),  # a photo or an item
    Column("version", Integer, primary_key=True),  # of the item; 0 for a photo
    Column("channel", String(40), primary_key=True),  # whose file it is about; "" for the photo and the composition
    Column("check", String(40), primary_key=True),
    _workspace(),
    Column("verdict", String(10), nullable=False),  # warn | fail
)  # fmt: skip

reviews = Table(
    "reviews", metadata, _id(), _workspace(),
    Column("item_id", String(40), ForeignKey("items.id"), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("act", String(40), nullable=False, index=True),  # decisions made at once are undone at once
    Column("decision", String(20), nullable=False),  # approve | reject | skip | retry
    Column("reason", String(40), nullable=False, default=""),
    Column("note", Text, nullable=False, default=""),
    Column("before", JSON, nullable=False),  # {status, version}: what undo goes back to
    Column("pins", JSON, nullable=False),  # {channel: sha256} of what was approved
    Column("by", String(40)),
    _moment("at"), _moment("undone_at", nullable=True),
)  # fmt: skip

jobs = Table(
    "jobs", metadata, _id(), _workspace(),
    Column("kind", String(20), nullable=False),  # api.jobs.JobKind
    Column("status", String(20), nullable=False),  # catalog.status.JobStatus
    Column("stage", String(20), nullable=False),  # the queue it waits in; "" when it is done
    Column("stages", JSON, nullable=False),  # all it goes through
    Column("photo_id", String(40)),
    Column("batch_id", String(40)),
    Column("request", JSON, nullable=False),
    Column("result", JSON, nullable=False),
    Column("error", JSON),
    Column("done_count", Integer, nullable=False, default=0),
    Column("total_count", Integer, nullable=False, default=0),
    Column("priority", Integer, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("created_by", String(40)),
    _moment("created_at"), _moment("touched_at"), _moment("done_at", nullable=True),
    Index(None, "workspace_id", "id"), Index(None, "status", "touched_at"),
)  # fmt: skip

deliveries = Table(
    "deliveries", metadata, _id(), _workspace(),
    Column("job_id", String(40), ForeignKey("jobs.id"), nullable=False),
    Column("item_id", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("channel", String(40), nullable=False),
    Column("name", String(300), nullable=False),  # path in the folder, bucket or ZIP
    Column("key", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("status", String(20), nullable=False),  # waiting | delivered | failed
    Column("error", Text, nullable=False, default=""),
    _moment("at"),
    UniqueConstraint("job_id", "item_id", "version", "channel"), Index(None, "item_id"),
    Index(None, "job_id", "status", "id"),  # what waits, in order
)  # fmt: skip

destinations = Table(
    "destinations", metadata, _id(), _workspace(),
    Column("name", String(200), nullable=False),
    Column("kind", String(20), nullable=False),  # s3
    Column("config", JSON, nullable=False),  # bucket, prefix, region, endpoint, access key id
    Column("secret", LargeBinary, nullable=False),  # encrypted with the installation's key
    _moment("created_at"), _moment("deleted_at", nullable=True),
)  # fmt: skip

uploads = Table(  # files that are no photo of their own: ZIPs, CSV lists, finished exports
    "uploads", metadata, _id(), _workspace(),
    Column("kind", String(20), nullable=False),  # zip | csv | export
    Column("name", String(500), nullable=False),
    Column("key", String(200), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    _moment("created_at"), _moment("expires_at"),
)  # fmt: skip

# --- what happened ---

events = Table(
    "events", metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    _workspace(),
    Column("kind", String(40), nullable=False),  # item.processing, item.review, batch.paused, job.done …
    Column("batch_id", String(40)),
    Column("item_id", String(40)),
    Column("job_id", String(40)),
    _moment("at"),
    Index(None, "workspace_id", "seq"),
    sqlite_autoincrement=True,  # a number is never given twice, even after old events went
)  # fmt: skip

idempotency = Table(
    "idempotency", metadata,
    Column("workspace_id", String(40), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("fingerprint", String(64), nullable=False),  # of who asks, the address and the body
    Column("owner", String(32), nullable=False),  # the request that holds the key
    Column("state", String(20), nullable=False),  # api.idempotency.State
    Column("status", Integer, nullable=False),
    Column("headers", JSON, nullable=False),
    Column("body", LargeBinary, nullable=False),
    _moment("at"),  # the last sign of life, then of the answer
)  # fmt: skip

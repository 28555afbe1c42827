"""What is asked for when a batch is made: photos, looks, channels, and what differs for single ones."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, model_validator

from packshot.catalog.status import Options, Priority, plain

MAX_PHOTOS = 20_000  # as many as a manifest may list
MAX_LOOKS = 20

Id = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(plain)]
Channels = Annotated[tuple[Id, ...], Field(max_length=40)]


class Look(BaseModel, frozen=True, extra="forbid"):
    """A template with its sliders moved."""

    template: Id = Field(description="A template of Packshot's or of your own, by id.")
    options: Options = Field({}, description="What is moved: option → value.", max_length=40)


class Source(BaseModel, frozen=True, extra="forbid"):
    """Where the photos come from: exactly one of these."""

    images: tuple[Id, ...] | None = Field(None, min_length=1, max_length=MAX_PHOTOS, description="Photos, by id.")
    products: tuple[Id, ...] | None = Field(
        None, min_length=1, max_length=MAX_PHOTOS, description="All photos of these products, by id."
    )
    collection: Id | None = Field(None, description="All photos of a collection and of those under it, by id.")
    upload: Id | None = Field(None, description="An uploaded ZIP or CSV list, or the run of an import, by id.")

    @model_validator(mode="after")
    def _exactly_one(self) -> Source:
        given = [name for name in Source.model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of images, products, collection, upload, not {len(given)}")
        return self


class Special(BaseModel, frozen=True, extra="forbid"):
    """What differs for one photo, or for all photos of one product. What is not given stays as the batch has it."""

    image: Id | None = None
    sku: Id | None = None
    template: Id | None = Field(None, description="Instead of the batch's templates.")
    options: Options | None = Field(None, description="Of `template`, or on top of the batch's options.")
    channels: Channels | None = Field(None, min_length=1)
    priority: Priority | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Special:
        if (self.image is None) == (self.sku is None):
            raise ValueError("name one photo by image, or one product by sku")
        return self


class BatchRequest(BaseModel, frozen=True, extra="forbid"):
    """photos × looks, each in all channels."""

    name: str = Field(min_length=1, max_length=200)
    source: Source
    looks: tuple[Look, ...] = Field(min_length=1, max_length=MAX_LOOKS)
    channels: Channels = Field((), description="Sales channels, by id. “master” is always made.")
    priority: Priority = Priority.STANDARD
    items: tuple[Special, ...] = Field((), max_length=MAX_PHOTOS, description="What differs for single photos.")
    paused: bool = Field(False, description="List the items, but start no work until the batch is resumed.")
    hold: bool = Field(False, description="Stop after the photos were looked at, until the batch is started.")
    refine: bool = Field(False, description="Cut out with a second, closer pass.")
    upscale: bool = Field(
        False, description="Enlarge small products with a model; without it only those that a channel would reject."
    )


def with_master(channels: tuple[str, ...]) -> tuple[str, ...]:
    """“master” first, each once."""
    return tuple(dict.fromkeys(("master", *channels)))

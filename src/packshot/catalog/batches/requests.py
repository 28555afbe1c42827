"""The request for a new batch: photos, styles, channels, and what differs for single photos."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, model_validator

from packshot.catalog.old_names import STYLE, STYLES
from packshot.catalog.status import Options, Priority, plain
from packshot.specification import Output

MAX_PHOTOS = 20_000  # as many as a manifest may list
MAX_STYLES = 20
MAX_OUTPUTS = 100

Id = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(plain)]
Channels = Annotated[tuple[Id, ...], Field(max_length=40)]


class StyleChoice(BaseModel, frozen=True, extra="forbid"):
    """A style, with options of its own set for this batch."""

    style: Id = Field(validation_alias=STYLE, description="A style of Packshot's or of your own, by id.")
    options: Options = Field({}, description="Option → value.", max_length=40)


class PhotoSource(BaseModel, frozen=True, extra="forbid"):
    """Where the photos come from: exactly one of these."""

    images: tuple[Id, ...] | None = Field(None, min_length=1, max_length=MAX_PHOTOS, description="Photos, by id.")
    products: tuple[Id, ...] | None = Field(
        None, min_length=1, max_length=MAX_PHOTOS, description="All photos of these products, by id."
    )
    collection: Id | None = Field(None, description="All photos of a collection and of those under it, by id.")
    upload: Id | None = Field(None, description="An uploaded ZIP or CSV list, or the job of an import, by id.")

    @model_validator(mode="after")
    def _exactly_one(self) -> PhotoSource:
        given = [name for name in PhotoSource.model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of images, products, collection, upload, not {len(given)}")
        return self


class ItemChoices(BaseModel, frozen=True, extra="forbid"):
    """What differs for one photo, or for all photos of one product. What is not given stays as the batch has it."""

    image: Id | None = None
    sku: Id | None = None
    style: Id | None = Field(None, validation_alias=STYLE, description="Instead of the batch's styles.")
    options: Options | None = Field(None, description="Of `style`, or on top of the batch's options.")
    channels: Channels | None = Field(None, min_length=1)
    priority: Priority | None = None

    @model_validator(mode="after")
    def _names_one(self) -> ItemChoices:
        if (self.image is None) == (self.sku is None):
            raise ValueError("name one photo by image, or one product by sku")
        return self


class BatchChoices(BaseModel, frozen=True, extra="forbid"):
    """What is made of the photos of a batch, wherever they come from."""

    name: str = Field(min_length=1, max_length=200, description="What people call it.")
    specification: Id | None = Field(None, description="What is made for whom: a specification, by id.")
    outputs: tuple[Output, ...] = Field((), max_length=MAX_OUTPUTS, description="The same, said here.")
    styles: tuple[StyleChoice, ...] = Field(
        (),
        validation_alias=STYLES,
        max_length=MAX_STYLES,
        description="The short form: each of these styles for each of `channels` that it suits.",
    )
    channels: Channels = Field((), description="Sales channels, by id, with `styles`. “master” is always one of them.")
    insist: bool = Field(
        False, description="Make outputs too that cannot satisfy a hard rule of their channel; else they are left out."
    )
    priority: Priority = Priority.STANDARD
    items: tuple[ItemChoices, ...] = Field((), max_length=MAX_PHOTOS, description="What differs for single photos.")
    paused: bool = Field(False, description="List the items, but start no work until the batch is resumed.")
    hold: bool = Field(False, description="Stop once the photos are checked, until the batch is started.")
    refine: bool = Field(False, description="Cut out with a second, closer pass.")
    duplicates: bool = Field(
        False, description="Also make photos that look the same as another of their product; else they are left out."
    )
    upscale: bool = Field(
        False, description="Enlarge small products with a model; without it only those that a channel would reject."
    )

    @model_validator(mode="after")
    def _says_one_thing(self) -> BatchChoices:
        given = [name for name in ("specification", "outputs", "styles") if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(f"give a specification, outputs or styles: one of them, not {len(given)}")
        if self.channels and not self.styles:
            raise ValueError("channels go with styles; outputs name their own")
        return self


class BatchRequest(BatchChoices, frozen=True, extra="forbid"):
    """Photos × specification, outputs, or styles for channels."""

    source: PhotoSource = Field(description="Which photos.")


def with_master(channels: tuple[str, ...]) -> tuple[str, ...]:
    """“master” first, each once."""
    return tuple(dict.fromkeys(("master", *channels)))

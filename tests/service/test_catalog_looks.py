"""Templates and channels: what is shipped, what a workspace makes of it."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest
from studio import OTHER, WS, Studio

from packshot.catalog.styles import channels, templates
from packshot.catalog.styles.templates import OptionKind, StyleChange, StyleRequest
from packshot.channel import Channel
from packshot.channel import channels as shipped_channels
from packshot.errors import BadOption, Conflict, NotFound
from packshot.template import templates as shipped_templates

pytestmark = pytest.mark.anyio


def channel(id: str = "our-shop", **fields: Any) -> Channel:
    return Channel.model_validate({"id": id, "name": "Our shop", "size": (800, 800), "format": "jpeg"} | fields)


async def test_every_option_of_every_shipped_template_is_described(studio: Studio) -> None:
    async with studio.db.read() as tx:
        found = {style.id: style for style in await templates.page(tx, WS)}
    assert set(found) == set(shipped_templates())
    for id, style in shipped_templates().items():
        assert [option.name for option in found[id].options] == list(style.options)
        for option in found[id].options:
            assert option.title
            if option.kind is OptionKind.NUMBER:
                assert option.least is not None and option.most is not None
    options = {option.name: option for option in found["image"].options}
    assert options["picture"].kind is OptionKind.PICTURE
    assert (options["fit"].kind, options["fit"].choices) == (OptionKind.CHOICE, ("cover", "contain"))
    assert (options["color"].kind, options["color"].value) == (OptionKind.COLOR, "#ffffff")
    assert (options["baseline"].optional, options["baseline"].value) == (True, 0.88)
    assert (options["shadow"].least, options["shadow"].most) == (0.0, 1.0)
    assert not options["color"].optional
    options = {option.name: option for option in found["podium"].options}
    for name in ("side", "height", "softness", "body"):
        assert (options[name].kind, options[name].optional, options[name].value) == (OptionKind.CHOICE, True, None)
    assert (options["side"].choices, options["blur"].optional) == (("left", "right"), False)
    assert (options["warmth"].kind, options["warmth"].optional, options["warmth"].value) == (
        OptionKind.NUMBER,
        True,
        None,
    )
    assert (options["color"].kind, options["color"].optional, options["color"].value) == (OptionKind.COLOR, True, "")


async def test_a_style_of_one_s_own_is_its_base_with_options_set(studio: Studio) -> None:
    async with studio.db.write() as tx:
        style = await templates.create(
            tx, WS, StyleRequest(name="Gray", base="color", options={"color": "#101010", "shadow": 0.2})
        )
        style = await templates.resolve(tx, WS, style.id, {"shadow": 0.9})
        assert (style.id, style.name) == (style.id, "Gray")
        assert (style.option_value("color"), style.option_value("shadow")) == ("#101010", 0.9)
        assert style.chosen == {"color.color", "shadow.strength"}
        changed = await templates.change(tx, WS, style.id, StyleChange(options={"size": 0.5}))
        assert (changed.revision, changed.name, changed.chosen) == (2, "Gray", {"size": 0.5})
        assert [style.id for style in await templates.page(tx, WS)][-1] == style.id
        await templates.delete(tx, WS, style.id)
        with pytest.raises(NotFound):
            await templates.resolve(tx, WS, style.id)


async def test_an_option_is_set_and_unset_again(studio: Studio) -> None:
    hand: dict[str, Any] = {
        "side": "right",
        "height": "eye",
        "softness": "more",
        "body": "slab",
        "warmth": 0.2,
        "color": "#aabbcc",
    }
    free: dict[str, Any] = {"side": None, "height": None, "softness": None, "body": None, "warmth": None, "color": ""}
    async with studio.db.write() as tx:
        style = await templates.create(tx, WS, StyleRequest(name="Ours", base="podium", options=hand))
        assert {one.name: one.value for one in style.options if one.name in hand} == hand
        style = await templates.resolve(tx, WS, style.id, free)  # in one batch
        assert {name: style.option_value(name) for name in free} == free
        changed = await templates.change(tx, WS, style.id, StyleChange(options=free))  # in the style itself
        assert changed.chosen == free
        assert {
            one.name: one.value for one in (await templates.get(tx, WS, style.id)).options if one.name in free
        } == free
        for wrong in ({"side": "top"}, {"side": ""}, {"height": "high up"}, {"color": "red"}, {"color": None}):
            with pytest.raises(BadOption):
                await templates.resolve(tx, WS, style.id, wrong)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"shdow": 0.5}, "Did you mean “shadow”"), ({"shadow": 7}, "shadow"), ({"shadow": "dark"}, "takes a number"),
        ({"color": "red"}, "#rrggbb"), ({"shadow": math.nan}, "ordinary size"), ({"shadow": 10**400}, "ordinary size"),
        ({"shadow": {"a": 1}}, "it takes"), ({"color": "x" * 300}, "it takes"), ({"shadow": None}, "shadow"),
        ({"color": "\ud800"}, "control characters"), ({"\ud800": 1}, "control characters"),
        ({"color": "#ffffff\0"}, "control characters"),
    ],
)  # fmt: skip
async def test_an_option_out_of_its_range_is_refused_by_name(
    studio: Studio, options: dict[str, Any], words: str
) -> None:
    async with studio.db.write() as tx:
        for call in (
            templates.resolve(tx, WS, "color", options),
            templates.create(tx, WS, StyleRequest(name="x", base="color", options=options)),
        ):
            with pytest.raises(BadOption, match=words):
                await call


async def test_a_picture_is_an_image_of_the_same_workspace(studio: Studio) -> None:
    [mine], [theirs] = await studio.add_photos(1), await studio.add_photos(1, ws=OTHER)
    async with studio.db.write() as tx:
        style = await templates.resolve(tx, WS, "image", {"picture": mine})
        assert style.pictures() == (mine,)
        for strange in (theirs, "img_none", "/etc/passwd"):
            with pytest.raises(BadOption, match="no image"):
                await templates.resolve(tx, WS, "image", {"picture": strange})
        with pytest.raises(BadOption, match="needs a picture"):
            await templates.resolve(tx, WS, "image")
        open_ended = await templates.create(tx, WS, StyleRequest(name="Window", base="image", options={"blur": 0.4}))
        assert (await templates.resolve(tx, WS, open_ended.id, {"picture": mine})).pictures() == (mine,)


async def test_what_is_shipped_cannot_be_changed_and_what_is_another_s_is_not_there(studio: Studio) -> None:
    async with studio.db.write() as tx:
        theirs = await templates.create(tx, OTHER, StyleRequest(name="Theirs", base="white"))
        await channels.create(tx, OTHER, channel("theirs"))
    async with studio.db.write() as tx:
        for call in (templates.delete(tx, WS, "white"), templates.change(tx, WS, "white", StyleChange(name="x")),
                     channels.create(tx, WS, channel("amazon")), channels.replace(tx, WS, channel("master")),
                     channels.delete(tx, WS, "google")):  # fmt: skip
            with pytest.raises(Conflict, match="comes with Packshot"):
                await call
        for foreign in (
            templates.get(tx, WS, theirs.id), templates.resolve(tx, WS, theirs.id), templates.delete(tx, WS, theirs.id),
            templates.change(tx, WS, theirs.id, StyleChange(name="x")), channels.get(tx, WS, "theirs"),
            channels.resolve(tx, WS, ["theirs"]), channels.delete(tx, WS, "theirs"),
            channels.replace(tx, WS, channel("theirs")),
            templates.create(tx, WS, StyleRequest(name="x", base=theirs.id)),
        ):  # fmt: skip
            with pytest.raises(NotFound):
                await foreign
        assert (await channels.create(tx, WS, channel("theirs"))).revision == 1
        with pytest.raises(NotFound, match="Did you mean “white”"):
            await templates.resolve(tx, WS, "whit")


async def test_channels_resolve_in_the_order_asked_shipped_and_own(studio: Studio) -> None:
    async with studio.db.write() as tx:
        made = await channels.create(tx, WS, channel())
        assert not made.shipped and made.channel == channel()
        found = await channels.resolve(tx, WS, ["our-shop", "amazon", "our-shop", "master"])
        assert [one.id for one in found] == ["our-shop", "amazon", "master"]
        assert await channels.resolve(tx, WS, []) == []
        with pytest.raises(NotFound, match="our-shopp: there is no channel"):
            await channels.resolve(tx, WS, ["our-shopp"])
        assert {view.id for view in await channels.page(tx, WS)} == {*shipped_channels(), "our-shop"}


async def test_a_channel_is_made_changed_deleted_and_made_again(studio: Studio) -> None:
    async with studio.db.write() as tx:
        await channels.create(tx, WS, channel())
        with pytest.raises(Conflict, match="already"):
            await channels.create(tx, WS, channel())
        changed = await channels.replace(tx, WS, channel(size=(900, 900)))
        assert (changed.revision, changed.channel.size) == (2, (900, 900))
        await channels.delete(tx, WS, "our-shop")
        with pytest.raises(NotFound):
            await channels.get(tx, WS, "our-shop")
        assert (await channels.create(tx, WS, channel())).revision == 3
        for wrong in (
            channel("a", name="two\nlines"), channel("b", rules={"fill": (math.nan, 1.0)}),
            channel("c", words="x" * 30_000), channel("d", name=" "), channel("e", name_pattern="{sku}\ud800"),
            channel("f", sources=[{"words": "a\0", "date": "2026-01-01"}]),
        ):  # fmt: skip
            with pytest.raises(BadOption):
                await channels.create(tx, WS, wrong)
        await channels.page(tx, WS)  # what was refused stands in nobody's way


async def test_of_two_who_make_the_same_channel_at_once_one_is_told(studio: Studio) -> None:
    async def make() -> None:
        async with studio.db.write() as tx:
            await channels.create(tx, WS, channel())

    answers = await asyncio.gather(*(make() for _ in range(4)), return_exceptions=True)
    assert [answer for answer in answers if answer is None] == [None]
    assert [type(answer) for answer in answers if answer is not None] == [Conflict] * 3

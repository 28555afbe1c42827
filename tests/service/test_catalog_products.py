"""Products, their photos, and the tree they are put into."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select
from studio import OTHER, WS, Studio

from packshot.catalog.library import collections, mattes, photos, products
from packshot.catalog.library.collections import CollectionChange, CollectionRequest
from packshot.catalog.library.photos import PhotoChange, safe_name
from packshot.catalog.library.products import ProductChange, ProductFilter, ProductOrder, ProductRequest
from packshot.catalog.tasks import Matte, UploadedPhoto
from packshot.db import tables as t
from packshot.errors import BadOption, Conflict, NotFound, OutOfDate
from packshot.finding import Finding, Verdict

pytestmark = pytest.mark.anyio


def uploaded(seed: int, **fields: Any) -> UploadedPhoto:
    sha = hashlib.sha256(str(seed).encode()).hexdigest()
    photo = UploadedPhoto(
        sha256=sha, key=f"originals/{WS}/{sha}", thumb_key=f"thumbs/{sha}.jpg", format="JPEG", width=900, height=600,
        bytes=100, profile="", fingerprint=sha[:16], findings=(),
    )  # fmt: skip
    return replace(photo, **fields)


async def product(studio: Studio, sku: str, *, ws: str = WS, **fields: str) -> str:
    async with studio.db.write() as tx:
        return (await products.create(tx, ws, ProductRequest(sku=sku, **fields))).id


@pytest.mark.parametrize(
    ("gtin", "fine"),
    [
        ("4006381333931", True), ("036000291452", True), ("96385074", True), ("10012345678902", True), ("", True),
        ("4006381333932", False), ("123", False), ("40063813339311111", False), ("٤٠٠٦٣٨١٣٣٣٩٣١", False),
    ],
)  # fmt: skip
def test_a_gtin_is_believed_only_with_its_check_digit(gtin: str, fine: bool) -> None:
    if fine:
        assert ProductRequest(sku="A", gtin=gtin).gtin == gtin
        return
    with pytest.raises(ValidationError, match=r"GTIN|at most"):
        ProductRequest(sku="A", gtin=gtin)


def test_an_asin_has_ten_letters_and_digits() -> None:
    assert ProductRequest(sku="A", asin="b0abcdefgh").asin == "B0ABCDEFGH"
    with pytest.raises(ValidationError, match="10 letters"):
        ProductRequest(sku="A", asin="B0-bcdefgh")


async def test_a_sku_is_there_once_in_a_workspace_and_free_again_after_its_product_is_deleted(studio: Studio) -> None:
    first = await product(studio, "SHOE-7")
    await product(studio, "SHOE-7", ws=OTHER)
    other = await product(studio, "SHOE-8")
    with pytest.raises(Conflict, match="SHOE-7"):
        await product(studio, "SHOE-7")
    async with studio.db.write() as tx:
        with pytest.raises(Conflict):
            await products.change(tx, WS, other, ProductChange(sku="SHOE-7"))
        await products.change(tx, WS, other, ProductChange(title="Still writes after a refusal"))
        await products.delete(tx, WS, first)
    assert await product(studio, "SHOE-7") != first
    async with studio.db.read() as tx:
        with pytest.raises(NotFound):
            await products.get(tx, WS, first)


async def test_nothing_of_another_workspace_is_seen(studio: Studio) -> None:
    id = await product(studio, "A", ws=OTHER)
    async with studio.db.write() as tx:
        photo = await photos.add(tx, OTHER, uploaded(1), name="a.jpg", product_id=id)
        place = await collections.create(tx, OTHER, CollectionRequest(name="Theirs"))
    async with studio.db.write() as tx:
        for call in (
            products.get(tx, WS, id), products.delete(tx, WS, id), products.change(tx, WS, id, ProductChange()),
            photos.get(tx, WS, photo.id), photos.delete(tx, WS, photo.id), mattes.versions(tx, WS, photo.id),
            photos.change(tx, WS, photo.id, PhotoChange(role="main")), photos.replace(tx, WS, photo.id, uploaded(2)),
            photos.add(tx, WS, uploaded(3), name="x", product_id=id), collections.get(tx, WS, place.id),
            collections.put(tx, WS, place.id, add=[id]), collections.remove(tx, WS, place.id),
            collections.create(tx, WS, CollectionRequest(name="x", parent_id=place.id)),
            products.page(tx, WS, ProductFilter(collection_id=place.id)),
            products.count(tx, WS, ProductFilter(collection_id=place.id)),
        ):  # fmt: skip
            with pytest.raises(NotFound):
                await call
        assert await products.page(tx, WS) == [] and await photos.page(tx, WS) == []
        assert await products.count(tx, WS) == await photos.count(tx, WS) == 0
        assert await collections.tree(tx, WS) == []


async def test_products_are_searched_filtered_and_paged(studio: Studio) -> None:
    ids = [await product(studio, f"SKU-{n}", title=f"Red shoe {n}%", category="shoes") for n in range(5)]
    bag = await product(studio, "BAG", gtin="4006381333931", asin="B0ABCDEFGH")
    async with studio.db.write() as tx:
        await photos.add(tx, WS, uploaded(1), name="a.jpg", product_id=bag)
        found = await products.page(tx, WS, limit=3)
        rest = await products.page(tx, WS, after=products.place(found[-1], ProductOrder.NEWEST))
        assert [one.id for one in [*found, *rest]] == [bag, *reversed(ids)]
        for words, count in (("red SHOE", 5), ("3%", 1), ("%", 5), ("_", 0), ("b0abc", 1), ("63813", 1), ("no", 0)):
            assert len(await products.page(tx, WS, ProductFilter(q=words))) == count, words
            assert await products.count(tx, WS, ProductFilter(q=words)) == count, words
        assert [one.id for one in await products.page(tx, WS, ProductFilter(has_photos=True))] == [bag]
        assert len(await products.page(tx, WS, ProductFilter(has_photos=False, category="shoes"))) == 5
        assert [one.sku for one in await products.page(tx, WS, ProductFilter(sku="SKU-2"))] == ["SKU-2"]


async def test_products_in_no_collection_and_those_with_a_photo_to_look_at_are_found(studio: Studio) -> None:
    shoe, bag, hat = [await product(studio, sku) for sku in ("SHOE", "BAG", "HAT")]
    warns = (Finding(check="blur", verdict=Verdict.WARN, words="It looks blurred."),)
    says = (Finding(check="file", verdict=Verdict.OK, words='They say "verdict": "warn" here.'),)
    async with studio.db.write() as tx:
        bad = await photos.add(tx, WS, uploaded(1, findings=warns), name="1.jpg", product_id=shoe)
        await photos.add(tx, WS, uploaded(2, findings=says), name="2.jpg", product_id=shoe)
        await photos.add(tx, WS, uploaded(3, findings=says), name="3.jpg", product_id=bag)
        place = await collections.create(tx, WS, CollectionRequest(name="Spring"))
        await collections.put(tx, WS, place.id, add=[shoe])

    async def found(**sought: Any) -> list[str]:
        async with studio.db.read() as tx:
            shown = [one.id for one in await products.page(tx, WS, ProductFilter(**sought))]
            assert await products.count(tx, WS, ProductFilter(**sought)) == len(shown)
        return shown

    assert await found(flagged=True) == [shoe] and await found(flagged=False) == [hat, bag]
    assert await found(unsorted=True) == [hat, bag] and await found(unsorted=False) == [shoe]
    assert await found(flagged=True, unsorted=True) == [] and await found(unsorted=True, has_photos=False) == [hat]
    async with studio.db.write() as tx:
        await photos.delete(tx, WS, bad.id)
        await collections.remove(tx, WS, place.id)
    assert await found(flagged=True) == [] and await found(unsorted=True) == [hat, bag, shoe]


async def test_each_order_goes_on_where_it_stopped_whatever_came_or_went_meanwhile(studio: Studio) -> None:
    for sku, title in (("b-2", "Zebra"), ("A-1", ""), ("C-3", "apple"), ("a-0", "Apple"), ("D-4", "mug"), ("m-9", "")):
        await product(studio, sku, title=title)

    async def walked(order: ProductOrder, sought: ProductFilter, *, meanwhile: str = "") -> list[str]:
        skus: list[str] = []
        after = None
        while True:
            async with studio.db.read() as tx:
                shown = await products.page(tx, WS, sought, order=order, after=after, limit=2)
            skus += [one.sku for one in shown]
            if len(shown) < 2:
                return skus
            after = products.place(shown[-1], order)
            if meanwhile:  # the last one that was seen goes
                async with studio.db.write() as tx:
                    await products.delete(tx, WS, shown[-1].id)
                meanwhile = ""

    assert await walked(ProductOrder.SKU, ProductFilter()) == ["a-0", "A-1", "b-2", "C-3", "D-4", "m-9"]
    by_title = await walked(ProductOrder.TITLE, ProductFilter())
    assert by_title[0] == "A-1" and set(by_title[1:3]) == {"a-0", "C-3"} and by_title[3:] == ["m-9", "D-4", "b-2"]
    assert await walked(ProductOrder.NEWEST, ProductFilter()) == ["m-9", "D-4", "a-0", "C-3", "A-1", "b-2"]
    assert await walked(ProductOrder.SKU, ProductFilter(q="a")) == ["a-0", "A-1", "b-2", "C-3"]
    assert await walked(ProductOrder.TITLE, ProductFilter(), meanwhile="gone") == by_title
    assert len(await walked(ProductOrder.SKU, ProductFilter(), meanwhile="gone")) == 5


async def test_a_product_has_one_main_photo_and_angles_in_order(studio: Studio) -> None:
    id = await product(studio, "A")
    async with studio.db.write() as tx:
        first, second, third = [await photos.add(tx, WS, uploaded(n), name=f"{n}.jpg", product_id=id) for n in range(3)]
        assert [p.role for p in (first, second, third)] == ["main", "angle 2", "angle 3"]
        taken = await photos.add(tx, WS, uploaded(9), name="9.jpg", product_id=id, role="main")
        late = await photos.add(tx, WS, uploaded(10), name="10.jpg", product_id=id, role="main", takes_over=False)
        assert (taken.role, late.role) == ("main", "angle 5")
        assert (await photos.get(tx, WS, first.id)).role == "angle 4"
        await photos.change(tx, WS, third.id, PhotoChange(role="Main"))
        order = [late.id, third.id, taken.id, first.id, second.id]
        view = await products.reorder(tx, WS, id, order)
        assert [p.id for p in view.photos] == order
        assert [p.role for p in view.photos].count("main") == 1
        for wrong in (order[:-1], [*order, order[0]], [*order[:-1], "img_x"]):
            with pytest.raises(BadOption, match="each of the product's 5 photos once"):
                await products.reorder(tx, WS, id, wrong)


async def test_a_photo_moves_to_another_product_and_out_of_all(studio: Studio) -> None:
    one, two = await product(studio, "A"), await product(studio, "B")
    async with studio.db.write() as tx:
        photo = await photos.add(tx, WS, uploaded(1), name="1.jpg", product_id=one)
        await photos.add(tx, WS, uploaded(2), name="2.jpg", product_id=two)
        moved = await photos.change(tx, WS, photo.id, PhotoChange(product_id=two))
        assert (moved.product_id, moved.role, moved.position) == (two, "angle 2", 1)
        assert (await photos.change(tx, WS, photo.id, PhotoChange(name="x.jpg"))).product_id == two
        assert (await photos.change(tx, WS, photo.id, PhotoChange(product_id=None))).product_id is None
        with pytest.raises(NotFound):
            await photos.change(tx, WS, photo.id, PhotoChange(product_id="prd_none"))


async def test_deleting_a_product_takes_its_photos_with_it(studio: Studio) -> None:
    id = await product(studio, "A")
    async with studio.db.write() as tx:
        photo = await photos.add(tx, WS, uploaded(1), name="1.jpg", product_id=id)
        await products.delete(tx, WS, id)
        with pytest.raises(NotFound):
            await photos.get(tx, WS, photo.id)


async def test_the_same_photo_twice_is_told_with_the_other_s_name(studio: Studio) -> None:
    shoe = await product(studio, "SHOE-7")
    async with studio.db.write() as tx:
        facts = uploaded(1, fingerprint="ff00ff00ff00ff00")
        first = await photos.add(tx, WS, facts, name="first.jpg", product_id=shoe)
        await photos.add(tx, OTHER, uploaded(5, fingerprint="0123456789abcdef"), name="theirs.jpg")
        same = await photos.add(tx, WS, uploaded(1, fingerprint="ff00ff00ff00ff00"), name="copy.jpg")
        alike = await photos.add(tx, WS, uploaded(2, fingerprint="ff00ff00ff00ff03"), name="saved anew.jpg")
        other = await photos.add(tx, WS, uploaded(3, fingerprint="0123456789abcdef"), name="other.jpg")
        assert first.findings == () and other.findings == ()
        [twin], [near] = same.findings, alike.findings
        assert twin.words == "The same file is here already: “first.jpg” of SHOE-7." and twin.value == 1
        assert near.words == "It looks like “first.jpg” of SHOE-7, which is here already."
        assert (near.check, near.value, near.limit) == ("duplicate", 1 - 2 / 64, 1 - 4 / 64)
        exactly = await photos.add(tx, WS, uploaded(4, fingerprint="ff00ff00ff00ff03"), name="saved again.jpg")
        assert exactly.findings[0].words.startswith("It looks like") and exactly.findings[0].value == 0.99
        flagged = await photos.page(tx, WS, photos.PhotoFilter(flagged=True))
        assert {p.id for p in flagged} == {same.id, alike.id, exactly.id}
        assert len(await photos.page(tx, WS, photos.PhotoFilter(flagged=False))) == 2


async def test_a_replaced_photo_keeps_its_place_and_open_items_are_made_anew(studio: Studio) -> None:
    [id] = await studio.add_photos(1)
    batch = await studio.make({"source": {"images": [id]}})
    [item] = await studio.finish(batch)
    async with studio.db.write() as tx:
        matte = Matte("cutouts/1", "1", "by hand", 0.1, ())
        photo = await photos.row(tx, WS, id)
        _, refs = await mattes.put(tx, WS, id, matte, photo_sha256=photo.sha256, matte_version=0)
        assert [(ref.id, ref.version, ref.stage) for ref in refs] == [(item, 2, "segment")]
        assert (await photos.get(tx, WS, id)).matte_version == 1
    await studio.finish(batch)
    async with studio.db.write() as tx:
        replaced, refs = await photos.replace(tx, WS, id, uploaded(7))
        assert [(ref.id, ref.version) for ref in refs] == [(item, 3)]
        assert (replaced.matte_version, replaced.role, replaced.name) == (0, photo.role, photo.name)
        again, none = await photos.replace(tx, WS, id, uploaded(7), name="../../new name.jpg")
        assert none == [] and again.name == "new name.jpg"
        with pytest.raises(Conflict, match="replaced since"):
            await mattes.revert(tx, WS, id, 1)
        with pytest.raises(NotFound, match="not cut out yet"):
            await mattes.current(tx, WS, id)


async def test_a_matte_drawn_on_an_old_state_is_refused_and_an_earlier_one_comes_back(studio: Studio) -> None:
    [id] = await studio.add_photos(1)
    async with studio.db.write() as tx:
        sha = (await photos.row(tx, WS, id)).sha256
        for n in (1, 2):
            matte = Matte(f"cutouts/{n}", f"{n}", "by hand", 0.1, ())
            view, _ = await mattes.put(tx, WS, id, matte, photo_sha256=sha, matte_version=n - 1, by="usr_1")
            assert (view.version, view.current) == (n, True)
        with pytest.raises(OutOfDate):
            await mattes.put(tx, WS, id, matte, photo_sha256=sha, matte_version=1)
        view, _ = await mattes.revert(tx, WS, id, 1)
        assert view.current and [(m.version, m.current) for m in await mattes.versions(tx, WS, id)] == [
            (2, False), (1, True),
        ]  # fmt: skip
        with pytest.raises(NotFound):
            await mattes.revert(tx, WS, id, 9)


async def test_the_tree_grows_moves_without_circles_and_counts(studio: Studio) -> None:
    ids = [await product(studio, f"S{n}") for n in range(3)]
    async with studio.db.write() as tx:
        spring = await collections.create(tx, WS, CollectionRequest(name="Spring", kind="season"))
        shoes = await collections.create(tx, WS, CollectionRequest(name="Shoes", parent_id=spring.id))
        boots = await collections.create(tx, WS, CollectionRequest(name="Boots", parent_id=shoes.id))
        assert await collections.put(tx, WS, shoes.id, add=[*ids[:2], ids[0]]) == (2, 0)
        assert await collections.put(tx, WS, boots.id, add=ids[1:]) == (2, 0)
        counts = {n.name: (n.products, n.products_below) for n in await collections.tree(tx, WS)}
        assert counts == {"Spring": (0, 3), "Shoes": (2, 3), "Boots": (2, 2)}
        assert len(await products.page(tx, WS, ProductFilter(collection_id=spring.id))) == 3
        for parent in (spring.id, shoes.id, boots.id):
            with pytest.raises(BadOption, match="under itself"):
                await collections.change(tx, WS, spring.id, CollectionChange(parent_id=parent))
        moved = await collections.change(tx, WS, boots.id, CollectionChange(parent_id=None, name="High boots"))
        assert (moved.parent_id, moved.name, moved.revision) == (None, "High boots", 2)
        assert (await collections.change(tx, WS, boots.id, CollectionChange(position=3))).parent_id is None
        await collections.change(tx, WS, boots.id, CollectionChange(parent_id=shoes.id))
        await collections.remove(tx, WS, shoes.id)
        assert (await collections.get(tx, WS, boots.id)).parent_id == spring.id
        assert len(await products.page(tx, WS)) == 3
        assert await collections.put(tx, WS, boots.id, take_out=[ids[1], "prd_none"]) == (0, 1)


async def test_many_products_move_at_once_or_not_at_all(studio: Studio) -> None:
    await studio.add_photos(1200)
    async with studio.db.write() as tx:
        ids = list(await tx.scalars(select(t.products.c.id).where(t.products.c.workspace_id == WS)))
        place = await collections.create(tx, WS, CollectionRequest(name="All"))
        with pytest.raises(NotFound, match="nothing was changed"):
            await collections.put(tx, WS, place.id, add=[*ids, "prd_missing"])
        assert (await collections.get(tx, WS, place.id)).products == 0
        assert await collections.put(tx, WS, place.id, add=ids) == (1200, 0)
        assert await collections.put(tx, WS, place.id, add=ids[:10], take_out=ids[10:]) == (0, 1190)


async def test_a_tree_has_a_greatest_depth(studio: Studio) -> None:
    async with studio.db.write() as tx:
        parent = None
        for n in range(collections.DEEPEST):
            parent = (await collections.create(tx, WS, CollectionRequest(name=f"{n}", parent_id=parent))).id
        with pytest.raises(BadOption, match="levels deep"):
            await collections.create(tx, WS, CollectionRequest(name="more", parent_id=parent))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"), ("C:\\Users\\x\\shoe.jpg", "shoe.jpg"), ("", "photo"), ("..", "photo"),
        ("a\0b\n.jpg", "a�b�.jpg"), ("/", "photo"), ("x" * 500 + ".jpeg", "x" * 195 + ".jpeg"),
    ],
)  # fmt: skip
def test_a_file_s_name_is_only_a_name(name: str, kept: str) -> None:
    assert safe_name(name) == kept


async def test_what_a_list_says_of_a_product_fills_in_what_is_not_known(studio: Studio) -> None:
    id = await product(studio, "A", title="Mine")
    async with studio.db.write() as tx:
        assert await products.for_sku(tx, WS, "A", title="Theirs", gtin="4006381333931") == id
        view = await products.get(tx, WS, id)
        assert (view.title, view.gtin) == ("Mine", "4006381333931")
        new = await products.for_sku(tx, WS, "B", title="New")
        assert (await products.get(tx, WS, new)).title == "New"

"""What a user may name, and what becomes of it."""

from __future__ import annotations

import contextlib
import csv
import os
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from packshot.errors import (
    BadInput,
    BadOption,
    DamagedFile,
    PackshotError,
    TooLarge,
    UnsafeInput,
    UnsupportedFormat,
)
from packshot.intake import Refused, Source, collect
from packshot.settings import Limits

LIMITS = Limits()
# Hardly shrinks, like a photo.  Nothing is decoded here, so it need not be one.
PHOTO = b"\xff\xd8\xff" + b"".join(zlib.crc32(bytes([n, n])).to_bytes(4, "big") for n in range(256))
UploadResult = tuple[list[Source], list[Refused]]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def put(name: str, content: bytes = PHOTO) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def pack(name: str, members: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(name, "w", method) as archive:
        for inner, content in members.items():
            archive.writestr(zipfile.ZipInfo(inner), content, compress_type=method)
    return Path(name)


def manifest(text: str, name: str = "list.csv") -> str:
    put(name, text.encode())
    return name


def take(*inputs: str | Path, limits: Limits = LIMITS, recursive: bool = False) -> UploadResult:
    sources, refused, _ = collect([str(given) for given in inputs], limits=limits, recursive=recursive)
    for one in refused:
        assert one.error.subject == one.name
        assert one.error.problem
    return sources, refused


def names(taken: UploadResult) -> list[str]:
    return [source.name for source in taken[0]]


def refusals(taken: UploadResult) -> list[tuple[str, type[PackshotError]]]:
    return [(one.name, type(one.error)) for one in taken[1]]


def only_refused(taken: UploadResult) -> PackshotError:
    assert taken[0] == []
    assert len(taken[1]) == 1
    return taken[1][0].error


# --- files, folders, addresses ---


def test_a_photo_is_named_as_typed_and_read_only_when_asked() -> None:
    path = put("shoes/red.one.JPG")
    (source,), refused = take("shoes/red.one.JPG")
    assert (source.name, source.sku, source.role, source.priority) == (
        "shoes/red.one.JPG",
        "red.one",
        "main",
        "",
    )
    assert refused == []
    path.write_bytes(b"changed later")
    assert source.load() == b"changed later"


def test_an_absolute_path_is_shown_by_its_last_part(tmp_path: Path) -> None:
    put("shoes/a.jpg")
    assert names(take(tmp_path / "shoes/a.jpg", tmp_path / "shoes")) == ["a.jpg"]


def test_names_say_which_product_and_which_angle() -> None:
    put("SHOE_2.jpg"), put("SHOE.jpg"), put("SHOE_back.jpg"), put("SHOE-7.jpg"), put("CUP_3.jpg")
    sources, _ = take(".")
    assert {(s.name, s.sku, s.role) for s in sources} == {
        ("SHOE.jpg", "SHOE", "main"), ("SHOE_2.jpg", "SHOE", "angle 2"), ("SHOE_back.jpg", "SHOE", "back"),
        ("SHOE-7.jpg", "SHOE-7", "main"), ("CUP_3.jpg", "CUP", "main"),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["gone.jpg", "gone/", "", "a\0.jpg", "x" * 5000])
def test_an_input_that_does_not_exist_is_refused_by_its_name(name: str) -> None:
    assert isinstance(only_refused(take(name)), BadInput)


@pytest.mark.parametrize("name", ["a.svg", "a.gif", "a.bmp", "a.psd", "a.X3F", "a.txt", "a.pdf", "a.xlsx", "a.rar"])
def test_a_file_of_another_kind_that_is_named_by_itself_is_refused(name: str) -> None:
    put(name)
    error = only_refused(take(name))
    assert isinstance(error, UnsupportedFormat)
    assert error.remedy


def test_a_file_without_suffix_is_left_to_the_decoder() -> None:
    put("IMG_0001")
    assert names(take("IMG_0001")) == ["IMG_0001"]


def test_a_pipe_is_not_waited_for() -> None:
    Path("in").mkdir()
    os.mkfifo("in/a.jpg")
    assert refusals(take("in/a.jpg")) == [("in/a.jpg", BadInput)]
    assert refusals(take("in")) == [("in/a.jpg", BadInput)]


def test_an_empty_or_too_large_photo_is_refused_before_it_is_read() -> None:
    put("a.jpg", b""), put("b.jpg")
    assert refusals(take("a.jpg", "b.jpg", limits=Limits(photo_bytes=100))) == [
        ("a.jpg", DamagedFile),
        ("b.jpg", TooLarge),
    ]


def test_a_photo_that_grew_or_went_since_it_was_listed_is_refused_by_name() -> None:
    path = put("in/a.jpg", b"small")
    ((source,), _) = take("in", limits=Limits(photo_bytes=100))
    put("in/a.jpg", PHOTO)
    with pytest.raises(TooLarge, match=r"in/a\.jpg"):
        source.load()
    path.unlink()
    with pytest.raises(BadInput, match=r"in/a\.jpg"):
        source.load()


def test_a_folder_gives_its_photos_sorted_and_passes_over_what_is_plainly_none() -> None:
    for name in ("b.png", "A.jpg", "c.HEIC", "d.avif", "e.tiff", "f.jpe", "g.webp", "sub/deep.jpg"):
        put(f"in/{name}")
    for name in (".hidden.jpg", "__MACOSX/._a.jpg", "Thumbs.db", ".DS_Store", "notes.txt", "prices.csv", "a.pdf"):
        put(f"in/{name}")
    sources, refused = take("in/")
    assert [s.name.removeprefix("in/") for s in sources] == [
        "A.jpg", "b.png", "c.HEIC", "d.avif", "e.tiff", "f.jpe", "g.webp"
    ]  # fmt: skip
    assert refused == []


def test_subfolders_are_taken_only_when_asked() -> None:
    put("in/a.jpg"), put("in/left/b.jpg"), put("in/.git/c.jpg"), put("in/__MACOSX/d.jpg")
    assert names(take("in")) == ["in/a.jpg"]
    assert names(take("in", recursive=True)) == ["in/a.jpg", "in/left/b.jpg"]


@pytest.mark.parametrize("name", ["a.svg", "a.gif", "a.bmp", "a.psd", "a.x3f", "a.zip"])
def test_pictures_of_other_kinds_in_a_folder_are_refused_with_a_remedy(name: str) -> None:
    put(f"in/{name}")
    error = only_refused(take("in"))
    assert isinstance(error, UnsupportedFormat)
    assert error.subject == f"in/{name}"
    assert error.remedy


def test_an_empty_folder_is_refused_and_the_way_into_subfolders_told() -> None:
    put("in/notes.txt"), put("in/sub/a.jpg")
    error = only_refused(take("in"))
    assert error.subject == "in"
    assert "--recursive" in error.remedy


def test_links_that_leave_the_folder_are_not_followed() -> None:
    put("secret.jpg"), put("outside/b.jpg"), put("in/real.jpg")
    Path("in/link.jpg").symlink_to(Path("secret.jpg").resolve())
    Path("in/link").symlink_to(Path("outside").resolve())
    Path("in/loop.jpg").symlink_to("loop.jpg")
    Path("in/nothing.jpg").symlink_to("gone.jpg")
    taken = take("in", recursive=True)
    assert names(taken) == ["in/real.jpg"]
    assert refusals(taken) == [
        ("in/link", UnsafeInput),
        ("in/link.jpg", UnsafeInput),
        ("in/loop.jpg", BadInput),
        ("in/nothing.jpg", BadInput),
    ]


def test_links_within_the_folder_add_nothing_twice() -> None:
    put("in/sub/a.jpg")
    Path("in/again").symlink_to("sub")
    Path("in/up").symlink_to(".")
    Path("in/z.jpg").symlink_to("sub/a.jpg")
    taken = take("in", recursive=True)
    assert (names(taken), taken[1]) == (["in/sub/a.jpg"], [])


def test_a_file_that_is_named_twice_is_taken_once(tmp_path: Path) -> None:
    put("in/a.jpg"), put("in/b.jpg")
    taken = take("in/a.jpg", "in", tmp_path / "in" / "a.jpg", "in", "in/../in/b.jpg")
    assert (names(taken), taken[1]) == (["in/a.jpg", "in/b.jpg"], [])


def test_file_names_that_are_no_text_can_still_be_shown() -> None:
    Path("in").mkdir()
    put(os.fsdecode(b"in/caf\xe9\x1b.jpg"))
    ((source,), _) = take("in")
    assert source.name == "in/caf��.jpg"
    assert source.load() == PHOTO


def test_an_address_is_fetched_when_loaded_and_shown_without_its_query(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []
    monkeypatch.setattr("packshot.intake.source.fetch", lambda url, *, limits: fetched.append(url) or PHOTO)
    url = "https://shop.example/left/red%20shoe.jpg?key=secret"
    (source,), _ = take(url, url)
    assert (source.name, source.sku, fetched) == ("shop.example/left/red shoe.jpg", "red shoe", [])
    assert source.load() == PHOTO
    assert fetched == [url]


@pytest.mark.parametrize("url", ["file:///etc/passwd", "s3://bucket/a.jpg", "http://u:secret@shop.example/a.jpg"])
def test_an_address_that_may_not_be_fetched_is_refused_at_once(url: str) -> None:
    error = only_refused(take(url))
    assert isinstance(error, UnsafeInput)
    assert "secret" not in error.message


# --- ZIP ---


def test_a_zip_gives_its_photos_by_name_and_nothing_is_unpacked(tmp_path: Path) -> None:
    pack("shoes.zip", {"right.png": PHOTO, "left/a.jpg": PHOTO[:-1], "left/": b"", "__MACOSX/left/._a.jpg": b"x",
                       "notes.txt": b"x", ".hidden.jpg": b"x"})  # fmt: skip
    sources, refused = take(tmp_path / "shoes.zip")
    assert [(s.name, s.sku) for s in sources] == [("shoes.zip/left/a.jpg", "a"), ("shoes.zip/right.png", "right")]
    assert refused == []
    assert [s.load() for s in sources] == [PHOTO[:-1], PHOTO]
    assert [path.name for path in tmp_path.iterdir()] == ["shoes.zip"]


def test_a_zip_that_only_stores_works_too() -> None:
    pack("a.zip", {"a.jpg": PHOTO}, method=zipfile.ZIP_STORED)
    assert take("a.zip")[0][0].load() == PHOTO


def test_a_zip_written_to_a_pipe_works_too() -> None:
    class Pipe:  # no tell, no seek: sizes follow the members
        def __init__(self) -> None:
            self.content = b""

        def write(self, piece: bytes) -> int:
            self.content += piece
            return len(piece)

        def flush(self) -> None:
            pass

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        archive.writestr("a.jpg", PHOTO)
        archive.writestr("b.jpg", PHOTO)
    put("a.zip", pipe.content)
    assert [s.load() for s in take("a.zip")[0]] == [PHOTO, PHOTO]


@pytest.mark.parametrize(
    "name",
    [
        "/etc/a.jpg",
        "../a.jpg",
        "left/../../a.jpg",
        "C:/a.jpg",
        "c:a.jpg",
        "..\\a.jpg",
        "C:\\a.jpg",
        "\\etc\\a.jpg",
        "left/..\\a.jpg",
        "a\x07.jpg",
    ],
)
def test_a_member_with_a_tricky_name_is_refused_and_the_others_go_on(name: str) -> None:
    pack("a.zip", {name: PHOTO, "good.jpg": PHOTO})
    taken = take("a.zip")
    assert names(taken) == ["a.zip/good.jpg"]
    assert [error for _, error in refusals(taken)] == [UnsafeInput]


def test_a_nul_in_a_members_name_does_not_hide_what_follows() -> None:
    pack("a.zip", {"aX.txt.jpg": PHOTO, "good.jpg": PHOTO})
    put("a.zip", Path("a.zip").read_bytes().replace(b"aX.txt", b"a\0.txt"))
    assert [error for _, error in refusals(take("a.zip"))] == [UnsafeInput]


def test_a_link_in_a_zip_is_refused() -> None:
    with zipfile.ZipFile("a.zip", "w") as archive:
        link = zipfile.ZipInfo("a.jpg")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert isinstance(only_refused(take("a.zip")), UnsafeInput)


def test_other_pictures_and_archives_in_a_zip_are_refused() -> None:
    pack("a.zip", {"a.psd": PHOTO, "b.zip": PHOTO, "c.jpg": PHOTO, "d.jpg": b""})
    taken = take("a.zip")
    assert names(taken) == ["a.zip/c.jpg"]
    assert refusals(taken) == [
        ("a.zip/a.psd", UnsupportedFormat),
        ("a.zip/b.zip", UnsupportedFormat),
        ("a.zip/d.jpg", DamagedFile),
    ]


def test_an_encrypted_member_is_refused() -> None:
    content = bytearray(pack("a.zip", {"a.jpg": PHOTO}).read_bytes())
    content[6] |= 1
    content[content.index(b"PK\1\2") + 8] |= 1
    put("a.zip", bytes(content))
    assert "password" in only_refused(take("a.zip")).problem


def test_a_name_that_is_there_twice_is_taken_once_and_said() -> None:
    with zipfile.ZipFile("a.zip", "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("a.jpg", PHOTO)
        archive.writestr("a.jpg", b"other")
    with zipfile.ZipFile("a.zip", "a") as archive:
        archive.writestr("./a.jpg", b"third")
    (source,), refused = take("a.zip")
    assert source.load() == PHOTO
    assert ["twice" in one.error.problem for one in refused] == [True, True]


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x05\x06" + bytes(17), b"PK\x03\x04" + bytes(200)])
def test_a_file_that_is_no_zip_is_one_refusal(content: bytes) -> None:
    put("a.zip", content)
    assert isinstance(only_refused(take("a.zip")), DamagedFile)


@pytest.mark.parametrize("members", [{}, {"notes.txt": b"x"}, {".a.jpg": b"x", "in/": b""}])
def test_a_zip_without_photos_is_refused(members: dict[str, bytes]) -> None:
    pack("a.zip", members)
    assert "no photos" in only_refused(take("a.zip")).problem


def test_every_cut_of_a_zip_is_refused_in_words() -> None:
    whole = pack("whole.zip", {"a.jpg": PHOTO[:40], "b.png": PHOTO[:50]}).read_bytes()
    for end in range(len(whole)):
        put("a.zip", whole[:end])
        assert isinstance(only_refused(take("a.zip")), BadInput)


def test_no_changed_byte_of_a_zip_makes_it_crash_or_lie() -> None:
    whole = pack("whole.zip", {"a.jpg": PHOTO[:40], "b.png": PHOTO[:50]}).read_bytes()
    for place in range(len(whole)):
        put("a.zip", whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        sources, _ = take("a.zip")
        for source in sources:
            with contextlib.suppress(DamagedFile):
                assert source.load() in (PHOTO[:40], PHOTO[:50])


def test_too_many_members_refuse_the_whole_archive() -> None:
    pack("a.zip", {f"{n}.jpg": PHOTO for n in range(4)})
    assert isinstance(only_refused(take("a.zip", limits=Limits(zip_members=3))), TooLarge)


def test_an_endless_table_of_contents_is_refused_before_it_is_read() -> None:
    entry = pack("one.zip", {"a.jpg": PHOTO}).read_bytes()
    entry = entry[entry.index(b"PK\1\2") : entry.index(b"PK\5\6")]
    table = entry * 10_000
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 10_000, 10_000, len(table), 0, 0)
    put("a.zip", table + end)
    assert "table of contents" in only_refused(take("a.zip", limits=Limits(zip_members=10))).problem


def test_an_archive_that_would_unpack_too_large_is_refused_as_a_whole() -> None:
    pack("a.zip", {"a.jpg": PHOTO, "b.jpg": PHOTO})
    assert isinstance(only_refused(take("a.zip", limits=Limits(zip_bytes=len(PHOTO) + 1))), TooLarge)


def test_a_zip_bomb_is_refused_by_its_ratio_and_its_size() -> None:
    pack("a.zip", {"bomb.jpg": bytes(29_000), "large.jpg": PHOTO * 40, "good.jpg": PHOTO})
    taken = take("a.zip", limits=Limits(photo_bytes=30_000, zip_ratio=100, zip_ratio_bytes=20_000))
    assert names(taken) == ["a.zip/good.jpg"]
    assert refusals(taken) == [("a.zip/bomb.jpg", TooLarge), ("a.zip/large.jpg", TooLarge)]
    assert "100 times" in only_refused(take(pack("b.zip", {"bomb.jpg": bytes(65 * 2**20)}))).problem


def test_a_large_render_of_one_colour_is_taken_out_of_a_zip() -> None:
    flat = b"II*\0" + bytes(48 * 2**20)
    ((source,), refused) = take(pack("a.zip", {"flat.tif": flat}))
    assert refused == [] and source.load() == flat


def test_a_bomb_that_lies_about_its_size_is_cut_off_while_it_is_read() -> None:
    content = bytearray(pack("a.zip", {"bomb.jpg": bytes(50 * 2**20)}).read_bytes())
    small = struct.pack("<L", 60_000)
    content[22:26] = small
    at = content.index(b"PK\1\2") + 24
    content[at : at + 4] = small
    put("a.zip", bytes(content))
    (source,), _ = take("a.zip", limits=Limits(zip_ratio=10_000))
    with pytest.raises(DamagedFile, match=r"a\.zip/bomb\.jpg"):
        source.load()


@pytest.mark.parametrize("entries", [2, 50])
def test_members_that_lie_over_each_other_refuse_the_whole_archive(entries: int) -> None:
    whole = pack("one.zip", {"00.jpg": PHOTO}).read_bytes()
    table, end = whole.index(b"PK\1\2"), whole.index(b"PK\5\6")
    quoted = b"".join(whole[table:end].replace(b"00.jpg", b"%02d.jpg" % n) for n in range(entries))
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, entries, entries, len(quoted), table, 0)
    put("a.zip", whole[:table] + quoted + tail)
    assert isinstance(only_refused(take("a.zip")), UnsafeInput)


def test_a_member_inside_another_members_bytes_refuses_the_whole_archive() -> None:
    inner = pack("inner.zip", {"b.jpg": PHOTO}, method=zipfile.ZIP_STORED).read_bytes()
    local, entry = inner[: inner.index(b"PK\1\2")], inner[inner.index(b"PK\1\2") : inner.index(b"PK\5\6")]
    outer = pack("outer.zip", {"a.jpg": local}, method=zipfile.ZIP_STORED).read_bytes()
    table = outer.index(b"PK\1\2")
    offset = struct.pack("<L", 30 + len("a.jpg"))
    entries = outer[table : outer.index(b"PK\5\6")] + entry[:42] + offset + entry[46:]
    put("a.zip", outer[:table] + entries + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 2, 2, len(entries), table, 0))
    assert isinstance(only_refused(take("a.zip")), UnsafeInput)


def test_a_bad_checksum_is_damage_of_that_member_only() -> None:
    content = bytearray(pack("a.zip", {"a.jpg": PHOTO, "b.jpg": PHOTO}, method=zipfile.ZIP_STORED).read_bytes())
    content[100] ^= 1
    put("a.zip", bytes(content))
    a, b = take("a.zip")[0]
    with pytest.raises(DamagedFile, match=r"a\.zip/a\.jpg"):
        a.load()
    assert b.load() == PHOTO


def test_a_member_packed_in_another_way_is_refused() -> None:
    pack("a.zip", {"a.jpg": PHOTO}, method=zipfile.ZIP_LZMA)
    assert isinstance(only_refused(take("a.zip")), UnsupportedFormat)


def test_names_that_macos_wrote_without_saying_utf8_are_read() -> None:
    pack("a.zip", {"Schuxxx.jpg": PHOTO})
    put("a.zip", Path("a.zip").read_bytes().replace(b"Schuxxx", "Schuu\u0308".encode()))
    assert names(take("a.zip")) == ["a.zip/Schuü.jpg"]


# --- manifest ---


def test_a_manifest_says_what_each_photo_is() -> None:
    put("in/left/a.jpg")
    text = (
        "SKU , File,gtin,ASIN,title,role,template,channel,priority\n"
        'R-1,left/a.jpg,4006381333931,b00abc1234,"Red, shoe",Angle  2,marble,"amazon; shopify|ebay amazon",URGENT\n'
    )
    (source,), refused = take(manifest(text, "in/list.csv"))
    assert refused == []
    assert source == Source(
        "in/left/a.jpg", "R-1", "4006381333931", "B00ABC1234", "Red, shoe", "angle 2", "marble",
        ("amazon", "shopify", "ebay"), "urgent", load=source.load,
    )  # fmt: skip
    assert source.load() == PHOTO


def test_columns_left_empty_are_the_commands() -> None:
    put("a.jpg")
    ((source,), _) = take(manifest("sku,file,role,channel,priority,\nA,a.jpg,,,,\n"))
    assert (source.role, source.style, source.channels, source.priority) == ("main", "", (), "")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("line", ["\n", "\r\n"])
def test_manifests_of_all_spreadsheets_are_read(separator: str, encoding: str, line: str) -> None:
    put("a.jpg")
    rows = [["sku", "file", "title"], ["Größe-1", "a.jpg", "a, b; c\td"]]
    with Path("list.csv").open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=separator, lineterminator=line, quoting=csv.QUOTE_ALL).writerows(rows)
    (source,), refused = take("list.csv")
    assert (source.sku, source.title, refused) == ("Größe-1", "a, b; c\td", [])


def test_an_unknown_column_refuses_the_manifest_and_suggests_the_nearest() -> None:
    put("a.jpg")
    error = only_refused(take(manifest("sku,file,prioritiy\nA,a.jpg,urgent\n")))
    assert isinstance(error, BadOption)
    assert "'prioritiy'" in error.problem
    assert "priority?" in error.remedy


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", BadInput), ("sku,file\n", BadInput), ("sku,title\nA,x\n", BadOption), ("file\na.jpg\n", BadOption),
        ("sku,file,SKU\nA,a.jpg,B\n", BadOption), ('sku,file\nA,"a.jpg\n', BadInput), ("sku\0,file\n", DamagedFile),
        ("sku,file\n" + "A,a.jpg\n" * 4, TooLarge), ("sku,file\n" + " " * 20_000, TooLarge),
    ],
)  # fmt: skip
def test_a_manifest_that_is_wrong_as_a_whole_is_one_refusal(text: str, error: type[PackshotError]) -> None:
    put("a.jpg")
    assert isinstance(only_refused(take(manifest(text), limits=Limits(manifest_rows=3))), error)


@pytest.mark.parametrize(
    ("row", "error"),
    [
        (",a.jpg", BadOption), ("A,", BadOption), ("A,a.jpg,https://shop.example/a.jpg", BadOption),
        ("A,gone.jpg", BadInput), ("A,sub", UnsupportedFormat), ("A,a.psd", UnsupportedFormat),
        ("A,../secret.jpg", UnsafeInput), ("A,/etc/a.jpg", UnsafeInput), ("A,C:\\a.jpg", UnsafeInput),
        ("A,..\\secret.jpg", UnsafeInput), ("A,link.jpg", UnsafeInput), ("A,empty.jpg", DamagedFile),
        ("A,,ftp://shop.example/a.jpg", UnsafeInput), ("A,,a.jpg", UnsafeInput),
        ("A,a.jpg,,4006381333932", BadOption), ("A,a.jpg,,40063813339", BadOption), ("A,a.jpg,,4.00638E+12", BadOption),
        ("A,a.jpg,,٤٠٠٦٣٨١٣٣٣٩٣١", BadOption), ("A,a.jpg,,,B00ABC123", BadOption), ("A,a.jpg,,,B00ABC-123", BadOption),
        ("A,a.jpg,,,,soon", BadOption), ("A,a.jpg,,,,,stray", BadOption), ("A\x07B,a.jpg", BadOption),
        ("GOOD,a.jpg", BadOption),
    ],
)  # fmt: skip
def test_a_bad_row_is_refused_with_its_number_and_the_others_go_on(row: str, error: type[PackshotError]) -> None:
    put("in/a.jpg"), put("in/empty.jpg", b""), put("secret.jpg"), put("in/a.psd"), put("in/sub/x.jpg")
    Path("in/link.jpg").symlink_to("../secret.jpg")
    good = manifest(f"sku,file,url,gtin,asin,priority\nGOOD,a.jpg\n\n{row}\nGOOD-2,a.jpg\n", "in/list.csv")
    taken = take(good)
    assert [source.sku for source in taken[0]] == ["GOOD", "GOOD-2"]
    assert refusals(taken) == [("in/list.csv row 4", error)]


@pytest.mark.parametrize("gtin", ["96385074", "036000291452", "4006381333931", "10036000291459"])
def test_gtins_of_all_four_lengths_are_taken(gtin: str) -> None:
    put("a.jpg")
    assert take(manifest(f"sku,file,gtin\nA,a.jpg,{gtin}\n"))[0][0].gtin == gtin


def test_the_same_sku_in_another_role_is_another_photo() -> None:
    put("a.jpg"), put("b.jpg")
    sources, refused = take(manifest("sku,file,role\nA,a.jpg,\nA,b.jpg,angle 2\nA,b.jpg,Main\n"))
    assert [(s.sku, s.role) for s in sources] == [("A", "main"), ("A", "angle 2")]
    assert [(one.name, "row 2" in one.error.problem) for one in refused] == [("list.csv row 4", True)]


def test_a_row_may_name_an_address() -> None:
    (source,), _ = take(manifest("sku,url\nA,https://shop.example/a.jpg?key=secret\n"))
    assert (source.name, source.sku) == ("shop.example/a.jpg", "A")


def test_a_manifest_speaks_for_its_photos_even_if_their_folder_is_named_too() -> None:
    put("in/a.jpg"), put("in/b.jpg"), put("in/c.jpg")
    taken = take("in", manifest("sku,file,gtin\nA,a.jpg,\nB,b.jpg,1\n", "in/list.csv"))
    assert [(s.name, s.sku) for s in taken[0]] == [("in/a.jpg", "A"), ("in/c.jpg", "c")]
    assert refusals(taken) == [("in/list.csv row 3", BadOption)]


# --- a manifest in a ZIP ---


def test_the_only_csv_at_the_top_of_a_zip_is_its_manifest() -> None:
    text = b"sku,file,role\nA,left\\a.jpg,angle 2\nB,gone.jpg,\nC,../c.jpg,\n"
    pack("a.zip", {"list.csv": text, "left/a.jpg": PHOTO, "b.jpg": PHOTO, "left/prices.csv": b""})
    taken = take("a.zip")
    assert [(s.name, s.sku, s.role, s.load()) for s in taken[0]] == [("a.zip/left/a.jpg", "A", "angle 2", PHOTO)]
    assert refusals(taken) == [
        ("a.zip/list.csv row 3", BadInput),
        ("a.zip/list.csv row 4", UnsafeInput),
        ("a.zip/b.jpg", BadInput),
    ]
    assert "not named in the manifest" in taken[1][2].error.problem


def test_a_zip_of_one_folder_has_its_manifest_in_that_folder() -> None:
    pack("a.zip", {"shoes/list.csv": b"sku,file\nA,a.jpg\n", "shoes/a.jpg": PHOTO, "__MACOSX/shoes/._a.jpg": b"x"})
    taken = take("a.zip")
    assert [(s.name, s.sku) for s in taken[0]] == [("a.zip/shoes/a.jpg", "A")]
    assert taken[1] == []


def test_two_csvs_at_the_top_of_a_zip_are_no_manifest() -> None:
    pack("a.zip", {"a.csv": b"x", "b.csv": b"y", "a.jpg": PHOTO})
    assert [(s.name, s.sku) for s in take("a.zip")[0]] == [("a.zip/a.jpg", "a")]


@pytest.mark.parametrize("text", [b"sku,file,colour\nA,a.jpg,red\n", b""])
def test_a_zip_whose_manifest_is_wrong_develops_nothing(text: bytes) -> None:
    pack("a.zip", {"list.csv": text, "a.jpg": PHOTO})
    assert only_refused(take("a.zip")).subject == "a.zip/list.csv"


def test_one_bad_input_does_not_stop_the_others() -> None:
    put("a.jpg"), put("bad.zip", b"x")
    taken = take("bad.zip", "a.jpg", "gone.jpg")
    assert names(taken) == ["a.jpg"]
    assert refusals(taken) == [("bad.zip", DamagedFile), ("gone.jpg", BadInput)]

"""Lists and ZIPs as Windows, Excel and macOS write them: read in their letters, or refused; never in wrong ones."""

from __future__ import annotations

import json
import random
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from packshot.cli.common import photos_of
from packshot.errors import BadOption, DamagedFile
from packshot.intake import Collected, ColumnMap, collect
from packshot.intake.naming import named
from packshot.intake.table import read
from packshot.settings import Limits, Settings
from places import CASES

PHOTO = b"\xff\xd8\xff" + b"".join(zlib.crc32(bytes([n, n])).to_bytes(4, "big") for n in range(256))

# What is written in which code page; the words of one list each.
WORDS = [
    ("cp1252", "Größe Tür weiß"), ("cp1252", "Café Größe Rosé, L×B×H 20°C"),
    ("cp1252", "Röd skål, grön ljusstake"), ("cp1252", "Blå skål, grøn tallerken, æg"),
    ("cp1250", "Café żółty ręcznik"), ("cp1250", "Bögre őszi kanál"),
    ("cp1252", "Crème brûlée à la française"), ("cp1252", "Taza de niño, sillón, árbol"),
    ("mac_roman", "Grüne Größe, weiß"), ("cp850", "Grüne Größe"), ("cp1250", "Ręcznik żółty"),
    ("cp1250", "Hrnek žlutý, růže"), ("cp1251", "Кружка зелёная"), ("cp1251", "КРУЖКА Кружка"),
    ("cp866", "Зелёная чашка"), ("mac_cyrillic", "Зелёная чашка"), ("cp1253", "Κούπα πράσινη"), ("cp1255", "ספל ירוק"),
    ("cp1256", "كوب أخضر"),
    ("cp932", "陶器マグ"), ("cp932", "新しい鞄 ソファ"), ("gbk", "绿色陶瓷杯"), ("big5", "綠色陶瓷杯"),
]  # fmt: skip
# What may be several languages' words.
OTHER_WORDS = [
    ("cp1254", "Yeşil bardağı"), ("cp1252", "þýð"), ("cp949", "머그컵 초록"), ("gbk", "茶杯"),
    ("cp874", "แก้วสีเขียว"), ("cp932", "ｶｯﾌﾟ"), ("koi8_r", "Кружка зелёная"),
]  # fmt: skip


# Words of shops, with the code pages that Windows, DOS and the Mac write them in.
LANGUAGES = {
    "German": ("cp1252 cp850 mac_roman", "Größe Tür weiß Schüssel Löffel Kännchen grün Käse Becher Öl Übertopf Gefäß"),
    "French": ("cp1252 cp850 mac_roman", "Crème brûlée tasse théière français Noël cuillère forêt où élégant à"),
    "Spanish": ("cp1252 cp850", "Taza niño sillón árbol cuchara pequeño baño jarrón lámpara cojín"),
    "Portuguese": ("cp1252 cp850", "Xícara maçã pão avó colher açúcar limões mão chão"),
    "Swedish": ("cp1252 cp850", "Kopp skål röd blå grön tallrik hållare fågel"),
    "Polish": ("cp1250 cp852", "Kubek żółty ręcznik łyżka talerz święty źródło biały półmisek"),
    "Czech": ("cp1250 cp852", "Hrnek žlutý růže šálek lžíce talíř čaj příbor nůž zelený"),
    "Hungarian": ("cp1250 cp852", "Bögre zöld őszi tányér kanál űrhajó csésze fűszer asztalterítő"),
    "Russian": ("cp1251 cp866", "Кружка зелёная тарелка ложка синяя чашка БОЛЬШАЯ чайник нож вилка"),
    "Ukrainian": ("cp1251", "Чашка зелена тарілка ложка синя їжа глечик ґудзик ніж"),
    "Greek": ("cp1253", "Κούπα πράσινη πιάτο κουτάλι μπλε ποτήρι τσαγιέρα"),
    "Turkish": ("cp1254", "Bardak yeşil tabak kaşık mavi çaydanlık büyük küçük sürahi"),
    "Japanese": ("cp932", "マグ 湯呑 茶碗 陶器 皿 青い 新しい コップ お茶 花瓶 スプーン"),
    "simplified Chinese": ("gbk", "茶杯 盘子 绿色 陶瓷 花瓶 勺子 红色 大号 玻璃杯"),
    "traditional Chinese": ("big5", "茶杯 盤子 綠色 陶瓷 花瓶 湯匙 紅色 大號 玻璃杯"),
    "Korean": ("cp949", "머그컵 초록색 접시 파란색 도자기 그릇 숟가락 꽃병"),
    "Hebrew": ("cp1255", "ספל ירוק צלחת כחול קערה כף כוס גדול"),
    "Arabic": ("cp1256", "كوب أخضر طبق أزرق ملعقة إبريق كبير"),
}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def put(name: str, content: bytes = PHOTO) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_bytes(content)


def take(*inputs: str, given: dict[str, str] | None = None, remembered: dict[str, str] | None = None) -> Collected:
    return collect(inputs, limits=Limits(), columns=ColumnMap(given or {}, remembered or {}))


def take_list(text: str | bytes, **means: dict[str, str]) -> Collected:
    put("list.csv", text if isinstance(text, bytes) else text.encode())
    return take("list.csv", **means)


def pack(name: str, members: dict[bytes, bytes], *, extra: bytes = b"") -> None:
    """A ZIP whose names are these bytes, without the flag for UTF-8."""
    with zipfile.ZipFile(name, "w") as archive:
        for number, content in enumerate(members.values()):
            info = zipfile.ZipInfo(f"{number:04}".ljust(len(list(members)[number]), "x"))
            info.extra = extra
            archive.writestr(info, content)
    packed = Path(name).read_bytes()
    for number, raw in enumerate(members):
        packed = packed.replace(f"{number:04}".ljust(len(raw), "x").encode(), raw)
    Path(name).write_bytes(packed)


def skus(taken: Collected) -> list[str]:
    return [source.sku for source in taken.sources]


def reasons(taken: Collected) -> dict[str, str]:
    return {one.name: one.error.message for one in taken.refused}


# --- letters ---


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_is_read_without_a_word(codec: str) -> None:
    put("a.jpg")
    bom = "\ufeff" if codec.endswith(("le", "be")) else ""
    taken = take_list(f"{bom}sku,file,title\nТАССЕ-1,a.jpg,茶碗\n".encode(codec))
    assert [(source.sku, source.title) for source in taken.sources] == [("ТАССЕ-1", "茶碗")]
    assert taken.notes == []


@pytest.mark.parametrize(("codec", "words"), WORDS)
def test_a_code_page_that_can_be_told_is_read_and_said(codec: str, words: str) -> None:
    put("a.jpg")
    taken = take_list(f"sku;file;title\r\nA1;a.jpg;{words}\r\n".encode(codec))
    assert [source.title for source in taken.sources] == [words]
    assert [note.name for note in taken.notes] == ["list.csv"]
    assert "does not say" in taken.notes[0].words


@pytest.mark.parametrize(("codec", "words"), OTHER_WORDS)
def test_a_code_page_that_cannot_be_told_is_refused_with_what_to_do(codec: str, words: str) -> None:
    put("a.jpg")
    taken = take_list(f"sku;file;title\r\nA1;a.jpg;{words}\r\n".encode(codec))
    assert taken.sources == []
    assert "cannot be told" in reasons(taken)["list.csv"] and "CSV UTF-8" in reasons(taken)["list.csv"]


@pytest.mark.parametrize(("codec", "words"), WORDS + OTHER_WORDS)
def test_nothing_ever_comes_in_wrong_letters(codec: str, words: str) -> None:
    put("a.jpg")
    for word in words.split():
        taken = take_list(f"sku;file;title\r\n{word};a.jpg;{word}\r\n".encode(codec))
        assert [(source.sku, source.title) for source in taken.sources] in ([(word, word)], []), (codec, word)


@pytest.mark.parametrize("language", LANGUAGES)
def test_lists_of_any_length_and_language_are_never_in_wrong_letters(language: str) -> None:
    codecs, words = LANGUAGES[language]
    chance = random.Random(language)
    for codec in codecs.split():
        count = right = 0
        for _ in range(60):
            rows = [" ".join(chance.choices(words.split(), k=2)) for _ in range(chance.choice((1, 2, 3, 5, 8, 15, 40)))]
            text = "sku,file,title\n" + "".join(f"A{n},a.jpg,{row}\n" for n, row in enumerate(rows))
            count += len(rows)
            try:
                found = read(text.encode(codec), Limits())
            except DamagedFile:
                continue
            titles = [(row["title"], rows[number - 2]) for number, row in found.good()]
            assert [title for title, _ in titles] == [title for _, title in titles], codec
            right += len(titles)
        # What Windows writes today is read as a rule, if a list has more than a few words.
        assert right > 0.6 * count or not codec.startswith("cp12"), (codec, right, count)


def test_a_row_with_a_letter_that_another_language_has_in_its_place_is_refused() -> None:
    put("a.jpg"), put("b.jpg"), put("c.jpg")
    taken = take_list("sku;file;title\nNIÑO;a.jpg;x\nKIND;b.jpg;Niño\nBABY;c.jpg;bébé\n".encode("cp1252"))
    assert [(source.sku, source.title) for source in taken.sources] == [("BABY", "bébé")]
    assert "the letter Ñ in 'NIÑO'" in reasons(taken)["list.csv row 2"]
    assert "the letter ñ in 'Niño'" in reasons(taken)["list.csv row 3"]


def test_a_file_of_no_letters_at_all_is_no_list() -> None:
    for content in (b"\x89PNG\r\n\x1a\n\0\0", b"sku,file\n\x1b$B%^\x1b(B,a.jpg", b"\xff\xfes\0k", b"sku\0,file"):
        assert isinstance(take_list(content).refused[0].error, DamagedFile)


# --- ZIP names ---


def test_names_in_shift_jis_are_read_in_it() -> None:
    pack("a.zip", {"新しい鞄.jpg".encode("cp932"): PHOTO, "ソファ.jpg".encode("cp932"): PHOTO})
    taken = take("a.zip")
    assert sorted(skus(taken)) == ["ソファ", "新しい鞄"] and taken.refused == []
    assert "Shift-JIS" in taken.notes[0].words
    assert [source.load() for source in taken.sources] == [PHOTO, PHOTO]


@pytest.mark.parametrize(
    ("codec", "name"), [("gbk", "绿色陶瓷杯"), ("cp437", "Grüne Größe"), ("cp850", "Grüne Größe"), ("cp866", "Кружка")]
)
def test_names_in_other_code_pages_are_read_in_them(codec: str, name: str) -> None:
    pack("a.zip", {f"{name}.jpg".encode(codec): PHOTO})
    assert skus(take("a.zip")) == [name]


def test_a_name_that_cannot_be_told_is_refused_and_the_others_go_on() -> None:
    pack("a.zip", {"茶杯.jpg".encode("gbk"): PHOTO, b"good.jpg": PHOTO})
    taken = take("a.zip")
    assert skus(taken) == ["good"]
    [reason] = reasons(taken).values()
    assert "letters of its name" in reason and "UTF-8" in reason


def test_a_list_in_the_archive_says_whose_photo_it_is_whatever_its_name() -> None:
    pack("a.zip", {"Niño.jpg".encode("cp1252"): PHOTO, b"list.csv": "sku,file\nKIND,Niño.jpg\n".encode()})
    assert skus(take("a.zip")) == ["KIND"]


def test_the_unicode_path_field_is_believed_where_its_checksum_fits() -> None:
    raw = b"????.jpg"
    for checksum, sku in ((zlib.crc32(raw), "茶杯"), (1, "????")):
        content = struct.pack("<BL", 1, checksum) + "茶杯.jpg".encode()
        pack("a.zip", {raw: PHOTO}, extra=struct.pack("<HH", 0x7075, len(content)) + content)
        assert skus(take("a.zip")) == [sku]


def test_a_tricky_name_in_the_unicode_path_field_is_refused() -> None:
    content = struct.pack("<BL", 1, zlib.crc32(b"good.jpg")) + b"../../bad.jpg"
    pack("a.zip", {b"good.jpg": PHOTO}, extra=struct.pack("<HH", 0x7075, len(content)) + content)
    assert "unsafe" in reasons(take("a.zip"))["a.zip/../../bad.jpg"]


def test_backslashes_separate_folders_where_there_is_no_slash() -> None:
    pack("a.zip", {b"shoes\\left.jpg": PHOTO, b"shoes\\": b"", b"shoes\\list.csv": b"sku,file\nL,left.jpg\n"})
    taken = take("a.zip")
    assert [(source.name, source.sku) for source in taken.sources] == [("a.zip/shoes/left.jpg", "L")]
    assert taken.refused == []


def test_what_finder_and_windows_leave_behind_is_passed_over() -> None:
    litter = [b"__MACOSX/._a.jpg", b"__MACOSX/in/._b.jpg", b"._a.jpg", b".DS_Store", b"in/.DS_Store", b"Thumbs.db",
              b"in\\Thumbs.db", b"desktop.ini", b"Desktop.ini", b"ehthumbs.db", b"in/Icon\r"]  # fmt: skip
    pack("a.zip", {b"a.jpg": PHOTO} | dict.fromkeys(litter, b"x"))
    taken = take("a.zip")
    assert (skus(taken), taken.refused) == (["a"], [])


def test_names_that_differ_in_capitals_are_two_and_in_how_letters_are_composed_one() -> None:
    pack(
        "a.zip",
        {b"mug.jpg": PHOTO, b"MUG.jpg": PHOTO, "gr\u00fcn.jpg".encode(): PHOTO, "gru\u0308n.jpg".encode(): PHOTO},
    )
    taken = take("a.zip")
    assert sorted(skus(taken)) == ["MUG", "grün", "mug"]
    assert "twice" in reasons(taken)["a.zip/grün.jpg"]


# --- what spreadsheets do ---


@pytest.mark.parametrize("number", ["1.23457E+11", "1,23457E+11", "4.00638E+12", "4e+12"])
@pytest.mark.parametrize("column", ["sku", "gtin"])
def test_a_number_that_the_spreadsheet_shortened_is_refused_for_its_row(number: str, column: str) -> None:
    put("a.jpg"), put("b.jpg")
    row = {"sku": "A", "gtin": ""} | {column: number}
    taken = take_list(f"sku;gtin;file\n{row['sku']};{row['gtin']};a.jpg\nGOOD;;b.jpg\n")
    assert skus(taken) == ["GOOD"]
    reason = reasons(taken)["list.csv row 2"]
    assert f"the spreadsheet shortened this number: {number}." in reason and f"column {column} as text" in reason


def test_skus_that_only_look_a_little_like_it_are_skus() -> None:
    put("a.jpg")
    for sku in ("1E5", "2E10", "1.2E", "E+11", "1E+1", "X1.2E+11"):
        assert skus(take_list(f"sku,file\n{sku},a.jpg\n")) == [sku]


def test_a_formula_that_keeps_zeros_is_its_text() -> None:
    put("a.jpg")
    taken = take_list('sku;file;title\n="00123";a.jpg;"=""5 \'"" x"\n="00124";a.jpg;="say ""hi"""\n')
    assert [(source.sku, source.title) for source in taken.sources] == [("00123", '="5 \'" x'), ("00124", 'say "hi"')]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("says", [True, False])
@pytest.mark.parametrize("line", ["\n", "\r\n", "\r"])
def test_every_separator_is_found_or_believed(separator: str, says: bool, line: str) -> None:
    put("a.jpg")
    rows = [separator.join(row) for row in (["sku", "title", "file"], ["A", f'"x,;|{line}y"', "a.jpg"], ["", "", ""])]
    taken = take_list((line.join([f"sep={separator}", *rows]) if says else line.join(rows)).encode())
    assert [(source.sku, source.title, source.role) for source in taken.sources] == [("A", f"x,;|{line}y", "main")]


def test_rows_are_counted_as_the_spreadsheet_shows_them() -> None:
    taken = take_list('sep=;\nsku;file\nA;gone.jpg\n"B\nB";gone.jpg\nC;gone.jpg\n')
    assert list(reasons(taken)) == ["list.csv row 2", "list.csv row 3", "list.csv row 4"]


# --- file names in lists ---


@pytest.mark.parametrize("archive", [False, True])
def test_file_names_are_found_however_they_are_written(archive: bool) -> None:
    names = ["gru\u0308n.jpg", "Left/a.JPG", "one.jpg", "One.jpg", "ONE.jpg", "two.jpg"]
    text = "sku,file\nA,gr\u00fcn.jpg\nB,left\\A.jpg\nC,One.jpg\nD,oNE.JPG\nE,TWO.jpg\n"
    if archive:
        pack("a.zip", {name.encode(): PHOTO for name in names} | {b"list.csv": text.encode()})
        taken = take("a.zip")
    else:
        for name in names:
            put(f"in/{name}")
        put("in/list.csv", text.encode())
        taken = take("in/list.csv")
    assert skus(taken) == ["A", "B", "C", "E"]
    [reason] = [message for name, message in reasons(taken).items() if "row" in name]
    assert "oNE.JPG may be" in reason and "capitals" in reason


# --- columns ---


def test_a_column_can_be_mapped_and_left_out() -> None:
    put("a.jpg")
    text = "Article No,Bild,Preis,title\nA-1,a.jpg,9.90,Mug\n"
    assert '--map "Article No"=sku' in reasons(take_list(text))["list.csv"]
    [source] = take_list(text, given={"article no": "sku", "bild": "file", "preis": ""}).sources
    assert (source.sku, source.title) == ("A-1", "Mug")


def test_what_is_remembered_is_said_and_never_goes_against_the_list() -> None:
    put("a.jpg")
    taken = take_list("article,file\nA,a.jpg\n", remembered={"article": "sku", "file": "url"})
    assert skus(taken) == ["A"] and "article was read as sku" in taken.notes[0].words
    refusal = take_list("article,sku,file\nX,A,a.jpg\n", remembered={"article": "sku"}).refused[0]
    assert "'article'" in refusal.error.problem


def test_the_column_style_is_read_and_so_is_its_old_name() -> None:
    put("a.jpg")
    for name in ("style", "template", "Style"):
        assert take_list(f"sku,file,{name}\nA,a.jpg,marble\n").sources[0].style == "marble"
    assert "both mean style" in reasons(take_list("sku,file,style,template\nA,a.jpg,x,y\n"))["list.csv"]


def test_the_command_line_says_what_columns_mean() -> None:
    put("a.jpg"), put("list.csv", b"Article,a=b,file\nA-1,9.90,a.jpg\n")
    settings = Settings()
    assert skus(photos_of(["list.csv"], settings, columns=["Article=sku", "a=b="])) == ["A-1"]
    for words, said in (("Article", "Article=sku"), ("=sku", "Article=sku"), ("Article=colour", "It can mean sku")):
        with pytest.raises(BadOption, match="--map") as error:
            photos_of(["list.csv"], settings, columns=[words])
        assert said in error.value.remedy


# --- names of photos ---


@pytest.mark.parametrize(
    ("name", "sku", "place", "role"), json.loads((Path(__file__).parents[1] / "names.json").read_text())
)
def test_a_name_says_its_product_and_angle(name: str, sku: str, place: int, role: str) -> None:
    found = named(Path(name).stem)
    assert (found.sku, found.place, found.role) == (sku, place, role)


def test_a_folder_and_a_zip_give_the_same_products_and_angles() -> None:
    names = ["MUG.jpg", "MUG_2.jpg", "MUG (3).jpg", "MUG_back.jpg", "B0X.MAIN.jpg", "B0X.PT01.jpg", "gru\u0308n.jpg"]
    for name in names:
        put(f"in/{name}")
    pack("a.zip", {name.encode(): PHOTO for name in names})
    found = [{(source.sku, source.role) for source in take(one).sources} for one in ("in", "a.zip")]
    assert found[0] == found[1] == {
        ("MUG", "main"), ("MUG", "angle 2"), ("MUG", "angle 3"), ("MUG", "back"), ("B0X", "main"), ("B0X", "angle 2"),
        ("grün", "main"),
    }  # fmt: skip


# --- files as others wrote them ---

needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason=f"the cases are not beside the project, in {CASES.name}")


@needs_cases
def test_the_cases_are_read_or_refused_in_words() -> None:
    for name in ("mug.jpg", "gru\u0308n-tasse.jpg"):
        put(name)
    expected = {
        "cp1251.csv": ["КРУЖКА"], "sjis.csv": ["A1"], "nfc.csv": ["G1"], "case_file.csv": ["A1"], "sku_sci2.csv": [],
        "sku_sci_de.csv": [],
    }  # fmt: skip
    for name, right in expected.items():
        put(name, (CASES / "lists" / name).read_bytes())
        taken = take(name)
        assert skus(taken) == right, name
        assert right or "the spreadsheet shortened this number" in reasons(taken)[f"{name} row 2"]


@needs_cases
def test_the_archives_among_the_cases_are_read_or_refused_in_words() -> None:
    def of(name: str) -> Collected:
        return take(str(CASES / name))

    assert sorted(source.name for source in of("z_backslash.zip").sources) == [
        "z_backslash.zip/shoes/left.jpg", "z_backslash.zip/shoes/right.jpg"
    ]  # fmt: skip
    assert sorted(skus(of("z_sjis.zip"))) == ["ソファ", "新しい鞄"]
    assert skus(of("z_gbk.zip")) == [] and "letters of its name" in next(iter(reasons(of("z_gbk.zip")).values()))

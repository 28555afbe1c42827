"""In which letters bytes are written that do not say so: lists and names of ZIP members.

Unicode says so itself. Of the code pages of Windows, DOS and the Mac one is taken where the words it gives look like
words and those of all others do not; else the bytes are refused. Statistical detectors need more text than a list has:
charset-normalizer 3.5 tells 7 of 15 lists of one row.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from packshot.errors import DamagedFile

_LINES = 4_000  # distinct ones with other than ASCII letters that are looked at
_MOST = 0.9  # of the words, or of the characters, that must be as in real text: there are typing mistakes

# Letters beside a to z of each language that the code page is for; behind the space those that are rare in it, or stand
# in names and loans only. Most must be of the first kind.
_LOANS = " éèêëçñöüäáàâóôíïø"
_WESTERN = (
    *(letters + _LOANS for letters in ("äöüß", "àâæçéèêëîïôœùûüÿ", "áéíñóúü", "àèéìíîòóùú", "åäöæøé")),
    "àáâãçéêíóôõú üèëñ",  # without ö, beside which õ is the Hungarian ő
)
_CENTRAL = tuple(
    letters + " éöüä"
    for letters in ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áčďéíľňóšťúýžô ĺŕ", "áéíóöőúüű", "čćđšž", "ăâîşţ", "äöüß")
)
_CYRILLIC = (
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюя", "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя", "абвгдежзийклмнопрстуфхцчшщъьюя",
    "абвгдђежзијклљмнњопрстћуфхцчџш",
)  # fmt: skip
_GREEK, _HEBREW = ("αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ",), ("אבגדהוזחטיךכלםמןנסעףפץצקרשת",)
_ARABIC = ("ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي",)
_AT_THE_END = frozenset("ךםןףץةى")  # letters that stand nowhere else in a word
_FEWEST = 3  # letters from which an alphabet of its own can be told
# Halfwidth kana, which are single bytes and look like much else: what may stand behind what.
_KANA = re.compile(r"(?:[ｦｱ-ﾝ][ﾞﾟ]?(?:(?<=[ｷｼﾁﾆﾋﾐﾘﾞﾟ])[ｬｭｮ]|(?<=[ｳﾂﾃﾄﾌﾞ])[ｧ-ｫ])?[ｯｰ]*)+")
_VOWELS = frozenset("аеёиоуыэюяіїєјъαεηιουωάέήίόύώϊϋΐΰ")
_SIGNS = frozenset("“”‘’„‚«»‹›–—…€£¥¢°²³¹¼½¾®™©×·•§±µ№¿¡ªº÷´¨\u00a0\u00ad")
_IN_WORDS = frozenset("’‘´·×®™©\u00ad")


@dataclass(frozen=True, slots=True)
class _CodePage:
    codec: str
    words: str
    alphabets: tuple[str, ...] = ()
    latin: bool = True
    alone: bool = False  # taken only where no other fits
    # Of a page with two bytes a character: those of its common ones.
    common: re.Pattern[bytes] | None = None


# Of several that fit the first is taken, and the letters that they do not agree in are told; but see `alone`.
_PAGES = (
    _CodePage("cp1252", "Windows-1252 (western Europe)", _WESTERN),
    _CodePage("mac_roman", "Mac Roman (western Europe)", _WESTERN),
    _CodePage("cp850", "DOS 850 (western Europe)", _WESTERN),
    _CodePage("cp437", "DOS 437 (western Europe)", _WESTERN),
    _CodePage("cp1250", "Windows-1250 (central Europe)", _CENTRAL),
    _CodePage("cp852", "DOS 852 (central Europe)", _CENTRAL),
    _CodePage("cp1254", "Windows-1254 (Turkish)", ("çğıiöşüâîûéèä",), alone=True),
    _CodePage("cp1252", "Windows-1252 (Icelandic)", ("áðéíóúýþæö",), alone=True),
    _CodePage("cp1257", "Windows-1257 (Baltic)", ("ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž")),
    _CodePage("cp1251", "Windows-1251 (Cyrillic)", _CYRILLIC, latin=False, alone=True),
    _CodePage("cp866", "DOS 866 (Cyrillic)", _CYRILLIC, latin=False, alone=True),
    _CodePage("mac_cyrillic", "Mac Cyrillic", _CYRILLIC[:3], latin=False, alone=True),
    _CodePage("cp1253", "Windows-1253 (Greek)", _GREEK, latin=False, alone=True),
    _CodePage("cp1255", "Windows-1255 (Hebrew)", _HEBREW, latin=False, alone=True),
    _CodePage("cp1256", "Windows-1256 (Arabic)", _ARABIC, latin=False, alone=True),
    # Kana, signs, and kanji of level 1.
    _CodePage("cp932", "Shift-JIS (Japanese)", latin=False, alone=True,
              common=re.compile(rb"[\x81-\x83].|[\x89-\x97].|\x88[\x9f-\xfc]|\x98[\x40-\x72]", re.DOTALL)),
    # Signs, and hanzi of level 1 of GB 2312.
    _CodePage("gbk", "GBK (simplified Chinese)", latin=False, alone=True,
              common=re.compile(rb"[\xa1\xa3\xb0-\xd7][\xa1-\xfe]")),
    _CodePage("big5", "Big5 (traditional Chinese)", latin=False, alone=True,
              common=re.compile(rb"[\xa1-\xa2\xa4-\xc6].", re.DOTALL)),
    _CodePage("cp949", "EUC-KR (Korean)", latin=False, alone=True,
              common=re.compile(rb"[\xa1\xa3\xb0-\xc8][\xa1-\xfe]")),
)  # fmt: skip
# Bytes that are common characters in Korean and in Chinese; so many of them and no others are Korean.
_HANGUL, _KOREAN_FROM = re.compile(rb"[\xb0-\xc8][\xa1-\xfe]"), 20


@dataclass(frozen=True, slots=True)
class Decoded:
    """page: what it was taken to be, in words; "" where the bytes say so themselves.  unsure: letters of the text that
    another code page which fits as well has in another way."""

    text: str
    page: str = ""
    unsure: frozenset[str] = field(default=frozenset())
    codec: str = "utf-8"


def decoded(content: bytes) -> Decoded:
    """A text file.  Raises DamagedFile where it is none, or where its letters cannot be told."""
    boms = ((b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
    codec = next((codec for bom, codec in boms if content.startswith(bom)), "utf-8-sig")
    try:
        text = content.decode(codec)
    except UnicodeError:
        text = "\0" if codec != "utf-8-sig" or b"\0" in content else ""
    if "\0" in text or "\x1b" in text:  # ESC begins the other alphabet of ISO-2022
        raise DamagedFile("this is not a text file.", remedy="Save it from the spreadsheet as CSV UTF-8.")
    return Decoded(text) if text or not content else told(content)


def told(content: bytes) -> Decoded:
    """Bytes of an unknown code page.  Raises DamagedFile where none fits, or where several do that are worlds apart."""
    lines = list(dict.fromkeys(line for line in re.split(rb"[\r\n]+", content) if not line.isascii()))[:_LINES]
    sample = b"\n".join(lines)
    fitting = [page for page in _PAGES if _fits(sample, page)]
    texts: dict[str, _CodePage] = {}
    for page in fitting:
        try:
            texts.setdefault(content.decode(page.codec), page)
        except UnicodeError:
            continue
    pages = list(texts.values())
    if not pages or (len(pages) > 1 and any(page.alone for page in pages)):
        maybe = f": it may be {' or '.join(page.words for page in pages[:3])}" if pages else ""
        raise DamagedFile(f"its letters cannot be told for certain{maybe}.", remedy="Save it as CSV UTF-8.")
    text, page = next(iter(texts.items()))
    return Decoded(text, page.words, _unsure(text, pages), page.codec)


def _unsure(text: str, pages: Sequence[_CodePage]) -> frozenset[str]:
    letters = [letter for letter in set(text) if not letter.isascii()]
    first, *others = pages
    return frozenset(
        letter
        for letter in letters
        if any(letter.encode(first.codec).decode(page.codec, "replace") != letter for page in others)
    )


def _fits(sample: bytes, page: _CodePage) -> bool:
    try:
        text = sample.decode(page.codec)
    except UnicodeError:
        return False
    if page.common is not None:
        return _is_common(text, page)
    used = Counter(letter for letter in text.lower() if not letter.isascii() and letter not in _SIGNS)
    if not any(_is_language(used, alphabet) for alphabet in page.alphabets):
        return False
    words = [word for word in re.findall(r"[^\W\d_]+", text) if not word.isascii()]
    if not page.latin and sum(map(len, words)) < _FEWEST:
        return False
    good = sum(map(_is_word if page.latin else _is_other_word, words))
    return good - _signs_inside(text) >= _MOST * len(words)


def _is_language(used: Counter[str], alphabet: str) -> bool:
    usual = alphabet.partition(" ")[0]
    return set(used) <= set(alphabet) and 2 * sum(used[letter] for letter in usual) >= used.total()


def _is_common(text: str, page: _CodePage) -> bool:
    assert page.common is not None
    characters = [letter.encode(page.codec) for letter in text if not letter.isascii()]
    if page.codec != "cp949" and len(characters) >= _KOREAN_FROM and all(map(_HANGUL.fullmatch, characters)):
        return False
    if page.codec == "cp932" and all(map(_KANA.fullmatch, re.findall(r"[^\x00-\x7f]+", text))):
        return True
    if re.search(r"[a-z][^\x00-\x7f]{1,2}[a-z]", text):  # inside a word of a to z
        return False
    return sum(page.common.fullmatch(one) is not None for one in characters) >= _MOST * len(characters)


def _is_word(word: str) -> bool:
    """Of Latin letters: most of a longer word is a to z, and no capital comes out of the blue."""
    others = sum(not letter.isascii() for letter in word)
    blue = any(a.islower() and b.isupper() and not b.isascii() for a, b in pairwise(word))
    return not blue and (others <= 1 or others * 2 <= len(word) + 1)


def _is_other_word(word: str) -> bool:
    """Of another alphabet's letters alone: capitals are where they belong, and it can be spoken where vowels are
    written."""
    if any(letter.isascii() for letter in word):
        return False
    if word.lower() == word.upper():
        return not set(word[:-1]) & _AT_THE_END
    if not (word.islower() or word.isupper() or word[1:].islower()):
        return False
    sounds = "".join("v" if letter in _VOWELS else "c" for letter in word.lower())
    return len(word) < 3 or ("v" in sounds and "ccccc" not in sounds)


def _signs_inside(text: str) -> int:
    """How often a sign stands between letters, or a space that keeps words together before the first of them."""
    signs, strange = re.escape("".join(_SIGNS)), re.escape("".join(_SIGNS - _IN_WORDS))
    between = re.findall(rf"[^\W\d_][{signs}]*[{strange}][{signs}]*[^\W\d_]", text.replace("\u00a0", " "))
    return len(between) + len(re.findall(r"(?:^|[\s,;|\"])\u00a0[^\W\d_]", text, re.MULTILINE))

"""Parsing a name into words, titles and particles.

Airlines write FAMILY/GIVEN MR, lists "Family, Given"; degrees follow a comma, and titles come first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from crm.people import name_lexicon as lists
from crm.people.spellings import is_slip
from crm.values.text import clean_line, fold


class Word(NamedTuple):
    """A word of a name.

    rank: 0 an individual name, 1 a common one, 2 one that is often omitted, 3 a family name, 4 an initial.
    accented: its accents.
    """

    text: str
    rank: int
    short: bool = False
    others: tuple[str, ...] = ()
    hyphened: bool = False
    accented: str = ""


class Parts(NamedTuple):
    """A parsed name.

    pieces: words with their particles, each with the index of its word or -1.
    given: the number of words before the family's or the father's name, 0 if unknown.
    genders, ages, generation, marks: must not contradict; marks stand for several people or somebody else.
    family_first: the family name seems to come first. syllables: given names are fixed syllables. soft: a title that
    may be a name. by_family: a title with one word, as before a family name.
    """

    words: tuple[Word, ...] = ()
    pieces: tuple[tuple[str, int], ...] = ()
    given: int = 0
    genders: frozenset[str] = frozenset()
    ages: frozenset[str] = frozenset()
    generation: str = ""
    marks: frozenset[str] = frozenset()
    family_first: bool = False
    syllables: bool = False
    soft: bool = False
    by_family: bool = False

    @property
    def called(self) -> int:
        """The index of the usual name: the first word of the best rank."""
        if self.family_first and self.words[0].text in lists.VIETNAMESE and len(self.words) > 2:
            return len(self.words) - 1
        return min(range(len(self.words)), key=lambda place: self.words[place].rank)


class _Token(NamedTuple):
    text: str
    raw: str
    pointed: bool
    dotted: bool
    hyphened: bool


@lru_cache(maxsize=16384)
def parts_of(name: str) -> Parts:
    given, family, told = _in_order(_spelled_out(clean_line(name)))
    tokens = [*given, *family]
    generation, tokens = _generation(tokens)
    kept = _without_trailing(tokens)
    marks = {token.text for token in kept if token.text in lists.SOMEBODYS or token.text in lists.AND - {"y"}}
    if [token.text for token in kept[:2]] == ["anak", "agung"]:
        marks.discard("anak")
    genders, ages, soft = _told_by_titles([*tokens, *told])
    names = [token for token in kept if not _is_title(token, kept)] or kept
    family_first = bool(names) and names[0].text in lists.FAMILY_FIRST and len(names) > 1
    syllables = family_first or bool(family and family[0].text in lists.FAMILY_FIRST)
    words, pieces, of = _words(names, syllables)
    place = len(given) and sum(1 for token in names if token in given)
    return Parts(
        tuple(words),
        tuple(pieces),
        of or (place if family else 0),
        genders,
        ages,
        generation,
        frozenset(marks),
        family_first,
        syllables,
        soft,
        len(words) == 1 and any(token.text in lists.OF_FAMILIES for token in tokens),
    )


def _spelled_out(line: str) -> str:
    line = re.sub(r"\(\w\)", "", line)
    line = re.sub(r"(?i)(?<!\w)([sdaw])\s?/\s?([olp])(?!\w)\.?", r" \1_\2 ", line)
    return re.sub(r"(?<!\s)\s*[&+]\s*", " and ", line)


def _in_order(line: str) -> tuple[list[_Token], list[_Token], list[_Token]]:
    """Return given names, family names where they are distinguishable, and trailing titles."""
    if "/" in line:
        family, _, given = line.partition("/")
        if "/" in given:
            given = given.replace("/", " and ")
        tokens = _tokens(given)
        if not tokens or all(token.text in lists.TITLES or token.text in lists.CHILD for token in tokens):
            return _tokens(family), [], tokens
        return _unglued(tokens), _tokens(family), []
    first, *rest = line.split(",")
    behind: list[_Token] = []
    titles: list[_Token] = []
    for segment in rest:
        tokens = _tokens(segment)
        if all(_is_degree(token) or token.hyphened or token.text in lists.TITLES | lists.CHILD for token in tokens):
            titles += tokens
        else:
            behind += tokens
    if behind and all(token.text in lists.GENERATIONS for token in behind):
        return [*_tokens(first), *behind], [], titles
    return (behind, _tokens(first), titles) if behind else (_tokens(first), [], titles)


def _unglued(tokens: list[_Token]) -> list[_Token]:
    """Split a title off the last given name: ALIMR is Ali, male."""
    *most, last = tokens
    for title in lists.GLUED:
        if last.text.endswith(title) and len(last.text) - len(title) >= 3 and last.text not in lists.TITLES:
            name = last.text[: -len(title)]
            return [*most, last._replace(text=name, raw=name), _Token(title, title, False, False, False)]
    return tokens


def _tokens(line: str) -> list[_Token]:
    found = []
    for chunk in line.split():
        pieces = re.split(r"[-\u2010-\u2015\u05be]", chunk)
        for n, piece in enumerate(pieces):
            found += [token._replace(hyphened=n > 0) for token in _split(piece)]
    return _joined(found)


def _split(piece: str) -> list[_Token]:
    """Split a piece without spaces: "Md.Ali" is two words, "S.Kom" is one."""
    letters = "".join(c if _is_letter(c) else "." if c == "." else "" if c in _APOSTROPHES else " " for c in piece)
    found = []
    for chunk in letters.split():
        inner = [part for part in chunk.split(".") if part]
        if not inner:
            continue
        bare = _folded("".join(inner))
        whole = _Token(bare, "".join(inner), chunk.endswith("."), len(inner) > 1, False)
        if len(inner) == 1 or _is_degree(whole) or bare in lists.TITLES or bare in ("cv", "pt", "ud"):
            found.append(whole._replace(dotted=len(inner) > 1))
        else:
            found += [_Token(_folded(part), part, True, False, False) for part in inner[:-1]]
            found.append(_Token(_folded(inner[-1]), inner[-1], chunk.endswith("."), False, False))
    return found


_APOSTROPHES = "'`\u2018\u2019\u201a\u201b\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u2032\u00b4\u05f3\u05f4\"\ua78c"


def _is_letter(char: str) -> bool:
    return char.isalnum() or char == "_" or unicodedata.category(char)[0] == "M" or char in "\u200c\u200d"


@lru_cache(maxsize=16384)
def _folded(word: str) -> str:
    if word.isascii():
        return word.lower().replace("_", "/")
    if any("\u0e00" <= c <= "\u0eff" for c in word):
        # Vowels of Thai and Lao are marks.
        return unicodedata.normalize("NFC", word)
    return fold(word).translate(_KANA).translate(_HAN)


_KANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
_HAN = str.maketrans(
    "陳張劉黃楊趙吳孫馬鄭謝許鄧馮蔣餘葉蘇盧鐘陸賈韋鄒閻龍萬錢湯龔強偉國華麗紅軍傑濤鵬飛慶貴蘭鳳寶莊嚴東樂夢歡漢淵溫滿爾瑋環"
    "瑩藝誠賢輝軒達邁銘鋼錦鎮長開關陽雲霽靜順顏風髙濱邊邉澤廣圓齋齊櫻惠實學榮勝倫億優傳儀劍勁勳聰聖",
    "陈张刘黄杨赵吴孙马郑谢许邓冯蒋余叶苏卢钟陆贾韦邹阎龙万钱汤龚强伟国华丽红军杰涛鹏飞庆贵兰凤宝庄严东乐梦欢汉渊温满尔玮环"
    "莹艺诚贤辉轩达迈铭钢锦镇长开关阳云霁静顺颜风高浜辺辺沢広円斎斉桜恵実学荣胜伦亿优传仪剑劲勋聪圣",
)


def _joined(tokens: list[_Token]) -> list[_Token]:
    """Join words of Chinese characters, kana and Hangul, where spaces mean nothing."""
    found: list[_Token] = []
    for token in tokens:
        title, token = _without_affixes(token)
        if title:
            found.append(_Token(title, title, False, False, False))
        if not token.text:
            continue
        if found and token.text not in lists.TITLES and _is_cjk(token.text) and _is_cjk(found[-1].text):
            found[-1] = found[-1]._replace(text=found[-1].text + token.text, raw=found[-1].raw + token.raw)
        else:
            found.append(token)
    return found


def _is_cjk(text: str) -> bool:
    return all(
        "\u3040" <= c <= "\u30ff" or "\u3400" <= c <= "\u9fff" or "\uac00" <= c <= "\ud7a3" or c > "\U0001ffff"
        for c in text
    )


_SUFFIXES = ("先生", "女士", "小姐", "太太", "夫人", "さん", "様", "さま", "氏", "님", "씨")
_PREFIXES = ("นางสาว", "นาง", "นาย", "คุณ")


def _without_affixes(token: _Token) -> tuple[str, _Token]:
    """Split off a title that Thai and Chinese append without a space."""
    if token.text.isascii() or token.text in lists.TITLES:
        return "", token
    for suffix in _SUFFIXES:
        if token.text.endswith(suffix):
            return "", token._replace(text=token.text.removesuffix(suffix))
    for prefix in _PREFIXES:
        if token.text.startswith(prefix) and len(token.text) > len(prefix) + 1:
            return prefix, token._replace(text=token.text.removeprefix(prefix))
    return "", token


def _is_degree(token: _Token) -> bool:
    return token.text in lists.DEGREES or (
        token.dotted and re.match(r"(?:s|m|sp|a|d|b|ph|dipl)\.?", token.text) is not None
    )


def _generation(tokens: list[_Token]) -> tuple[str, list[_Token]]:
    for place in range(len(tokens) - 1, 0, -1):
        if tokens[place].text in lists.GENERATIONS and place > 0:
            return lists.GENERATIONS[tokens[place].text], tokens[:place] + tokens[place + 1 :]
        if tokens[place].text not in lists.TITLES and not _is_degree(tokens[place]):
            break
    return "", tokens


def _without_trailing(tokens: list[_Token]) -> list[_Token]:
    """Drop trailing degrees and titles."""
    kept = list(tokens)
    while len(kept) > 1:
        last = kept[-1]
        if (
            last.text in lists.UNDOTTED_DEGREES
            or (last.dotted and _is_degree(last))
            or last.text in lists.TITLES | lists.CHILD
        ):
            kept.pop()
        else:
            break
    return kept


def _is_title(token: _Token, kept: Sequence[_Token]) -> bool:
    if token.text in lists.TITLES:
        return token.text != "h" or token is kept[0] or kept[kept.index(token) - 1].text in lists.TITLES
    if token.dotted and _is_degree(token):
        return True
    if token.text in lists.CHILD and token is not kept[0]:
        return True
    if token is kept[0] or kept[0].text in lists.FAMILY_FIRST:
        return False
    return token.text in lists.INNER_TITLES or (token is kept[-1] and token.text in lists.TRAILING_TITLES)


def _told_by_titles(tokens: Sequence[_Token]) -> tuple[frozenset[str], frozenset[str], bool]:
    words = {token.text for token in tokens}
    genders = {
        gender
        for gender, titles in (("m", lists.MALE | lists.OF_MALE), ("f", lists.FEMALE | lists.OF_FEMALE))
        if words & titles
    }
    genders = genders if len(genders) == 1 else set()
    ages = {age for age, titles in (("child", lists.CHILD), ("adult", lists.ADULT)) if words & titles}
    return frozenset(genders), frozenset(ages), bool(tokens) and tokens[0].text in lists.SOFT_TITLES


def _words(tokens: Sequence[_Token], syllables: bool) -> tuple[list[Word], list[tuple[str, int]], int]:
    words: list[Word] = []
    pieces: list[tuple[str, int]] = []
    of = 0
    for n, token in enumerate(tokens):
        inside = 0 < n < len(tokens) - 1
        if token.text in lists.OF and n < len(tokens) - 1:
            of = of or len(words)
        elif inside and words and not syllables and not token.pointed and token.text in lists.PARTICLES:
            pieces.append((token.text, -1))
        else:
            for text in _arabic(token.text):
                pieces.append((text, len(words)))
                word = _word(text, token)
                leads = n == 0 and len(tokens) > 1 and text in lists.PARTICLES
                words.append(word._replace(rank=3) if leads and word.rank == 0 else word)
    return words, pieces, of


def _arabic(text: str) -> list[str]:
    """Split Abdurrahman into Abdul and Rahman."""
    if text in ("abd", "abdel", "abdul", "abdur", "abdus", "abdool", "abdoul", "abdal", "abdu", "abdun", "abduz"):
        return ["abdul"]
    if text in ("abdullah", "abdallah", "abdulla", "abdillah"):
        return [text]
    found = re.fullmatch(r"abd(?:[aueo]|ou|oo)l[-]?(\w{3,})|abd[ue]([rsztdn])h?\2?(\w{2,})", text)
    if found is None:
        return [text]
    return ["abdul", found[1] or found[2] + found[3]]


def _word(text: str, token: _Token) -> Word:
    pointed = token.pointed and len(text) <= 5
    short = len(text) == 1 or pointed or (text.isascii() and len(text) <= 4 and not set(text) & set("aeiouy"))
    if (
        text[0] == "m"
        and len(text) > 6
        and (is_slip(text, "muhammad", called=True) or is_slip(text, "mohammad", called=True))
    ):
        return Word(text, 2, False, ("muhammad",), token.hyphened)
    if text in ("md", "mohd", "moh", "muh", "muhd", "mhd", "m") and not (
        text == "md" and not pointed and token.raw.isupper()
    ):
        others: tuple[str, ...] = ("muhammad",)
    elif text == "ma":
        others = ("maria",)
    else:
        others = _with_umlauts(token.raw) if not token.raw.isascii() else ()
    return Word(
        text, 2 if others == ("muhammad",) else _rank(text, short), short, others, token.hyphened, _accented(token.raw)
    )


def _rank(text: str, short: bool) -> int:
    if len(text) == 1 and text.isascii():
        return 4
    if text in lists.OMITTED:
        return 2
    if text in lists.FAMILY:
        return 3
    return 1 if text in lists.COMMON or short else 0


def _with_umlauts(raw: str) -> tuple[str, ...]:
    lower = unicodedata.normalize("NFC", raw.lower())
    spelled = lower
    for letter, two in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ø", "oe"), ("å", "aa"), ("æ", "ae")):
        spelled = spelled.replace(letter, two)
    return () if spelled == lower else (_folded(spelled),)


def _accented(raw: str) -> str:
    if raw.isascii():
        return ""
    return "".join(sorted(c for c in unicodedata.normalize("NFD", raw.lower()) if unicodedata.combining(c)))

"""Whether two words are spellings of one name: equal sounds, short forms, or a typing error.

Siblings must stay apart: Jamal and Jamil, Rina and Rini, Hasan and Hasna. So vowels are never ignored; the table lists
the exceptions.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from functools import lru_cache
from pathlib import Path

SOUNDS_FROM = 5
"""The shortest word with variant consonants: Nisa is not Nisha."""
SLIPS_FROM = 5
"""The shortest word with a typing error."""

_SAME_NAMES = """
umar omar umer oemar | usman osman uthman othman oesman usmaan
husain hussain hussein husein hossain hossein hussin hussien huseyin hosein | hasan hassan
ahmad ahmed achmad akhmad ahamed ahmet amad | ali aly
yusuf yousuf yousaf yousef yusof yosef jusuf yusup yousif youssef | ibrahim ebrahim ibraheem
ismail ismael esmail ismaeel | isa eisa essa | musa mousa moussa moosa | daud dawud dawood daood
sulaiman suleiman sulayman soleiman | aisyah aisha ayesha aysha aisah aishah aicha ayisha ayse
fatimah fatima patimah fatma fathima faathima fatemeh | khadija khadijah hadijah khadeeja kadijah
zainab zaynab zeinab zeynep zaenab zainub | maryam mariam maryem meryem mariyam miriam | hawa hawwa | sarah sara
hannah hana hanna | noor nur noer nour nor | rahman rehman rahmaan rehmaan | rahim raheem | karim kareem
latif lateef | aziz azis azeez | hamid hameed | rashid rasyid rasheed rosyid | majid majeed
saeed said saed sayeed saiyid | wahid waheed | nasir naseer nasser naser | salim saleem | shahid syahid
khalid khaled chalid | fahad fahd | tariq tarik tarek tareq thariq | faisal faizal faysal feisal | yasin yaseen
qadir kadir qader kader | qasim kasim qassim kassim gasim | siddiq siddique sidik shiddiq | hidayat hidajat
taufik taufiq topik tawfiq toufik taufick | rizki rizky rizqi riski risky rizqy | syarif sharif sarif shareef
syafei sjafei syafii safei safii | syahrul sahrul | syaiful saiful saifoel | abdullah abdallah abdulla abdoullah
abdurahman abdurrahman | zulfikar dzulfikar zulfiqar dzulfiqar julfikar | yahya jahja yahia
yunus junus younus younas younis yunis | sheikh shaikh syekh sheik shaykh
chaudhry choudhary chaudhary choudhury chowdhury chaudhri choudhry chowdhary chaudary ch
qureshi quraishi kureshi qureishi | siddiqui siddiqi sidiqi siddiquee | mahmood mahmud mehmood mahmoud
mirza meerza | syed sayed sayyid sayyed saiyed | syeda sayyeda sayeda saiyida sayyida | siti sitti sity
naveed navid naweed | nadeem nadim | waseem wasim | parveen perveen parvin parwin
farooq faruk farouk faruq farooque | begum begam | akter akhter akhtar aktar akther | khatun khatoon khatoun
jamal djamal gamal jamaal | islam eslam | hakim hakeem | iqbal ikbal eqbal | santoso santosa | suharto soeharto
wijaya widjaja wijaja widjaya | susanto soesanto | wahyu wahju | kusuma koesoema kusumah | hartono hartana
ridwan ridhwan ridlwan | dewi dewie | fajar fadjar | arif arief | agus agoes | bagus bagoes | putra poetra
putri poetri | surya soerja suria | candra chandra tjandra | tjokro cokro | sri shri sree
alexey alexei aleksey aleksei alexej | sergey sergei sergej serguei
dmitry dmitri dmitriy dmitrij dimitri dmitrii | yuri yuriy yury juri iurii yurii | andrey andrei andrej
evgeny yevgeny evgeniy evgenii yevgeni evgeni | nikolay nikolai nikolaj | mikhail michail mihail
vasily vasiliy vasili vasilii | ekaterina yekaterina jekaterina | elena yelena jelena
natalia natalya natalja nataliya | yulia julia iuliia yuliya juliya | tatiana tatyana tatjana
anastasia anastasiya anastasija | ksenia kseniya xenia | vladimir wladimir
alexander aleksander aleksandr alexandr aleksandar alexandre | alexandra aleksandra
lakshmi laxmi lakhsmi luxmi | lakshman laxman | vijay bijay | vikram bikram | krishna krisna krishnaa
shiva siva | sunil suneel | anil aneel | deepak dipak | deepa dipa | rajesh rajesch | ganesh ganesha
suresh sures | vishwanath viswanath vishvanath visvanath | chandran candran | lee yi rhee ri | park pak bak
choi choe | jung jeong chung | cho jo | kang gang | yoon yun | shin sin | lim im rim | noh roh | kwon gwon
moon mun | seo suh | xu hsu | zhou chou | karl carl | philip phillip philipp
catherine katherine catharine katharine kathryn | geoffrey jeffrey | claire clare
elisabeth elizabeth elizabet elisabet | theodor theodore teodor | josef joseph yosef | rebecca rebekah rebeca
sean shaun shawn | michael mikael mickael | matthew mathew | thomas tomas | anthony antony | isabel izabel
luis luiz | souza sousa | gonzalez gonzales | gonsalves goncalves | ines inez | teresa theresa tereza
cristina christina kristina
"""
_TABLE: dict[str, str] = {
    word: f"={group}"
    for group, names in enumerate(_SAME_NAMES.strip().replace("\n", "|").split("|"))
    for word in names.split()
}

_SHORT = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("sy(?=[aeiou])|sj|sch", "sh"),
        ("dj", "j"),
        ("tj", "c"),
        ("nj(?=[aeiou])", "ny"),
        ("oo|ou|uu", "u"),
        ("ee|ii", "i"),
        ("aa", "a"),
        ("([bdg])h", r"\1"),
        ("th", "t"),
        ("q", "k"),
        ("(?<=.)y", "i"),
        (r"(.)\1+", r"\1"),
    )
)
"""Spellings of one sound in words of any length, in the order of replacement."""

_LONG = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("(?<=[aeiou])[ck]h(?=[bcdfghjklmnprstvwz])", "h"),
        ("(?<=.)sh", "s"),
        ("kh", "k"),
        ("ph", "f"),
        ("ck|ch|c(?![ei])", "k"),
        ("x", "ks"),
        ("(?<=.)z", "s"),
        ("ie|ei(?=$)|ij(?=$)|i[iy](?=$)", "i"),
        ("i(?=[aou])", "i"),
        (r"(.)\1+", r"\1"),
        ("(?<=[aeiou])h$", ""),
    )
)
"""Spellings of one sound in words of five letters and more."""

_VOWELS = frozenset("aeiou")
_DOUBLED = re.compile(r"(.)\1+")


def are_one(one: str, other: str, *, exactly: bool = False) -> bool:
    """Whether two folded words are one name; `exactly` for syllables, where each letter counts."""
    if one == other:
        return True
    if exactly or not (one.isascii() and other.isascii()):
        return _bare(one) == _bare(other)
    return not readings(one).isdisjoint(readings(other))


@lru_cache(maxsize=16384)
def readings(word: str) -> frozenset[str]:
    """Return the phonetic keys of a word, equal for all its spellings."""
    found = {_TABLE[word]} if word in _TABLE else set()
    for spelled in _old_spellings(word):
        short = _replaced(spelled, _SHORT)
        found.add(short)
        if len(word) >= SOUNDS_FROM:
            found.add("~" + _replaced(short, _LONG))
    return frozenset(found)


def shortens(one: str, other: str) -> bool:
    """Whether `one` is an initial, the beginning, or the consonants of `other`."""
    if not one or not other.startswith(one[0]) or len(one) >= len(other):
        return False
    if len(one) == 1 or other.startswith(one):
        return True
    letters = iter(other)
    return all(letter in letters for letter in one)


def is_slip(one: str, other: str, *, called: bool) -> bool:
    """Whether one typing error inside the words separates them: a lost letter, a swap, a vowel.

    Two known names are two names. For the usual name (`called`) one of them has to be known: Nimal and Namal are open.
    """
    if not (one.isascii() and other.isascii()) or max(len(one), len(other)) < SLIPS_FROM:
        return False
    if one[0] != other[0] or not _is_near(one, other):
        return False
    if _DOUBLED.sub(r"\1", one) == _DOUBLED.sub(r"\1", other):
        return True
    known = is_known(one) + is_known(other)
    if known == 1:
        right, wrong = (one, other) if is_known(one) else (other, one)
        return _may_become(right, wrong)
    return known == 0 and not called and min(len(one), len(other)) > SLIPS_FROM


def is_known(word: str) -> bool:
    return word in known_names()


@lru_cache(maxsize=1)
def known_names() -> frozenset[str]:
    """Load names from all over the world, folded; partly from Faker (MIT licence)."""
    return frozenset(Path(__file__).with_name("known_names.txt").read_text("ascii").split())


def _may_become(right: str, wrong: str) -> bool:
    if len(right) != len(wrong):
        return len(right) > len(wrong)
    return sorted(right) == sorted(wrong) or any(a != b and b in _VOWELS for a, b in zip(right, wrong, strict=True))


def _is_near(one: str, other: str) -> bool:
    start = _in_common(one, other)
    end = min(_in_common(one[::-1], other[::-1]), min(len(one), len(other)) - start)
    middle, other_middle = one[start : len(one) - end], other[start : len(other) - end]
    if len(middle) == 2 and middle == other_middle[::-1]:
        return True
    if not end or len(middle) > 1 or len(other_middle) > 1:
        return False
    return len(middle) + len(other_middle) == 1 or bool({middle, other_middle} & _VOWELS)


def _in_common(one: str, other: str) -> int:
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _old_spellings(word: str) -> set[str]:
    """Return modern spellings: Suharto for Soeharto, Hidayat for Hidajat, Müller for Mueller."""
    found = {word}
    for old, new in (("oe", "u"), ("oe", "o"), ("ue", "u")):
        if old in word and len(word) >= SOUNDS_FROM:
            found |= {spelled.replace(old, new) for spelled in found}
    if "j" in word and len(word) >= SOUNDS_FROM:
        found |= {re.sub("(?<![dtns])j", "y", spelled) for spelled in found}
    return found


@lru_cache(maxsize=8192)
def _bare(word: str) -> str:
    """Reduce a word of another script to what its spellings share."""
    if word.isascii():
        return word
    plain = word.replace("ال", "", 1) if word.startswith("ال") and len(word) > 4 else word
    return unicodedata.normalize("NFC", plain)


def _replaced(word: str, rules: tuple[tuple[re.Pattern[str], str], ...]) -> str:
    for pattern, sound in rules:
        word = pattern.sub(sound, word)
    return word

"""Whether two names may belong to one person: the one rule for intake, review and scan.

Words are paired in any order and spelling. Words left over on both sides mean two people. With words left over on one
side, the usual name has to agree: Dewi may be Dewi Lestari, Khan need not be Ali Khan. Unsure cases go to review.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from crm.people import name_lexicon as lists
from crm.people.name_parts import Parts, Word, parts_of
from crm.people.spellings import are_one, is_known, is_slip, shortens
from crm.values.text import clean_line, fold


class Likeness(enum.Enum):
    ONE = "one"
    UNSURE = "unsure"
    TWO = "two"


def first_name(name: str) -> str:
    """Return the first word of a name that is no title, as it was written."""
    words = re.split(r"[\s,/]+", clean_line(name))
    return next((word for word in words if fold(word).strip(".") not in lists.TITLES | lists.SOFT_TITLES), words[0])


def names_agree(one: str, other: str) -> bool:
    """Whether two names agree; a blank name agrees with all."""
    return likeness(one, other) is Likeness.ONE


def may_be_one(one: str, other: str) -> bool:
    """Whether two names don't contradict, as when a record's name is completed."""
    return likeness(one, other) is not Likeness.TWO


@lru_cache(maxsize=32768)
def likeness(one: str, other: str) -> Likeness:
    if one == other or fold(clean_line(one)) == fold(clean_line(other)):
        return Likeness.ONE if _accents_agree(one, other) else Likeness.TWO
    first, second = parts_of(one), parts_of(other)
    if not first.words or not second.words:
        return Likeness.ONE
    if _contradicts(first, second):
        return Likeness.TWO
    paired = _paired(first, second)
    left, other_left = paired.left(first, 0), paired.left(second, 1)
    if left and other_left:
        return Likeness.TWO
    if (
        first.generation != second.generation
        or first.marks != second.marks
        or paired.slips > 1
        or (paired.slips and (left or other_left))
        or paired.swaps_given_names
        or _counts((first, left), (second, other_left))
    ):
        return Likeness.UNSURE
    if (first.soft and _comes_before(second, other_left)) or (second.soft and _comes_before(first, left)):
        return Likeness.UNSURE
    if left or other_left:
        agrees = paired.says_enough(second, 1, other_left) if other_left else paired.says_enough(first, 0, left)
    else:
        agrees = paired.is_whole(first, second)
    if agrees and first.given and second.given:
        agrees = any(a < first.given and b < second.given for a, b, _ in paired.pairs)
    return Likeness.ONE if agrees else Likeness.UNSURE


def is_better(name: str, than: str) -> bool:
    """Whether a name is at least as complete as another.

    Fewer words or titles, initials, no accents, no capitals, and the order of lists and tickets are less complete.
    """
    if name.casefold() == than.casefold():
        return _case(name) > _case(than)
    return not _is_less(name, than)


def _is_less(name: str, than: str) -> bool:
    if likeness(name, than) is Likeness.TWO:
        return False
    new, old = parts_of(name), parts_of(than)
    if not new.words or (new.given and not old.given and any(mark in name for mark in "/,")):
        return True
    said, known = _said(new), _said(old)
    if said != known and (said < known or len(said) < len(known) or len(new.words) < len(old.words)):
        return True
    if len(new.words) > len(old.words):
        return False
    if any(is_known(b.text) and not is_known(a.text) for a, b in _slips(new, old)):
        return True
    fewer_titles = len(name.split()) < len(than.split())
    return fewer_titles or _accents(name) < _accents(than) or _case(name) < _case(than)


def _slips(new: Parts, old: Parts) -> list[tuple[Word, Word]]:
    paired = _paired(new, old)
    return [(new.words[a], old.words[b]) for a, b, _ in paired.pairs[len(paired.pairs) - paired.slips :]]


class Paired(NamedTuple):
    """Paired words of two names: their indexes, and 2 for equal or 1 for shortened."""

    pairs: tuple[tuple[int, int, int], ...]
    first: Parts
    second: Parts
    slips: int

    def left(self, parts: Parts, side: int) -> list[int]:
        """Return the indexes without a counterpart."""
        taken = {pair[side] for pair in self.pairs}
        return [place for place in range(len(parts.words)) if place not in taken]

    @property
    def swaps_given_names(self) -> bool:
        """Whether given names swap places: Kim Min Ji is not Kim Ji Min.

        Vietnamese names may be reversed: Nguyen Van An, An Van Nguyen.
        """
        places = [b for _, b, _ in sorted(self.pairs)]
        ordered = sorted(places)
        if len(places) < 3 or places == ordered:
            return False
        if any(word.text in lists.VIETNAMESE for word in self.first.words):
            return places[0] == ordered[0] or places[-1] == ordered[-1]
        start = places.index(ordered[0])
        return places[start:] + places[:start] != ordered

    def is_whole(self, first: Parts, second: Parts) -> bool:
        """Whether fully paired names share more than an initial and a family name."""
        full = [pair for pair in self.pairs if pair[2] == 2]
        if not full:
            return False
        return len(self.pairs) > 1 or 3 not in (first.words[full[0][0]].rank, second.words[full[0][1]].rank)

    def says_enough(self, longer: Parts, side: int, left: Sequence[int]) -> bool:
        """Whether the paired words suffice, with words `left` over on one side."""
        words = longer.words
        full = [pair[side] for pair in self.pairs if pair[2] == 2]
        ranks = [words[place].rank for place in full]
        own = ranks.count(0)
        if len(full) >= 3 and own:
            return True
        if (self.second, self.first)[side].by_family or _is_of_common_names(words, left):
            return False
        if all(words[place].rank == 2 for place in left) and (own or len(full) >= 2):
            return True
        if longer.called not in full or _is_syllables(longer) or _hangs_on(words, left, longer.called):
            return False
        return own > 0 or (ranks.count(1) > 0 and len(full) >= 2)


def _counts(*sides: tuple[Parts, Sequence[int]]) -> bool:
    """Whether a number is left over: Agus 2 is another Agus."""
    return any(parts.words[place].text.isdecimal() for parts, left in sides for place in left)


def _is_of_common_names(words: Sequence[Word], left: Sequence[int]) -> bool:
    """Whether only common names distinguish within a family, and one of them is left over."""
    own = [place for place, word in enumerate(words) if word.rank == 0]
    return own == [len(words) - 1] and any(words[place].rank == 1 for place in left)


def _comes_before(parts: Parts, left: Sequence[int]) -> bool:
    """Whether a word is left over before the usual name: Pak Ji Won is not Kim Ji Won."""
    return any(place < parts.called and parts.words[place].rank != 2 for place in left)


def _is_syllables(parts: Parts) -> bool:
    """Whether given syllables follow the family name: half of them is another name."""
    return parts.family_first and parts.words[0].text not in lists.VIETNAMESE


def _hangs_on(words: Sequence[Word], left: Sequence[int], called: int) -> bool:
    """Whether half of a double name is left over: Jean is not Jean-Pierre."""
    return any(
        (place == called + 1 and words[place].hyphened) or (place == called - 1 and words[called].hyphened)
        for place in left
    )


def _contradicts(first: Parts, second: Parts) -> bool:
    for told, other_told in ((first.genders, second.genders), (first.ages, second.ages)):
        if told and other_told and told.isdisjoint(other_told):
            return True
    return bool(first.generation and second.generation and first.generation != second.generation)


def _paired(first: Parts, second: Parts) -> Paired:
    left, right = dict(enumerate(first.words)), dict(enumerate(second.words))
    pairs: list[tuple[int, int, int]] = []
    exactly, accents = first.syllables or second.syllables, _accents_tell(first, second)

    def pair_where(alike: object, sureness: int, limit: int = 99) -> None:
        for a, word in list(left.items()):
            for b, other in right.items():
                if len(pairs) < limit and alike(a, word, b, other):  # type: ignore[operator]
                    pairs.append((a, b, sureness))
                    del left[a], right[b]
                    break

    pair_where(lambda a, word, b, other: word.text == other.text and _may_be(word, other, accents), 2)
    pair_where(lambda a, word, b, other: _is_one(word, other, exactly, accents), 2)
    for side, (parts, others) in enumerate(((first, right), (second, left))):
        for found, place in _written_together(parts, left if side == 0 else right, others, exactly):
            mine, theirs = (left, right) if side == 0 else (right, left)
            pairs += [((a, place) if side == 0 else (place, a)) + (2,) for a in found]
            for a in found:
                del mine[a]
            del theirs[place]
    pair_where(lambda a, word, b, other: _is_short(word, other) or _is_short(other, word), 1)
    before = len(pairs)
    if not exactly:
        called = (first.called, second.called)
        pair_where(lambda a, word, b, other: is_slip(word.text, other.text, called=a == called[0] or b == called[1]), 2)
    return Paired(tuple(pairs), first, second, len(pairs) - before)


def _is_one(word: Word, other: Word, exactly: bool, accents: bool) -> bool:
    if word.short and len(word.text) == 1 and len(other.text) == 1:
        return word.text == other.text
    if not _may_be(word, other, accents):
        return False
    names, others = {word.text, *word.others}, {other.text, *other.others}
    if (names | others) & lists.MUHAMMAD and names & lists.MUHAMMAD and others & lists.MUHAMMAD:
        return True
    return any(are_one(a, b, exactly=exactly) for a in names for b in others)


def _may_be(word: Word, other: Word, accents: bool) -> bool:
    """Whether accents don't contradict: Hùng is not Hưng."""
    return not accents or word.accented == other.accented


def _accents_tell(first: Parts, second: Parts) -> bool:
    """Whether both are accented Vietnamese names: there accents are other letters."""
    return all(any(word.accented for word in parts.words) for parts in (first, second)) and any(
        word.text in lists.VIETNAMESE for word in (*first.words, *second.words)
    )


def _accents_agree(one: str, other: str) -> bool:
    first, second = parts_of(one), parts_of(other)
    accents = _accents_tell(first, second)
    return all(_may_be(a, b, accents) for a, b in zip(first.words, second.words, strict=False))


def _is_short(word: Word, other: Word) -> bool:
    return word.short and not (other.short and len(other.text) == 1) and shortens(word.text, other.text)


def _written_together(
    parts: Parts, mine: dict[int, Word], theirs: dict[int, Word], exactly: bool
) -> list[tuple[list[int], int]]:
    """Return words of a name that the other name writes as one: De La Cruz, Delacruz."""
    found: list[tuple[list[int], int]] = []
    for place, word in list(theirs.items()):
        for start, end in _runs(parts):
            places = [at for _, at in parts.pieces[start:end] if at >= 0]
            taken = {a for used, _ in found for a in used}
            if all(a in mine and a not in taken for a in places) and places:
                whole = "".join(text for text, _ in parts.pieces[start:end])
                if any(are_one(whole, name, exactly=exactly) for name in (word.text, *word.others)):
                    found.append((places, place))
                    break
    return found


def _runs(parts: Parts) -> list[tuple[int, int]]:
    count = len(parts.pieces)
    return [(start, end) for start in range(count) for end in range(start + 2, min(start + 4, count) + 1)]


def _said(parts: Parts) -> frozenset[str]:
    return frozenset(word.text for word in parts.words if not word.short)


def _accents(name: str) -> int:
    return sum(not char.isascii() for char in name)


def _case(name: str) -> int:
    return int(any(map(str.isupper, name)) and any(map(str.islower, name)))

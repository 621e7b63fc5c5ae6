"""Matching a person with customers: by phone, then e-mail, then passport number, unless something contradicts.

A shared value never joins people whose names disagree: families share phones, offices share e-mail addresses, and
clerks type any passport number. Source: `product.md`, Collection. Contradictions go to review, never into a merge.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from crm.people.identity import is_stopgap
from crm.people.names import may_be_one, names_agree

SHARED_BY_MANY = 5
"""A value that more customers share identifies nobody, unless the name agrees."""


class Kind(enum.StrEnum):
    """Identifiers, the strongest first."""

    PHONE = "phone"
    EMAIL = "email"
    PASSPORT = "passport"


Key = tuple[Kind, str]


class Doubt(enum.StrEnum):
    """Why two customers may be one person and are not joined."""

    NAMES = "names"
    PASSPORTS = "passports"
    KEYS = "keys"


Keys = Mapping[Kind, str]
"""Normalized identifiers, without blank, malformed and placeholder values."""


class Known(NamedTuple):
    """A customer who shares a value with the person, with all their keys.

    `phone` is their latest number.
    """

    id: int
    name: str
    keys: frozenset[Key]
    phone: str = ""

    def shares(self, keys: Keys) -> int:
        return sum((kind, value) in self.keys for kind, value in keys.items())


class Pair(NamedTuple):
    """A customer who may be the same person: the shared value, and the doubt."""

    customer_id: int
    shared: Kind
    doubt: Doubt


class Match(NamedTuple):
    """The match: a customer's id or None, and the pairs for review.

    `by_name`: the names agree. Otherwise two keys led to two customers: the stronger key decides, and the name stays.
    """

    customer_id: int | None
    by_name: bool
    pairs: tuple[Pair, ...]


def decide(
    name: str,
    keys: Keys,
    sharing: Mapping[Kind, Sequence[Known]],
    followed: Known | None = None,
    many: Collection[Kind] = (),
) -> Match:
    """Match a person; `sharing` holds the customers with each of their keys.

    For kinds in `many`, `sharing` is incomplete: too many customers have the value. `followed` is the customer of the
    same record before; it is tried before any key.
    """
    few = {kind: known for kind, known in sharing.items() if 0 < len(known) <= SHARED_BY_MANY and kind not in many}
    found = followed or _first(name, keys, sharing)
    by_name = found is not None and (found is not followed or _is_still(name, keys, found))
    if found is None:
        found = _stronger_of_two(keys, few)
    pairs = {
        known.id: Pair(known.id, kind, _doubt(name, keys, known))
        for kind in reversed(Kind)
        for known in few.get(kind, ())
        if found is None or known.id != found.id
    }
    return Match(found.id if found else None, by_name, tuple(pairs[id_] for id_ in sorted(pairs)))


def _is_still(name: str, keys: Keys, followed: Known) -> bool:
    """Whether a record still means the same customer, by name or by passport number."""
    passport = keys.get(Kind.PASSPORT, "")
    same_passport = (Kind.PASSPORT, passport) in followed.keys and not is_stopgap(passport)
    return same_passport or may_be_one(name, followed.name)


def _first(name: str, keys: Keys, sharing: Mapping[Kind, Sequence[Known]]) -> Known | None:
    """Return the customer of the strongest key without a contradiction."""
    alike = {kind: [known for known in some if names_agree(name, known.name)] for kind, some in sharing.items()}
    shared_phone = len(sharing.get(Kind.PHONE, ())) > 1
    # What many share says the least.
    for kind in sorted(filter(alike.get, Kind), key=lambda kind: len(sharing[kind]) > SHARED_BY_MANY):
        fitting = [known for known in alike[kind] if not is_vetoed(keys, known.keys)]
        if kind is Kind.PHONE and shared_phone:
            fitting = [known for known in fitting if not _has_left(keys, known)]
        if kind is Kind.PASSPORT and is_stopgap(keys[kind]):
            continue
        if fitting and (best := _best(name, keys, fitting)):
            return best
    holders = sharing.get(Kind.PASSPORT, ())
    for kind in (Kind.PHONE, Kind.EMAIL):
        # The passport is somebody else's, by another name: two keys lead to two customers, and the name to one.
        if holders and alike.get(kind) and not is_stopgap(keys[Kind.PASSPORT]):
            return _best(name, keys, alike[kind])
    return None


def _best(name: str, keys: Keys, fitting: Sequence[Known]) -> Known | None:
    """Return the best fit, or None where two people fit equally well."""
    ranked = sorted(fitting, key=lambda known: (-known.shares(keys), known.name != name, known.id))
    best = ranked[0]
    rivals = [known for known in ranked[1:] if known.shares(keys) == best.shares(keys) and best.name != name]
    return best if all(names_agree(best.name, rival.name) for rival in rivals) else None


def _stronger_of_two(keys: Keys, few: Mapping[Kind, Sequence[Known]]) -> Known | None:
    """Return the customer of the stronger key where two keys lead to two customers, neither by name."""
    kinds = [kind for kind in Kind if kind in few]
    for kind, weaker in itertools.pairwise(kinds):
        strong = [known for known in few[kind] if not is_vetoed(keys, known.keys)]
        if strong and _ids(few[kind]).isdisjoint(_ids(few[weaker])):
            return min(strong, key=lambda known: known.id)
    return None


def is_vetoed(keys: Keys, known: Collection[Key]) -> bool:
    """Whether the passport numbers differ: two people, whatever else they share."""
    passport = keys.get(Kind.PASSPORT)
    if passport is None or (Kind.PASSPORT, passport) in known or is_stopgap(passport):
        return False
    return any(kind is Kind.PASSPORT and not is_stopgap(value) for kind, value in known)


def _has_left(keys: Keys, known: Known) -> bool:
    """Whether the customer has a newer phone, and only the old one matches: it may have a new owner."""
    return known.phone not in ("", keys[Kind.PHONE]) and known.shares(keys) == 1


def _doubt(name: str, keys: Keys, known: Known) -> Doubt:
    if is_vetoed(keys, known.keys):
        return Doubt.PASSPORTS
    return Doubt.KEYS if names_agree(name, known.name) else Doubt.NAMES


def _ids(customers: Iterable[Known]) -> set[int]:
    return {known.id for known in customers}

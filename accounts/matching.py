"""How alike two records are, from 0 to 1: one set of weights and one threshold for people and companies.

A field counts with its weight where both records say something there, and half against them where only one does.
Only records that have a block in common are compared. Nothing in here reads the database.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from hashlib import blake2b
from itertools import combinations

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA, JaroWinkler

# Chosen on the first set of Febrl alone, as the threshold was (tests/accounts/test_matching.py).
WEIGHTS: Mapping[str, float] = {
    "first": 1,
    "last": 1,
    "company": 0.5,
    "domain": 0.5,
    "email": 2,
    "phone": 1,
    "street": 1,
    "extra": 1,
    "city": 1,
    "postal": 1,
    "state": 1,
}
THRESHOLD = 0.75
MISSING, HALF = 0.3, 0.5  # how much a field counts that only one record has, and for which likeness
SURE = 0.9  # at least, with the same e-mail address, or with the same domain and name
NAMESAKE = 0.8  # at least, with the same company name and nothing against it
BLOCK = 200  # a block of more says nothing about anybody
SAME_COMPANY = 92  # of 100, once legal forms are taken off
ALIKE_COMPANY, ALIKE_PERSON = 0.8, 0.55
_NUMBER = re.compile(r"\d+")
SHARED = ("company", "domain", "street", "extra", "city", "postal", "state")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is compared: plain small letters, "" where nothing is known. People of one `group` share its facts."""

    first: str = ""
    last: str = ""
    company: str = ""
    domain: str = ""
    email: str = ""
    phone: str = ""
    street: str = ""
    extra: str = ""
    city: str = ""
    postal: str = ""
    state: str = ""
    group: int = 0

    @property
    def person(self) -> bool:
        """Whether this is somebody; else a company."""
        return bool(self.first or self.last)


NAMES = tuple(field.name for field in fields(Facts) if field.name != "group")


def score(one: Facts, other: Facts) -> float:
    """The likeness of two people or of two companies."""
    found = likeness(one, other)
    if one.email and one.email == other.email:
        return max(SURE, _mean(found, one, other))
    if not _could_be(found, one, other):
        return 0.0
    mean = _mean(found, one, other)
    if not one.person and found.get("company", 0) * 100 >= SAME_COMPANY:
        if found.get("domain") == 1:
            return max(SURE, mean)
        if one.company == other.company and found.get("domain") is None:
            return max(NAMESAKE, mean)
    return mean


def likeness(one: Facts, other: Facts) -> dict[str, float]:
    """By field, where both say something. First and last name are often swapped."""
    together = one.group != 0 and one.group == other.group
    found = {}
    for name in NAMES:
        a, b = getattr(one, name), getattr(other, name)
        # People have an address at work and one at home: only two of one domain tell two people apart.
        elsewhere = name == "email" and a.rpartition("@")[2] != b.rpartition("@")[2]
        if a and b and not elsewhere and not (together and name in SHARED):
            found[name] = _alike(name, a, b)
    if {"first", "last"} <= found.keys():
        swapped = _letters(one.first, other.last), _letters(one.last, other.first)
        if sum(swapped) > found["first"] + found["last"]:
            found["first"], found["last"] = swapped
    return found


def _alike(name: str, a: str, b: str) -> float:
    if a == b:
        return 1.0
    if name == "domain":
        return 0.0
    if name in ("email", "phone"):
        return 0.8 if OSA.distance(a, b, score_cutoff=1) <= 1 else 0.0
    return fuzz.token_sort_ratio(a, b) / 100 if name == "company" else _letters(a, b)


def _letters(a: str, b: str) -> float:
    alike: float = JaroWinkler.similarity(a, b)
    return alike


def _could_be(found: Mapping[str, float], one: Facts, other: Facts) -> bool:
    """Colleagues share all but their names, neighbours all but the company, branches all but a number; a name alone
    is no evidence.
    """
    if not one.person or not other.person:
        alike = one.person == other.person and found.get("company", 0) >= ALIKE_COMPANY
        return alike and same_numbers(one.company, other.company)
    if {"first", "last"} <= found.keys() and (found["first"] + found["last"]) / 2 < ALIKE_PERSON:
        return False
    return len(found) > len({"first", "last"} & found.keys())


def same_numbers(one: str, other: str) -> bool:
    """Whether two names agree in their numbers: "Store 12" and "Store 13" are two stores, not a slip of the hand."""
    return sorted(_NUMBER.findall(one)) == sorted(_NUMBER.findall(other))


def _mean(found: Mapping[str, float], one: Facts, other: Facts) -> float:
    together = one.group != 0 and one.group == other.group
    total = gained = 0.0
    for name, weight in WEIGHTS.items():
        if name in found:
            total += weight
            gained += weight * found[name]
        elif bool(getattr(one, name)) != bool(getattr(other, name)) and not (together and name in SHARED):
            total += weight * MISSING
            gained += weight * MISSING * HALF
    return gained / total if total else 0.0


# What is worth a comparison ---------------------------------------------------------------

_CODES = {
    letter: code
    for code, letters in enumerate(("bfpv", "cgjkqsxz", "dt", "l", "mn", "r"), start=1)
    for letter in letters
}


def sound(word: str) -> str:
    """How a word sounds in English, roughly: a letter and three digits (Soundex)."""
    if not word:
        return ""
    digits, last = "", _CODES.get(word[0], 0)
    for letter in word[1:]:
        code = _CODES.get(letter, 0)
        if code and code != last:
            digits += str(code)
        if letter not in "hw":
            last = code
    return f"{word[0]}{digits}000"[:4]


def blocks(facts: Facts) -> set[int]:
    """Keys of the blocks that a record is in: records that share none are not compared."""
    found = {f"{name[0]}:{getattr(facts, name)}" for name in ("email", "phone") if getattr(facts, name)}
    parts = _person_blocks(facts) if facts.person else _company_blocks(facts)
    found |= {":".join(part) for part in (*parts, *_place_blocks(facts)) if all(part)}
    return {_number(key) for key in found}


def _person_blocks(facts: Facts) -> list[tuple[str, ...]]:
    first, last = sound(facts.first), sound(facts.last)
    place = facts.postal, sound(facts.city)
    return [
        ("names", *sorted((first, last))),
        ("last at", last, facts.domain or facts.company),
        ("first at", first, facts.domain or facts.company),
        *(("last in", last, where) for where in place),
        *(("first in", first, where) for where in place),
        ("first on", first, facts.street[-9:]),
        ("last on", last, facts.street[-9:]),
        *((("names of", first, last, str(facts.group)),) if facts.group else ()),
    ]


def _company_blocks(facts: Facts) -> list[tuple[str, ...]]:
    word = sound(facts.company.partition(" ")[0])
    return [
        ("name", facts.company),
        ("domain", facts.domain),
        ("word", word, facts.postal),
        ("word", word, facts.city),
    ]


def _place_blocks(facts: Facts) -> list[tuple[str, ...]]:
    """Where somebody lives, half of it wrong."""
    number, _space, road = facts.street.partition(" ")
    return [
        ("house", number if number[:1].isdigit() else "", sound(road)),
        ("road", sound(road), facts.postal),
        ("road", road[:5], facts.city[:4]),
        ("place", facts.extra[:5], facts.city[:5]),
    ]


def _number(key: str) -> int:
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big", signed=True)


def candidates(records: Mapping[int, Facts]) -> set[tuple[int, int]]:
    """Pairs, the lower key first, that share a block of at most 200."""
    rooms: dict[int, list[int]] = defaultdict(list)
    for key, facts in records.items():
        for block in blocks(facts):
            rooms[block].append(key)
    return {pair for keys in rooms.values() for pair in pairs_of(keys)}


def pairs_of(keys: Iterable[int]) -> list[tuple[int, int]]:
    """Every two of a block, unless it holds too many."""
    members = sorted(keys)
    return list(combinations(members, 2)) if len(members) <= BLOCK else []


def matches(records: Mapping[int, Facts], *, least: float = THRESHOLD) -> dict[tuple[int, int], float]:
    """Pairs that are alike enough, with their likeness."""
    scored = {(a, b): score(records[a], records[b]) for a, b in candidates(records)}
    return {pair: value for pair, value in scored.items() if value >= least}

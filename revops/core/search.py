"""How a text finds records: what begins with it, what holds it, and, when that is little, what is spelled nearly so.

Models have a `search` column (revops.core.models.search). Spellings come from the words that stand in the records of a
kind; a worker learns new ones every few minutes, so a record is found by its own words at once and by misspelled ones
a little later.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import islice, product
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Collate
from rapidfuzz.distance import OSA

from revops.core.models import SearchWord

ENOUGH = 8  # with fewer hits than this, spellings are tried
LETTERS = 3  # what three letters need no longer stand at the start of a word
WORDS = 5
FEW = 1000  # so many keys are named one by one, and an index finds them
CHOICES = 3
SHORTEST, LONGEST = 4, 30  # shorter words are too near to too many others
OVERLAP = 500  # what was written meanwhile under an earlier number
# Signs that part words, beside the space.
SIGNS = "\t.,;:/\\&()[]\"''+*_|-"


def words(text: str) -> list[str]:
    """The words of a text in small letters, as the column has them."""
    return text.lower().split()[:WORDS]


def holds(text: str) -> Q:
    """Each word stands in the record: anywhere from three letters on, shorter ones at the start of a word."""
    found = Q()
    for word in words(text[:100]):
        found &= Q(search__contains=word if len(word) >= LETTERS else f" {word}")
    return found


def beginning(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Rows that begin with the text, in the order of letters."""
    start = f" {' '.join(words(text[:100]))}"
    return rows.alias(start=Collate("search", "C")).filter(start__startswith=start).order_by("start")


def one_of(path: str, related: QuerySet[Any]) -> Q:
    """Rows that lead to one of these. A few keys are read first and named, so that the rows' index finds them; were
    they a subquery beside other conditions, every row would be looked at.
    """
    keys = list(related.order_by().values_list("pk", flat=True)[: FEW + 1])
    return Q(**{f"{path}__in": keys if len(keys) <= FEW else related.order_by().values("pk")})


def best(rows: QuerySet[Any], text: str, limit: int) -> list[Any]:
    """Rows that begin with the text, in the order of the alphabet, then others that hold it."""
    if not words(text):
        return []
    # Keys first: most kinds hold nothing of what was typed, and then nothing is joined and nothing more is read.
    keys = list(beginning(rows, text).values_list("pk", flat=True)[:limit])
    if len(keys) < limit and len(text) > 1:
        rest = rows.filter(holds(text)).exclude(pk__in=keys).order_by()
        keys += rest.values_list("pk", flat=True)[: limit - len(keys)]
    found = {row.pk: row for row in rows.filter(pk__in=keys).order_by()} if keys else {}
    return [found[key] for key in keys if key in found]


def named(rows: QuerySet[Any], text: str, limit: int, *columns: str) -> list[Any]:
    """Rows of a small table, which has no column to search in: each word stands in one of these, the first one tells
    their order.
    """
    said = words(text[:100])
    if not said or len(text.strip()) < 2:
        return []
    found = Q()
    for word in said:
        found &= Q(*[Q(**{f"{column}__icontains": word}) for column in columns], _connector=Q.OR)
    return list(rows.filter(found).order_by(columns[0], "pk")[:limit])


def some_of(path: str, related: QuerySet[Any]) -> Q:
    """Rows that lead to one of the first hundred of these: enough for a menu."""
    return Q(**{f"{path}__in": list(related.values_list("pk", flat=True)[:100])})


# Spellings -------------------------------------------------------------------------------


def spellings(text: str, kinds: Collection[str]) -> dict[str, list[str]]:
    """By kind, up to three texts of words that stand in its records and are nearly what was typed."""
    typed = words(text)
    if not any(len(word) >= SHORTEST for word in typed):
        return {}
    near = {word: _near(word, kinds) if SHORTEST <= len(word) <= LONGEST else {} for word in typed}
    found: dict[str, list[str]] = {}
    for kind in kinds:
        choices = [near[word].get(kind) or [word] for word in typed]
        texts = [" ".join(chosen) for chosen in islice(product(*choices), CHOICES + 1)]
        other = [one for one in texts if one != " ".join(typed)][:CHOICES]
        if other:
            found[kind] = other
    return found


def _near(word: str, kinds: Collection[str]) -> dict[str, list[str]]:
    """Words of each kind within one mistake (two from six letters on), nearest first."""
    allowed = 1 if len(word) < 6 else 2
    alike = Q(near__overlap=[word, *without_one(word)])
    if allowed == 2:
        alike |= Q(word__trigram_similar=word)
    ranked: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for kind, other in SearchWord.objects.filter(alike, kind__in=kinds).values_list("kind", "word"):
        away = OSA.distance(word, other, score_cutoff=allowed)
        if away <= allowed:
            ranked[kind].append((away, other))
    return {kind: [other for _away, other in sorted(found)[:CHOICES]] for kind, found in ranked.items()}


def without_one(word: str) -> set[str]:
    """The word without each one of its letters."""
    return {word[:place] + word[place + 1 :] for place in range(len(word))}


def learn(kind: str, model: type[Model]) -> int:
    """Take the words of the records that came since the last time; returns how many were new."""
    key = f"search-learned-{kind}"
    after = cache.get(key, 0)
    last = model._base_manager.order_by("-pk").values_list("pk", flat=True).first() or 0
    new = _take(kind, model._meta.db_table, max(0, after - OVERLAP))
    cache.set(key, last, None)
    return new


def learn_anew(kinds: Iterable[str]) -> None:
    """The next time every record is read again: what was renamed counts, too."""
    cache.delete_many([f"search-learned-{kind}" for kind in kinds])


def _take(kind: str, table: str, after: int) -> int:
    # Addresses and numbers are typed whole or not at all: they are no words.
    sql = f"""
        INSERT INTO core_searchword (kind, word, near)
        SELECT %s, word, array_prepend(word, ARRAY(
            SELECT DISTINCT left(word, n - 1) || substr(word, n + 1) FROM generate_series(1, length(word)) AS n))
        FROM (
            SELECT DISTINCT word FROM "{table}", string_to_table(translate(
                regexp_replace(search, '\\S+@\\S+', '', 'g'), %s, %s), ' ') AS word
            WHERE id > %s AND length(word) BETWEEN {SHORTEST - 1} AND {LONGEST} AND word !~ '[0-9]'
        ) AS found
        ON CONFLICT DO NOTHING"""  # noqa: S608  the table's name is a model's
    with connection.cursor() as cursor:
        cursor.execute(sql, [kind, SIGNS, " " * len(SIGNS), after])
        return cursor.rowcount

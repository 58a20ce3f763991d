"""Records of a JSON file as rows of text: what other systems' APIs answer. One record, a list, or a list inside."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from revops.core.errors import InvalidInput

JSON = "json"  # stands where a text file has its encoding
DEPTH = 4
# What is said about a record, not by it: the versions of a property, the kind of the answer.
ABOUT = frozenset({"attributes", "versions"})
# Where a record keeps its properties, and a property its value: neither belongs to the name.
WRAPS = ("properties", "value")


def looks_like_one(file: BinaryIO) -> bool:
    """Whether the file begins as JSON does."""
    file.seek(0)
    return file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def read_records(file: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    """The names of all records first, then each record under them. Raises InvalidInput for what holds no records."""
    file.seek(0)
    try:
        whole = json.loads(file.read().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InvalidInput.of(file=_("This is no JSON file that can be read.")) from error
    rows = [dict(_flat(record)) for record in _records(whole)]
    names = list(dict.fromkeys(name for row in rows for name in row))
    yield 1, names
    for number, row in enumerate(rows, 2):
        yield number, [row.get(name, "") for name in names]


def _records(whole: Any) -> list[Mapping[str, Any]]:
    """The list itself; else the longest list of objects in the answer around it; else the one record."""
    if isinstance(whole, Mapping):
        lists = [value for value in whole.values() if isinstance(value, list) and value and _all_objects(value)]
        whole = max(lists, key=len) if lists else [whole]
    if not isinstance(whole, list) or not whole or not _all_objects(whole):
        raise InvalidInput.of(file=_("This JSON file holds no list of records."))
    return whole


def _all_objects(values: list[Any]) -> bool:
    return all(isinstance(value, Mapping) for value in values)


def _flat(record: Mapping[str, Any], name: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    for key, value in record.items():
        if key in ABOUT:
            continue
        path = name if key in WRAPS and (name or key == WRAPS[0]) else f"{name}.{key}".strip(".")
        if isinstance(value, Mapping) and depth < DEPTH:
            yield from _flat(value, path, depth + 1)
        elif not isinstance(value, Mapping | list):
            yield path or str(key), _text(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)

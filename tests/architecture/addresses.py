"""Every address of the product, filled with made-up keys."""

import itertools
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

# Django's admin has a guard of its own, one for the whole site; allauth's pages are walked as well.
NOT_WALKED = {"admin"}
MADE_UP = ["1", str(uuid.UUID(int=1)), "x", "x.y"]


@dataclass(frozen=True)
class Address:
    name: str
    path: str
    keys: tuple[str, ...]

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/v1/")


def addresses() -> list[Address]:
    found = {name: address for name in sorted(set(_names(get_resolver()))) if (address := _fill(name))}
    return list(found.values())


def _names(resolver: URLResolver) -> Iterator[str]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            if entry.name:
                yield entry.name
        elif entry.namespace not in NOT_WALKED:
            yield from _names(entry)


def _fill(name: str) -> Address | None:
    for _, parameters in [form for entry in get_resolver().reverse_dict.getlist(name) for form in entry[0]]:
        for values in itertools.product(MADE_UP, repeat=len(parameters)):
            try:
                path = reverse(name, kwargs=dict(zip(parameters, values, strict=True)))
            except NoReverseMatch:
                continue
            return Address(name, path, tuple(parameters))
    return None

"""Persons as values of custom fields: core knows no user model of its own, only Django's setting."""

from collections.abc import Collection
from typing import Any

from django.contrib.auth import get_user_model

from revops.core.custom.definitions import once


def working(keys: Collection[int]) -> set[int]:
    """Which of these people are with us."""
    people: Any = get_user_model()._default_manager
    return set(people.filter(pk__in=keys, is_active=True).values_list("pk", flat=True))


def everybody() -> Any:
    """Whom a form offers."""
    people: Any = get_user_model()._default_manager
    return people.filter(is_active=True, can_sign_in=True)


class Names:
    """id -> name, asked for once, when the first name is wanted."""

    def __init__(self) -> None:
        self._names: dict[int, str] | None = None

    def of(self, key: Any) -> str:
        """Somebody who has left keeps the name."""
        if self._names is None:
            people: Any = get_user_model()._default_manager
            rows = people.only("pk", "username", "first_name", "last_name")
            self._names = {row.pk: str(row) for row in rows.iterator(chunk_size=2000)}
        return self._names.get(key, f"#{key}")


def names() -> Names:
    """One for each request."""
    found: Names = once("names", Names)
    return found

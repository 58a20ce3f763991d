"""Text that a person or a file wrote -> what `clean` takes. Money: "1200.50 EUR"; several choices: "A; B"."""

import re
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from revops.core.custom.definitions import once
from revops.core.custom.kinds import BadValue
from revops.core.models import CustomField

_MONEY = re.compile(r"(?:([A-Z]{3})\s*)?([-+\d.]+)(?:\s*([A-Z]{3}))?$")


def read(field: CustomField, text: str) -> Any:
    """The value that the text stands for, still to be cleaned. Raises BadValue."""
    text = text.strip()
    if not text:
        return None
    if field.kind == CustomField.Kind.MONEY:
        return _money(text)
    if field.kind == CustomField.Kind.PERSON:
        return person(text)
    return text


def _money(text: str) -> dict[str, str]:
    match = _MONEY.match(text)
    if match is None or (match[1] and match[3]):
        raise BadValue(_("Write an amount with its currency: 1200.50 EUR."))
    return {"amount": match[2], "currency": match[1] or match[3] or "USD"}


def person(text: str) -> int:
    """By user name, full name or e-mail address. Raises BadValue when nobody, or more than one, is called so."""
    found = once("people_by_name", _people).get(text.casefold(), set())
    if len(found) == 1:
        return next(iter(found))
    raise BadValue(_("Several people are called so.") if found else _("There is no such person."))


def _people() -> dict[str, set[int]]:
    people: Any = get_user_model()._default_manager
    found: dict[str, set[int]] = {}
    rows = people.filter(is_active=True).only("username", "first_name", "last_name", "email")
    for user in rows.iterator(chunk_size=2000):
        for name in {user.username, user.get_full_name(), user.email} - {""}:
            found.setdefault(name.casefold(), set()).add(user.pk)
    return found


def written(field: CustomField, value: Any, words: str) -> str:
    """A stored value as a person would write it, for a form that shows it as text."""
    if value is None:
        return ""
    if field.kind == CustomField.Kind.MONEY:
        return f"{value['amount']} {value['currency']}"
    kinds = CustomField.Kind
    worded = (kinds.CHOICE, kinds.CHOICES, kinds.PERSON, kinds.FLAG)
    return words if field.kind in worded else str(value)

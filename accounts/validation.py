"""Field checks that forms, the API and imports share: what a model's fields refuse, said field by field."""

from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from accounts.keys import email_key
from revops.core.errors import FieldError, InvalidInput
from revops.core.money import currencies


def refuse_unknown(changes: Collection[str], allowed: Collection[str]) -> None:
    """A programming error, not a person's: a service was given a field that it does not write."""
    unknown = set(changes) - set(allowed)
    if unknown:
        raise TypeError(f"not fields of this service: {', '.join(sorted(unknown))}")


def tidy(changes: dict[str, Any]) -> dict[str, Any]:
    """Texts without the blanks around them; None for a text is an empty text to the caller's model."""
    return {name: value.strip() if isinstance(value, str) else value for name, value in changes.items()}


def refuse_guests(**people: Any) -> None:
    """Raise InvalidInput for somebody of another company: what is ours is given to colleagues only."""
    for name, person in people.items():
        if person is not None and person.is_portal:
            text = _("%(name)s is of another company: choose a colleague.")
            raise InvalidInput.of(**{name: text % {"name": person}})


def refuse_invalid(record: models.Model, names: Collection[str]) -> None:
    """Raise InvalidInput that names every field among `names` that the model refuses."""
    errors = [*_null_bytes(record, names), *_field_errors(record, names)]
    email = str(getattr(record, "email", "")) if "email" in names else ""
    if not errors and email and not email_key(email):
        errors.append(FieldError("email", "invalid", _("This is no e-mail address: check the part after the @.")))
    if not errors and "currency" in names and getattr(record, "currency", "USD") not in currencies():
        errors.append(FieldError("currency", "unknown_currency", _("There is no such currency.")))
    if errors:
        raise InvalidInput("invalid", errors[0].detail, errors=errors)


def _null_bytes(record: models.Model, names: Collection[str]) -> list[FieldError]:
    text = _("This text holds a character that cannot be stored.")
    return [FieldError(name, "invalid", text) for name in names if not _storable(record.serializable_value(name))]


def _storable(value: Any) -> bool:
    """Neither the null character nor half of one."""
    text = str(value or "")
    return "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _field_errors(record: models.Model, names: Collection[str]) -> list[FieldError]:
    others = {field.name for field in record._meta.fields} - set(names)
    try:
        record.clean_fields(exclude=others)
    except ValidationError as refused:
        return [
            FieldError(name, error.code or "invalid", str(error.messages[0]))
            for name, problems in refused.error_dict.items()
            for error in problems
        ]
    return []

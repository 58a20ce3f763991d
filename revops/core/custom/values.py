"""Values in and out of a record's `custom` column. Forms, API, files, admin and bulk edits all come through here."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Model
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from revops.core.custom.definitions import every_field, fields_of, homes, label_of, needs
from revops.core.custom.kinds import BadValue
from revops.core.custom.registry import kind_of
from revops.core.errors import FieldError, InvalidInput, MissingFields
from revops.core.models import CustomField

POINTER = "custom."


class Carried(dict[str, Any]):
    """Values that come along by themselves, with nobody there to be asked for the rest."""


def clean(model: type[Model] | Model, given: Any, *, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """{key: stored value, None for none} of what was given. Raises InvalidInput that names each refused field."""
    if not isinstance(given, Mapping):
        raise InvalidInput.of(custom=_("Send an object: {key: value}."))
    known = {field.key: field for field in fields_of(model)}
    errors: list[FieldError] = []
    cleaned: dict[str, Any] = {}
    for key, value in given.items():
        if key not in known:
            name = str(key).encode("utf-8", "replace").decode().replace("\x00", "␀")[:60]
            text = _("There is no such field.")
            errors.append(FieldError(f"{POINTER}{name}", "unknown_field", text))
            continue
        try:
            cleaned[key] = clean_one(known[key], value, before=(before or {}).get(key))
        except BadValue as refused:
            errors.append(FieldError(f"{POINTER}{key}", "invalid", str(refused)))
    if errors:
        raise InvalidInput("invalid", errors[0].detail, errors=errors)
    return cleaned


def clean_one(field: CustomField, value: Any, *, before: Any = None) -> Any:
    """The stored value, None for an empty one. Raises BadValue."""
    if value is None or value == "" or value == []:
        return None
    return kind_of(field).clean(field, value, before=before)


def for_new(record: Model, given: Mapping[str, Any] | None, *, asked: bool = True) -> dict[str, Any]:
    """The column of a new record: what was given, the defaults of the rest. Raises InvalidInput, MissingFields.

    `asked` is False where nobody could be asked: what the process makes by itself, or loads.
    """
    fields = fields_of(record)
    if not fields and not given:
        return {}
    values = defaults(fields) | clean(record, given or {})
    stored = {key: value for key, value in values.items() if value is not None}
    if asked and not isinstance(given, Carried):
        at = target_of(record)
        _refuse(
            [field for field in fields if stored.get(field.key) is None and needs(field, record, at)],
        )
    return stored


def defaults(fields: Sequence[CustomField]) -> dict[str, Any]:
    return {field.key: field.default for field in fields if field.default is not None}


def merged(record: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """The column after a change. Raises InvalidInput, and MissingFields for emptying what the record's state needs."""
    before: dict[str, Any] = record.custom
    changes = clean(record, given, before=before)
    emptied = [field for field in fields_of(record) if field.key in changes and changes[field.key] is None]
    _refuse([field for field in emptied if needs(field, record, target_of(record))])
    return {key: value for key, value in {**before, **changes}.items() if value is not None}


def gaps(record: Any, target: str | None) -> list[CustomField]:
    """The fields that the record must have at `target` and lacks."""
    return [
        field for field in fields_of(record) if record.custom.get(field.key) is None and needs(field, record, target)
    ]


def require(record: Any, target: str | None) -> None:
    """Before a change of state. Raises MissingFields with exactly the empty ones."""
    _refuse(gaps(record, target))


def require_at_status(record: Any, status: str) -> None:
    """The same where the steps of a record are its states: `status.advance` asks for every change of state."""
    home = homes.get(label_of(record))
    if home is not None and home.by_status:
        require(record, status)


def target_of(record: Any) -> str | None:
    """The state or stage at which the record stands; None when it has neither."""
    home = homes.get(label_of(record))
    return home.stands(record) if home else None


def _refuse(missing: Sequence[CustomField]) -> None:
    if missing:
        names = get_text_list([field.label for field in missing], _("and"))
        text = _("Fill in %(names)s first.") % {"names": names}
        raise MissingFields(text, [POINTER + field.key for field in missing])


# Values as people read them ----------------------------------------------------------------


def spread(changed: Mapping[str, tuple[Any, Any]]) -> dict[str, tuple[Any, Any]]:
    """Changes of the column as changes of its fields: {"custom.region": (before, after)}."""
    found = {name: pair for name, pair in changed.items() if name != "custom"}
    if "custom" not in changed:
        return found
    before, after = (value if isinstance(value, dict) else {} for value in changed["custom"])
    for key in [*before, *(key for key in after if key not in before)]:
        if before.get(key) != after.get(key):
            found[POINTER + key] = (before.get(key), after.get(key))
    return found


def explained(model: type[Model] | Model | str, name: str, *values: Any) -> tuple[str, ...] | None:
    """(label, value in words, …) of a changed custom field; None when `name` is none."""
    if not name.startswith(POINTER):
        return None
    field = next((one for one in every_field(model) if one.key == name.removeprefix(POINTER)), None)
    if field is None:
        return None
    return (field.label, *("" if value is None else said(field, value) for value in values))


def said(field: CustomField, value: Any) -> str:
    """A stored value in words; one of a former kind as it stands."""
    try:
        return kind_of(field).words(field, value)
    except (ValueError, TypeError, KeyError, ArithmeticError):
        return str(value)


def facts_of(record: Any) -> list[tuple[str, list[tuple[CustomField, str]]]]:
    """What a record's page shows: by heading, each field that is in use with its value in words."""
    groups: dict[str, list[tuple[CustomField, str]]] = {}
    for field in fields_of(record):
        value = record.custom.get(field.key)
        groups.setdefault(field.group, []).append((field, "" if value is None else said(field, value)))
    return list(groups.items())


def shown(record: Any) -> dict[str, Any]:
    """What the API shows: the values of fields in use, as they are stored."""
    if not record.custom:
        return {}
    return {field.key: record.custom[field.key] for field in fields_of(record) if field.key in record.custom}


def carried(source: Any, target: type[Model]) -> Carried:
    """The values of a converted record that its successor takes over: fields of the same key and kind."""
    label = label_of(target)
    if not getattr(source, "custom", None):
        return Carried()
    there = {field.key: field for field in fields_of(target)}
    found = Carried()
    for field in fields_of(source):
        other = there.get(field.key)
        value = source.custom.get(field.key)
        if value is None or other is None or other.kind != field.kind or label not in field.carried_to:
            continue
        try:
            found[field.key] = clean_one(other, value)
        except BadValue:  # a choice that the other field does not have, a person who left
            continue
    return found

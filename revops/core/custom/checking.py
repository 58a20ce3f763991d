"""What a definition may be: the same checks for the form of the administration and for the services."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext as _

from revops.core.custom.definitions import ALWAYS, Home, homes
from revops.core.custom.kinds import BadValue, read_text
from revops.core.custom.values import clean_one
from revops.core.errors import InvalidInput
from revops.core.models import CustomField

KEY = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")
KEY_LENGTH, MOST_CHOICES, MOST_FIELDS = 40, 500, 200
CHOOSING = (CustomField.Kind.CHOICE, CustomField.Kind.CHOICES)


def key_for(label: str) -> str:
    """A key out of a label: "Annual budget" -> annual_budget."""
    words = re.sub(r"[^a-z0-9]+", "_", slugify(label).replace("-", "_")).strip("_")
    return re.sub(r"^[0-9_]+", "", words)[:KEY_LENGTH].strip("_")


def home_of(model: str) -> Home:
    home = homes.get(model)
    if home is None:
        raise InvalidInput.of(model=_("Records of this kind take no custom fields."))
    return home


def refuse_key(model: str, key: str) -> None:
    if not isinstance(key, str) or len(key) > KEY_LENGTH or not KEY.match(key):
        text = _("A key has small letters, digits and single underscores, and starts with a letter: annual_budget.")
        raise InvalidInput.of(key=text)
    if CustomField.objects.filter(model=model, key=key).exists():
        raise InvalidInput.of(key=_("There is a field with this key already."))
    if CustomField.objects.filter(model=model).count() >= MOST_FIELDS:
        raise InvalidInput.of(model=_("At most %(n)s fields a kind of record.") % {"n": MOST_FIELDS})


def tidied(field: CustomField, wanted: dict[str, Any], home: Home) -> dict[str, Any]:
    """Checked values; `field` is the definition as it will be, for the default's sake."""
    for name, limit in (("label", 80), ("help_text", 200), ("group", 60)):
        if name in wanted:
            wanted[name] = _text(name, wanted[name], limit)
    if not wanted.get("label", "-"):
        raise InvalidInput.of(label=_("A field needs a label."))
    if not 0 <= wanted.get("position", 0) <= 100_000:
        raise InvalidInput.of(position=_("Between 0 and 100,000."))
    offers = {"required_at": [ALWAYS, *_steps(home)], "carried_to": list(home.carried_to)}
    for name in set(offers) & set(wanted):
        wanted[name] = _among(name, wanted[name], offers[name])
    _tidy_values(field, wanted)
    return wanted


def _tidy_values(field: CustomField, wanted: dict[str, Any]) -> None:
    """Choices, and the default among them."""
    if "choices" in wanted:
        wanted["choices"] = _choices(field.kind, wanted["choices"], field.choices)
        field.choices = wanted["choices"]
    elif field.kind in CHOOSING and not field.choices:
        raise InvalidInput.of(choices=_("Name at least one choice."))
    if "default" in wanted:
        wanted["default"] = _default(field, wanted["default"])


def _text(name: str, value: Any, limit: int) -> str:
    try:
        return read_text(value, limit)
    except BadValue as refused:
        raise InvalidInput.of(**{name: str(refused)})


def _steps(home: Home) -> list[str]:
    return [step.value for step in home.steps(None)]


def _among(name: str, values: Sequence[str], allowed: Sequence[str]) -> list[str]:
    wrong = [value for value in values if value not in allowed]
    if wrong:
        raise InvalidInput.of(**{name: _("“%(value)s” is not offered here.") % {"value": str(wrong[0])[:60]}})
    return [value for value in allowed if value in values]


def _choices(kind: str, rows: Any, before: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Ordered choices. What is left out is retired, not dropped: old rows keep their word."""
    if kind not in CHOOSING:
        return []
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        label = _text("choices", row.get("label") or row.get("value", ""), 80)
        value = _text("choices", row.get("value") or _meant(label, before), 80)
        if value and value not in found:
            found[value] = {"value": value, "label": label, "retired": bool(row.get("retired"))}
    if not any(not row["retired"] for row in found.values()):
        raise InvalidInput.of(choices=_("Name at least one choice."))
    if len(found) > MOST_CHOICES:
        raise InvalidInput.of(choices=_("At most %(n)s choices.") % {"n": MOST_CHOICES})
    kept = [{**row, "retired": True} for row in before if row["value"] not in found]
    return [*found.values(), *(dict(row) for row in kept)]


def _meant(label: str, before: Sequence[Mapping[str, Any]]) -> str:
    """The stored value of a label: the one it has, or a key made of it."""
    known = {row["label"]: row["value"] for row in before}
    return str(known.get(label) or key_for(label) or label)


def _default(field: CustomField, value: Any) -> Any:
    try:
        return clean_one(field, value)
    except BadValue as refused:
        raise InvalidInput.of(default=str(refused))

"""Custom fields in files: recognised by label and key, read by kind, checked as everywhere else."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext as _

from revops.core.custom.definitions import takes_custom
from revops.core.custom.kinds import BadValue
from revops.core.custom.reading import person
from revops.core.custom.values import clean_one, defaults, said
from revops.core.models import CustomField
from revops.core.views.cells import FORMULA_STARTS
from revops.integrations import values
from revops.integrations.models import ImportRun
from revops.integrations.registries import CURRENCY, PREFIX, TYPES, Draft, Importer, Kind

_CODE = re.compile(r"^([A-Z]{3})\b|\b([A-Z]{3})$")


def read(importer: Importer, draft: Draft, run: ImportRun) -> None:
    """What the row says of custom fields, cleaned; a cell that says what stands there already changes nothing."""
    before: dict[str, Any] = draft.record.custom if draft.record is not None and takes_custom(importer.model) else {}
    for field in importer.custom_fields:
        key = PREFIX + field.key
        if key not in draft.cells:
            continue
        held, text = before.get(field.key), draft.cells[key]
        if held is not None and said(field, held) == text:
            continue
        try:
            raw = _raw(field, draft, run)
            # A person was just looked up by name, one of those who are with us.
            draft.custom[field.key] = clean_one(field, raw, before=raw if field.kind == Kind.PERSON else held)
        except (BadValue, values.Refused) as refused:
            draft.refuse(key, str(refused))


def _raw(field: CustomField, draft: Draft, run: ImportRun) -> Any:
    key = PREFIX + field.key
    text = draft.cells[key]
    if field.kind == Kind.MONEY:
        return _money(text, draft.values.get(key + CURRENCY), run)
    if field.kind == Kind.PERSON:
        return person(text)
    if Kind(field.kind) in TYPES:
        return draft.values[key]
    # An export makes texts harmless that a spreadsheet would run; here they are themselves again.
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_STARTS) else text


def _money(text: str, currency: str | None, run: ImportRun) -> dict[str, Any]:
    match = _CODE.search(text.strip())
    written = (match[1] or match[2]) if match else None
    if written and currency and written != currency:
        raise BadValue(_("The amount and the column beside it name two currencies."))
    amount = values.read_number(text, run.decimal_sign or ".")
    return {"amount": amount, "currency": currency or written or "USD"}


def plan_create(importer: Importer, draft: Draft) -> None:
    """The column of a new record, and how the dry run shows it."""
    if not importer.custom_fields:
        return
    wanted = defaults(importer.custom_fields) | draft.custom
    draft.columns["custom"] = {key: value for key, value in wanted.items() if value is not None}
    draft.changes += _shown(importer, {}, draft.columns["custom"])


def plan_update(importer: Importer, draft: Draft) -> bool:
    """Only what changes is written, over what stands there at that moment."""
    held: dict[str, Any] = draft.record.custom if draft.custom else {}
    changed = {key: value for key, value in draft.custom.items() if held.get(key) != value}
    if changed:
        draft.columns["custom"] = changed
        draft.changes += _shown(importer, held, changed)
    return bool(changed)


def _shown(importer: Importer, before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {
            "field": PREFIX + field.key,
            "before": said(field, before[field.key]) if before.get(field.key) is not None else "",
            "after": said(field, after[field.key])[:300],
        }
        for field in importer.custom_fields
        if field.key in after
    ]

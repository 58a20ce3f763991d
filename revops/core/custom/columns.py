"""Custom fields as columns of a list: the same cells on the page and in the export."""

from collections.abc import Callable
from typing import Any

from django.db.models import Model

from revops.core.custom import people
from revops.core.custom.definitions import fields_of
from revops.core.custom.filters import PREFIX, sort_name
from revops.core.custom.registry import kind_of
from revops.core.custom.values import POINTER
from revops.core.models import CustomField
from revops.core.views.cells import Column


def columns(model: type[Model]) -> list[Column]:
    """One column a field, in the chooser at once; shown by default as its definition says."""
    found = []
    for field in fields_of(model):
        kind = kind_of(field)
        found.append(
            Column(
                f"{PREFIX}{field.key}",
                field.label,
                _cell(field),
                kind=kind.column,
                sort=sort_name(field) if kind.sortable else "",
                link=_link(field) if kind.column == "link" else None,
                hidden=not field.in_list,
                phone=False,
                edit=POINTER + field.key,
            )
        )
    return found


def _cell(field: CustomField) -> Callable[[Any], Any]:
    kind = kind_of(field)
    if field.kind == CustomField.Kind.PERSON:
        names = people.names()  # the names of one list; an export goes on after its request
        return lambda row: names.of(row.custom[field.key]) if field.key in row.custom else None

    def cell(row: Any) -> Any:
        value = row.custom.get(field.key)
        return None if value is None else kind.export(field, value)

    return cell


def _link(field: CustomField) -> Callable[[Any], str]:
    return lambda row: row.custom.get(field.key) or ""

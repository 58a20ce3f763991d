"""A record by the id that another system gives it: made or changed, and one row however many ask at once."""

from collections.abc import Callable, Collection
from typing import Any, TypeVar

from django.db import IntegrityError, models, transaction
from django.http import Http404
from django.utils.translation import gettext as _

from revops.core.errors import DomainError, IllegalState, InvalidInput, StaleCopy
from revops.core.models import Mergeable

M = TypeVar("M", bound=models.Model)


class NotThere(DomainError):
    """A version was named of a record that does not exist."""

    status = 412
    title = "There is no such version"


def find(model: type[M], system: str, external_id: str) -> M | None:
    """Whoever it belongs to. What was archived is out of the way: the id is free again, unless what it stood for
    was merged into a record that is still there.
    """
    rows = model._default_manager.filter(external_system=system, external_id=external_id)
    found = (rows.filter(archived_at__isnull=True) if hasattr(model, "archived_at") else rows).first()
    if found is None and issubclass(model, Mergeable):
        alias = rows.filter(merged_into__archived_at__isnull=True, merged_into__isnull=False).order_by("-pk").first()
        return None if alias is None else alias.merged_into  # type: ignore[attr-defined, no-any-return]
    return found


def those_known(model: type[M], system: str, ids: Collection[str], *joins: str) -> dict[str, M]:
    """By id in the other system: the records that are there, or that what is there was merged into."""
    rows: Any = model._base_manager.filter(external_system=system, external_id__in=ids).select_related(*joins)
    found: dict[str, M] = {}
    if issubclass(model, Mergeable):
        aliases = rows.filter(merged_into__isnull=False, merged_into__archived_at__isnull=True)
        heads = {row.external_id: row.merged_into_id for row in aliases.order_by("pk")}
        there = model._base_manager.select_related(*joins).in_bulk({*heads.values()}) if heads else {}
        found = {external_id: there[pk] for external_id, pk in heads.items()}
    if hasattr(model, "archived_at"):
        rows = rows.filter(archived_at__isnull=True)
    return found | {row.external_id: row for row in rows}


def known(model: type[models.Model], system: str, external_id: str) -> bool:
    """Whether the other system's record was brought already."""
    refuse_bad_reference(system, external_id)
    return find(model, system, external_id) is not None


@transaction.atomic
def upsert(
    *,
    model: type[M],
    system: str,
    external_id: str,
    version: int | None,
    actor: Any,
    create: Callable[[], M],
    change: Callable[[M], M],
) -> tuple[M, bool]:
    """The record, and whether it was made. Raises Http404 when it exists beyond the actor's scope."""
    refuse_bad_reference(system, external_id)
    found = find(model, system, external_id)
    if found is None:
        if version is not None:
            raise NotThere("not_there", _("This record does not exist yet, so it has no version."))
        try:
            with transaction.atomic():
                return create(), True
        except IntegrityError:  # the same id arrived twice at once
            found = find(model, system, external_id)
            if found is None:
                raise
    seen: Any = model._default_manager
    if not seen.visible_to(actor).filter(pk=found.pk).exists():
        raise Http404
    if version is not None and found.version != version:  # type: ignore[attr-defined]
        raise StaleCopy(found, version)
    return change(found), False


def refuse_taken(record: Any) -> None:
    """A record that comes back from the archive may find its id taken by the one that came after it."""
    if record.external_id and known(type(record), record.external_system, record.external_id):
        raise IllegalState("id_taken", _("Another record has this one's id in the other system by now."))


def refuse_bad_reference(system: str, external_id: str) -> None:
    """Names of other systems and their ids are written down: they must be text that a row can hold."""
    for name, value, longest in (("external_system", system, 40), ("external_id", external_id, 120)):
        if not value.strip() or len(value) > longest or "\x00" in value:
            raise InvalidInput.of(**{name: _("This is no id that can be kept.")})


def refuse_moved(record: Any, fields: dict[str, Any], *names: str) -> dict[str, Any]:
    """What a change cannot touch may be sent again, as long as it says what is there."""
    for name in names:
        if name in fields and fields.pop(name) != getattr(record, name):
            raise InvalidInput.of(**{name: _("This cannot be changed here.")})
    return fields

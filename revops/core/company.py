"""What an administrator sets for the whole company: its settings, legal entities and exchange rates."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from revops.core import audit
from revops.core.errors import InvalidInput
from revops.core.memo import forget
from revops.core.models import ExchangeRate, LegalEntity, Organisation
from revops.core.money import currencies
from revops.core.organisation import organisation
from revops.core.scope import require
from revops.core.status import edit, lock


def _may(actor: Any, permission: str) -> None:
    if actor is not None:
        require(actor, permission)


def _known_currency(**codes: str) -> None:
    for field, code in codes.items():
        if code not in currencies():
            raise InvalidInput.of(**{field: _("This is no currency.")})


@transaction.atomic
def update_organisation(*, version: int | None = None, actor: Any, **changes: Any) -> Organisation:
    """Change the company's settings. Figures of closed periods are stored, so none of them moves."""
    _may(actor, "core.change_organisation")
    org = lock(organisation(), version)
    if "base_currency" in changes:
        _known_currency(base_currency=changes["base_currency"])
    if not 1 <= changes.get("fiscal_year_starts_in", 1) <= 12:
        raise InvalidInput.of(fiscal_year_starts_in=_("A month is a number from 1 to 12."))
    if not 0 <= changes.get("tax_percent", 0) <= 100:
        raise InvalidInput.of(tax_percent=_("A tax is between 0 and 100 per cent."))
    changed = edit(org, changes)
    forget()
    if changed:
        audit.record("organisation.changed", org, actor=actor, changed=changed)
    return org


@transaction.atomic
def create_entity(*, actor: Any, name: str, code: str, **fields: Any) -> LegalEntity:
    """Add a legal entity. Its code stands in the numbers of its documents."""
    _may(actor, "core.add_legalentity")
    _known_currency(currency=fields.get("currency", "USD"))
    if LegalEntity.objects.filter(code=code).exists() or LegalEntity.objects.filter(name=name).exists():
        raise InvalidInput.of(code=_("There is an entity of this name or code."))
    if fields.get("is_default"):
        LegalEntity.objects.filter(is_default=True).update(is_default=False)
    entity = LegalEntity.objects.create(name=name, code=code, **fields)
    audit.record("entity.created", entity, actor=actor)
    return entity


@transaction.atomic
def update_entity(*, entity: LegalEntity, version: int | None = None, actor: Any, **changes: Any) -> LegalEntity:
    """Change a legal entity. Issued documents keep what they were issued with."""
    _may(actor, "core.change_legalentity")
    entity = lock(entity, version)
    if "currency" in changes:
        _known_currency(currency=changes["currency"])
    if changes.get("is_default"):
        LegalEntity.objects.filter(is_default=True).exclude(pk=entity.pk).update(is_default=False)
    changed = edit(entity, changes)
    if changed:
        audit.record("entity.changed", entity, actor=actor, changed=changed)
    return entity


@transaction.atomic
def set_rate(
    *, source: str, target: str, on: date, rate: Decimal, actor: Any, provider: str = "manual"
) -> ExchangeRate:
    """One unit of `source` is `rate` units of `target` from `on` on. What was converted before keeps its rate."""
    _may(actor, "core.change_exchangerate")
    _known_currency(source=source, target=target)
    if source == target:
        raise InvalidInput.of(target=_("A rate stands between two currencies."))
    if rate <= 0:
        raise InvalidInput.of(rate=_("A rate is more than 0."))
    row = ExchangeRate.objects.filter(source=source, target=target, on=on).first()
    before = row.rate if row else None
    row = row or ExchangeRate(source=source, target=target, on=on)
    row.rate, row.provider = rate, provider
    row.save()
    forget()
    audit.record("rate.set", row, actor=actor, changed={"rate": (before, rate)})
    return row

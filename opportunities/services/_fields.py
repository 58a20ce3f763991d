"""The field rules of an opportunity, the same for whoever sets them: form, board, API, import."""

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opportunities.models import Opportunity, Pipeline, Stage
from opportunities.selectors.entry import gaps, own_gaps
from revops.core.custom.values import explained
from revops.core.errors import IllegalState, InvalidInput, MissingFields
from revops.core.money import currencies, money

EDITABLE = (
    "name",
    "account",
    "contact",
    "owner",
    "kind",
    "amount",
    "currency",
    "product",
    "close_on",
    "source",
)
CLOSING = ("loss_reason", "won_reason")
# What a closed deal has been counted with; it changes by reopening only.
FROZEN_WHEN_CLOSED = frozenset({"account", "owner", "kind", "amount", "currency", "product", "close_on"})
LABELS = {
    "account": gettext_lazy("an account"),
    "amount": gettext_lazy("an amount"),
    "close_on": gettext_lazy("a close date"),
    "contact": gettext_lazy("a contact"),
    "loss_reason": gettext_lazy("a reason for the loss"),
    "product": gettext_lazy("a product"),
    "source": gettext_lazy("a source"),
    "won_reason": gettext_lazy("the reason for winning without an accepted quote"),
}


def refuse_unknown(fields: Mapping[str, Any], known: Iterable[str]) -> None:
    """A misspelt field is an error, never ignored."""
    unknown = sorted(set(fields) - set(known) - {"custom"})
    if unknown:
        raise InvalidInput.of(**{unknown[0]: _("An opportunity has no such field to set.")})


def tidied(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Text without the spaces around it."""
    return {name: value.strip() if isinstance(value, str) else value for name, value in fields.items()}


def check(opportunity: Opportunity, names: Iterable[str]) -> None:
    """Refuse values that the record cannot hold. Raises InvalidInput naming the field."""
    wanted = set(names)
    for name in wanted:
        value = getattr(opportunity, name, None)
        if isinstance(value, str) and "\x00" in value:
            raise InvalidInput.of(**{name: _("This text holds a character that no record can hold.")})
    plain = {field.name for field in Opportunity._meta.fields if not field.is_relation}
    try:
        opportunity.clean_fields(exclude={field.name for field in Opportunity._meta.fields} - (wanted & plain))
    except ValidationError as error:
        raise InvalidInput.of(**{name: texts[0] for name, texts in error.message_dict.items()})
    _check_money(opportunity, wanted)
    # A contact who has left for another company since does not hold up what is changed beside it.
    strange = opportunity.contact is not None and opportunity.contact.account_id != opportunity.account_id
    if strange and wanted & {"account", "contact"}:
        raise InvalidInput.of(contact=_("This contact belongs to another account."))


def _check_money(opportunity: Opportunity, names: set[str]) -> None:
    if opportunity.currency not in currencies():
        raise InvalidInput.of(currency=_("“%(code)s” is not a currency.") % {"code": opportunity.currency[:10]})
    amount = opportunity.amount
    if amount is None or not names & {"amount", "currency"}:
        return
    amount = Decimal(amount)
    if amount < 0:
        raise InvalidInput.of(amount=_("An amount is 0 or more."))
    if amount != money(amount, opportunity.currency):
        raise InvalidInput.of(amount=_("%(code)s has no smaller coin than that.") % {"code": opportunity.currency})


def default_pipeline() -> Pipeline:
    """The pipeline that new deals enter."""
    pipeline = Pipeline.objects.filter(is_default=True).first()
    if pipeline is None:
        raise IllegalState("no_pipeline", _("There is no default pipeline. Make one in the administration."))
    return pipeline


def stage_of(pipeline_id: int, stage: Stage | str | None) -> Stage:
    """A stage of the pipeline by record or key; None means the first open one."""
    stages = Stage.objects.filter(pipeline_id=pipeline_id)
    if stage is None:
        found = stages.filter(kind=Stage.Kind.OPEN).order_by("position").first()
    elif isinstance(stage, Stage):
        found = stages.filter(pk=stage.pk).first()
    else:
        found = stages.filter(key=stage).first()
    if found is None:
        raise InvalidInput.of(stage=_("This pipeline has no such stage."))
    return found


def require_entry(
    opportunity: Opportunity,
    stage: Stage,
    also: Iterable[str] = (),
    among: Collection[str] | None = None,
    *,
    own_only: bool = False,
) -> None:
    """Refuse a stage whose entry criteria do not hold. Raises MissingFields with exactly the empty ones.

    `among` looks at these fields only: an edit must not empty what the stage needs. `own_only` leaves custom fields
    out, where nobody is there to fill them in.
    """
    missing = own_gaps(opportunity, stage, also) if own_only else gaps(opportunity, stage, also)
    if among is not None:
        missing = [name for name in missing if name in among]
    if missing:
        needed = get_text_list([_label(name) for name in missing], _("and"))
        raise MissingFields(_("%(stage)s needs %(needed)s.") % {"stage": stage.label, "needed": needed}, missing)


def _label(name: str) -> str:
    custom = explained(Opportunity, name)
    return custom[0] if custom else str(LABELS.get(name, name))

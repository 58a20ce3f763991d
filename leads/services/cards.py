"""Versions of the rule card: each change of a rule, group or band makes the next one."""

import hashlib
import json
from typing import Any

from django.db import transaction
from django.db.models import Max, Model
from django.utils.translation import gettext as _

from leads.events import ScoringChanged
from leads.models import EngagementRule, FitRule, LeadEngagement, RuleCard, ScoreGroup
from leads.selectors.engagement import moved_bounds
from revops.core import audit, outbox
from revops.core.errors import InvalidInput
from revops.core.first_use import first_use
from revops.core.scope import require
from revops.core.status import edit, lock

RULE = ("name", "points", "group_id", "is_active")
KEPT: tuple[tuple[str, type[Model], tuple[str, ...]], ...] = (
    ("groups", ScoreGroup, ("name", "side", "cap")),
    ("fit", FitRule, (*RULE, "field", "values", "at_least", "at_most")),
    ("engagement", EngagementRule, (*RULE, "event", "contains", "decay", "half_life_days", "percent_per_month")),
)
BANDS = ("fit_share", "a_from", "b_from", "c_from")


@transaction.atomic
def renew_card(*, actor: Any, what: str = "", **bands: int) -> RuleCard:
    """The card of the rules as they stand: a new version if anything differs from the one in force."""
    with first_use("rule card"):  # of two changes at once the second finds the card of the first
        current = RuleCard.objects.select_for_update().filter(is_active=True).first()
    rules = {name: list(model._default_manager.order_by("pk").values("id", *fields)) for name, model, fields in KEPT}
    standing = {name: getattr(current or RuleCard(), name) for name in BANDS}
    facts = {**standing, **bands}
    digest = hashlib.blake2b(json.dumps([rules, facts], sort_keys=True).encode(), digest_size=16).hexdigest()
    if current is not None and current.digest == digest:
        return current
    if current is not None and not LeadEngagement.objects.filter(card=current).exists():
        edit(current, {"rules": rules, "digest": digest, **facts})  # no score was made by it yet
        outbox.publish(ScoringChanged(what=what or str(current)))
        return current
    if current is not None:
        edit(current, {"is_active": False})
    number = (RuleCard.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    card = RuleCard.objects.create(number=number, rules=rules, digest=digest, is_active=True, **facts)
    audit.record("rulecard.created", card, actor=actor, bands=facts)
    outbox.publish(ScoringChanged(what=what or str(card)))
    return card


@transaction.atomic
def set_bands(*, actor: Any, fit_share: int | None = None, **bounds: int) -> RuleCard:
    """Move bounds of the grades (`a_from=80`) or the share of the fit. A bound moves its neighbours along."""
    require(actor, "leads.change_rulecard")
    card = RuleCard.objects.get(is_active=True)
    facts = {name: getattr(card, name) for name in BANDS}
    if fit_share is not None:
        if not 0 <= fit_share <= 100:
            raise InvalidInput.of(fit_share=_("The share of the fit lies between 0 and 100 %."))
        facts["fit_share"] = fit_share
    for name, value in bounds.items():
        if name not in BANDS[1:]:
            raise InvalidInput.of(**{name: _("There is no such bound.")})
        if value != getattr(card, name):
            facts |= moved_bounds(RuleCard(**facts), name, value)
    return renew_card(actor=actor, **facts)


@transaction.atomic
def restore_card(*, card: RuleCard, actor: Any) -> RuleCard:
    """Put an earlier card in force again, as a new version: rules it had are as they were, later ones are off."""
    require(actor, "leads.change_rulecard")
    for name, model, fields in KEPT:
        kept = {row["id"]: row for row in card.rules.get(name, [])}
        for record in model._default_manager.order_by("pk"):
            row: Any = kept.get(record.pk)
            off = {"is_active": False} if "is_active" in fields else {}
            changes = {key: row[key] for key in fields} if row else off
            changed = edit(lock(record), _as_fields(changes)) if changes else {}
            if changed:
                audit.record(f"{record._meta.model_name}.changed", record, actor=actor, changed=changed)
    return renew_card(actor=actor, **{name: getattr(card, name) for name in BANDS})


def _as_fields(changes: dict[str, Any]) -> dict[str, Any]:
    group = changes.pop("group_id", False)
    if group is not False:
        changes["group"] = ScoreGroup.objects.filter(pk=group).first() if group else None
    return changes

"""Set-based writer of imported leads: keys, first assignment, fit and event as the single-row service leaves them."""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from accounts.keys import KEYS, lead_keys, take_keys
from accounts.services import tell_owners
from leads.events import LeadCreated
from leads.models import Assignment, FitScore, Lead, TargetMarket
from leads.selectors.duplicates import hidden_twins
from leads.selectors.engagement import active_fit_rules
from leads.selectors.scoring import Fit, fit_of
from leads.services._assignments import FIRST_ANSWER_MINUTES
from leads.services.markets import _score as score_in
from leads.services.scoring import _fit_many
from revops.core import clock, copying, outbox
from revops.core.scope import sees_everything
from revops.integrations.making import TABLE, forget_made, make_records
from revops.integrations.models import ImportRow
from revops.integrations.registries import Stretch
from revops.integrations.writing import undo_rows, write_rows
from revops.users.calendars import default_hours, due_after
from revops.users.models import User

OWN = frozenset({"leads.assignment", "leads.fitscore", "leads.fitresult"})


HELD = "{table} AS made JOIN leads_lead AS lead ON lead.id = made.key WHERE lead.owner_id = {owner} ORDER BY made.key"


@transaction.atomic
def make_leads(*, stretch: Stretch, actor: Any) -> None:
    """New leads, held by the owner that the file names, else by who imports them."""
    if not make_records(Lead, stretch, actor=actor, noun="lead"):
        return forget_made()
    made = Lead.objects.filter(pk__in=RawSQL(f"SELECT key FROM {TABLE}", []))  # noqa: S608, S611
    _first_holders(made)
    _first_fits(made)
    _fit_in_markets(list(made.order_by().values_list("pk", flat=True)) if TargetMarket.objects.active() else [])
    if not sees_everything(actor):
        tell_owners(rows=hidden_twins(viewer=actor, leads=list(made.only("email_key"))), actor=actor)
    outbox.publish_each(LeadCreated(lead_id=0, route=False), "lead_id", TABLE, "key")
    return forget_made()


def _first_holders(made: QuerySet[Lead]) -> None:
    now = clock.now()
    owners = User.objects.filter(pk__in=made.order_by().values("owner_id")).select_related("calendar")
    for owner in owners:
        due = due_after(now, FIRST_ANSWER_MINUTES, owner.calendar or default_hours())
        first = Assignment(user=owner, reason=_("Came in by a file"), assigned_at=now, sla_due_at=due)
        copying.insert_each(first, {"lead_id": "made.key"}, HELD.format(table=TABLE, owner=owner.pk))


def _first_fits(made: QuerySet[Lead]) -> None:
    """Those whose facts are the same are judged once; those whose fit is the same are written at once."""
    rules, now = active_fit_rules(), clock.now()
    names = sorted({rule.field for rule in rules})
    alike: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for key, *facts in made.values_list("pk", *names):
        alike[tuple(facts)].append(key)
    same: dict[str, tuple[Fit, list[int]]] = {}
    for known, leads in alike.items():
        fit = fit_of(Lead(**dict(zip(names, known, strict=True))), rules)
        same.setdefault(json.dumps([fit.score, fit.reasons]), (fit, []))[1].extend(leads)
    for fit, leads in same.values():
        row = FitScore(score=fit.score, reasons=fit.reasons, computed_at=now)
        copying.insert_each(row, {"lead_id": "lead"}, f"unnest(ARRAY{leads}) AS lead")


def _fit_in_markets(leads: Sequence[int]) -> None:
    for market in TargetMarket.objects.active() if leads else ():
        score_in(market, leads)


@transaction.atomic
def import_leads(*, rows: Sequence[ImportRow], actor: Any) -> None:
    """Change leads that exist; their fit follows."""
    _made, changed = write_rows(Lead, rows, actor=actor, noun="lead", prepare=_keys, derived=KEYS)
    _fit_many(changed)
    _fit_in_markets([lead.pk for lead in changed])


def _keys(records: Sequence[Lead]) -> None:
    for lead in records:
        take_keys(lead, lead_keys(lead))


@transaction.atomic
def undo_leads(*, rows: Sequence[ImportRow], actor: Any) -> dict[int, str]:
    """Delete leads that nobody worked on since; restore the updated ones."""
    return undo_rows(Lead, rows, actor=actor, noun="lead", own_models=OWN, prepare=_keys, derived=KEYS)

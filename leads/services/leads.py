"""Making and editing leads."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.keys import KEYS, lead_keys, take_keys
from accounts.services import tell_owners
from accounts.validation import refuse_guests, refuse_invalid, refuse_unknown, tidy
from leads.events import LeadCreated
from leads.models import Lead
from leads.selectors.duplicates import hidden_twins, lead_duplicates
from leads.services._assignments import Choice, assign, fallback_queue
from leads.services._kept import lock_kept
from leads.services.markets import fit_to_markets
from leads.services.scoring import score_fit
from revops.core import audit, outbox
from revops.core.custom import values as custom_values
from revops.core.errors import DuplicateSuspected, IllegalState, InvalidInput
from revops.core.scope import require, sees_everything
from revops.core.status import edit

FIELDS = (
    "first_name",
    "last_name",
    "company",
    "title",
    "email",
    "phone",
    "website",
    "industry",
    "employees",
    "country",
    "region",
    "source",
    "product",
    "do_not_route",
    "competition",
    "next_step",
)
EXTERNAL = ("external_system", "external_id")
FIT_FIELDS = frozenset({"industry", "employees", "source", "country"})


@transaction.atomic
def create_lead(
    *,
    actor: Any,
    last_name: str,
    company: str,
    allow_duplicate: bool = False,
    owner: Any = None,
    route: bool = False,
    custom: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Lead:
    """A new lead with its fit. Raises DuplicateSuspected.

    Held by `owner`, else by who makes it. With `route` (or without any person) it waits in the fallback queue
    until a worker has routed it, moments later.
    """
    if actor is not None:
        require(actor, "leads.add_lead")
        if owner is not None and owner.pk != actor.pk:
            require(actor, "leads.assign_lead", _("Your role may not give leads to other people."))
    refuse_guests(owner=owner)
    refuse_unknown(fields, (*FIELDS, *EXTERNAL))
    lead = Lead(**tidy({"last_name": last_name, "company": company, **fields}))
    _refuse_bad_values(lead)
    lead.custom = custom_values.for_new(lead, custom, asked=actor is not None)
    twins = [] if actor is None else lead_duplicates(viewer=actor, email=lead.email, website=lead.website, lead=lead)
    if twins:
        _allow_duplicate(actor, twins, allow_duplicate)
    _insert(lead, owner or (None if route else actor), actor)
    audit.record("lead.created", lead, actor=actor, **({"duplicate_of": twins} if twins else {}))
    if lead.email_key and not sees_everything(actor):
        tell_owners(rows=hidden_twins(viewer=actor, leads=[lead]), actor=actor)
    score_fit(lead=lead)
    fit_to_markets(lead=lead)
    outbox.publish(LeadCreated(lead_id=lead.pk, route=lead.owner_id is None and not lead.do_not_route))
    return lead


def _insert(lead: Lead, holder: Any, actor: Any) -> None:
    """The row and its first assignment: to a person, or to the fallback queue until it is routed."""
    queue = None if holder is not None else fallback_queue()
    lead.owner, lead.queue = holder, queue
    lead.save(force_insert=True)
    assign(lead, Choice(_("Came in"), user=holder, queue=queue), actor=actor, first=True)


def _allow_duplicate(actor: Any, twins: list[dict[str, Any]], allowed: bool) -> None:
    if not allowed:
        raise DuplicateSuspected(_("This lead looks like something that exists already."), twins)
    require(actor, "leads.allow_duplicate", _("Your role may not create a lead twice."))


@transaction.atomic
def update_lead(
    *, lead: Lead, version: int | None, actor: Any, custom: Mapping[str, Any] | None = None, **changes: Any
) -> Lead:
    """Change facts of a lead; its fit follows."""
    if actor is not None:
        require(actor, "leads.change_lead")
    refuse_unknown(changes, FIELDS)
    lead = lock_kept(lead, version)
    if lead.status == Lead.Status.CONVERTED:
        raise IllegalState("illegal_state", _("This lead is converted: go on with its account and opportunity."))
    wanted = tidy(changes)
    trial = Lead(**{**{name: getattr(lead, name) for name in FIELDS}, **wanted})
    _refuse_bad_values(trial)
    if custom:
        wanted["custom"] = custom_values.merged(lead, custom)
    changed = edit(lead, {**wanted, **lead_keys(trial)})
    if changed:
        shown = {name: pair for name, pair in changed.items() if name not in KEYS}
        audit.record("lead.changed", lead, actor=actor, changed=shown)
    if FIT_FIELDS & set(changed):
        score_fit(lead=lead)
    if changed:
        fit_to_markets(lead=lead)
    return lead


def _refuse_bad_values(lead: Lead) -> None:
    refuse_invalid(lead, (*FIELDS, *EXTERNAL))
    if lead.employees is not None and not 0 <= lead.employees <= 100_000_000:
        raise InvalidInput.of(employees=_("Say how many people work there, from 0."))
    take_keys(lead, lead_keys(lead))

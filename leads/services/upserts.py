"""Leads by the id that another system gives them."""

from typing import Any

from django.db import transaction

from leads.models import Lead
from leads.services.leads import create_lead, update_lead
from leads.services.routing import assign_lead
from revops.core import upserts


@transaction.atomic
def upsert_lead(
    *, system: str, external_id: str, actor: Any, version: int | None = None, route: bool = False, **fields: Any
) -> tuple[Lead, bool]:
    """Create or change the lead that `system` knows as `external_id`; says whether it was created.

    `route` is for a new one; another `owner` than it has gets it.
    """
    reference = {"external_system": system, "external_id": external_id}

    def create() -> Lead:
        return create_lead(actor=actor, allow_duplicate=True, route=route, **{**fields, **reference})

    def change(lead: Lead) -> Lead:
        facts = dict(fields)
        owner = facts.pop("owner", None)
        lead = update_lead(lead=lead, version=version, actor=actor, **facts)
        if owner is not None and owner.pk != lead.owner_id:
            lead = assign_lead(lead=lead, to_user=owner, version=lead.version, actor=actor)
        return lead

    return upserts.upsert(
        model=Lead, system=system, external_id=external_id, version=version, actor=actor, create=create, change=change
    )

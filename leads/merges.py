"""What becomes of what hangs on leads when two of them are merged."""

from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.keys import lead_keys
from accounts.merges import FOREIGN, as_it_is, merge_card, more_rights
from leads import services
from leads.models import Lead
from revops.core.registries import MergeKind, MergeRelation, Step, merge_kinds, merge_relations, merge_steps

FIELDS = (
    *("first_name", "last_name", "title", "company", "email", "phone", "website", "industry", "employees"),
    *("country", "region", "source", "product", "competition", "next_step", "external_id"),
)
# Each lead's own: what was computed of it, and who held it when.
OWN = ("assignment", "qualificationscore", "fitscore", "fitresult", "enrichmentrun")


def register() -> None:
    """Called once, when the app is ready."""
    merge_kinds.register(
        MergeKind(
            "leads.lead",
            Lead,
            _("Leads"),
            FIELDS,
            "leads.merge_lead",
            services.merge_leads,
            services.take_leads_apart,
            lead_keys,
            "lead-merge",
            joined=FOREIGN,
            order=10,
        )
    )
    merge_card("leads.lead")
    steps = (("before", services.refuse_on_its_way), ("after", services.score_again), ("undone", services.score_again))
    for when, step in steps:
        merge_steps.register(Step(f"leads.{when}", step, topic=f"leads.lead.{when}"))
    for name in OWN:
        merge_relations.register(MergeRelation(f"leads.{name}.lead", stays=True))
    # Found anew by the scan in what the winner has; of an alias nothing is wrong.
    for name in ("lead", "account", "contact"):
        merge_relations.register(MergeRelation(f"leads.dataqualityissue.{name}", stays=True))
    merge_relations.register(MergeRelation("leads.leadlicence.lead", rank=_runs_until))
    merge_relations.register(MergeRelation("leads.qualificationanswer.lead", rank=lambda row: row.updated_at))
    # Where the winner has its like, the alias keeps its own.
    for key in ("handoff.lead", "dealregistration.lead", "researchbrief.lead", "researchbrief.account"):
        merge_relations.register(MergeRelation(f"leads.{key}"))
    merge_relations.register(MergeRelation("leads.leaddocument.record", rank=as_it_is))
    merge_relations.register(MergeRelation("leads.cultivationplan.lead", rank=as_it_is))
    merge_relations.register(MergeRelation("leads.leadshare.record", rank=more_rights))
    merge_relations.register(MergeRelation("leads.leadfinancials.lead", rank=lambda row: row.updated_at))
    merge_relations.register(MergeRelation("leads.signal.lead", rank=as_it_is))
    merge_relations.register(MergeRelation("leads.signal.account", rank=as_it_is))


def _runs_until(licence: Any) -> date:
    """Who came from two partners may be contacted as long as one of the licences runs; without an end is for ever."""
    return licence.delivery.partner.licence_expires_on or date.max

"""Importer of campaign members: who was invited, who came, from a file with an address and a campaign's code."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.keys import email_key
from accounts.models import Contact
from leads import services
from leads.models import Campaign, CampaignMember, Lead
from revops.integrations.models import ImportRow
from revops.integrations.planning import among, refuse_twins
from revops.integrations.registries import Context, Draft, Importer, ImportField

STATES = {value: str(label) for value, label in CampaignMember.Status.choices}


class MemberImporter(Importer):
    """Members of campaigns. A member moves forward only: a file takes no answer back."""

    key, label, order, icon = "campaign_members", gettext_lazy("Members of campaigns"), 15, "users"
    list_url = "campaign-member-list"
    permission = "leads.add_campaignmember"
    model = CampaignMember
    matched_by = gettext_lazy("campaign and e-mail")
    fields = (
        ImportField(
            "campaign",
            gettext_lazy("Campaign"),
            required=True,
            aliases=("campaign code", "utm_campaign", "campaign name"),
            help=gettext_lazy("Its code, or its name."),
        ),
        ImportField("email", gettext_lazy("E-mail"), "email", required=True, aliases=("mail", "email address")),
        ImportField(
            "status",
            gettext_lazy("State"),
            "choice",
            column="status",
            aliases=("member status", "response"),
            choices=STATES,
        ),
    )

    def resolve(self, drafts: Sequence[Draft], context: Context) -> None:
        campaigns: dict[str, Campaign] = {}
        for campaign in Campaign.objects.visible_to(context.viewer).exclude(status=Campaign.Status.ANALYSED):
            campaigns.setdefault(campaign.name.casefold(), campaign)
            campaigns[campaign.code.casefold()] = campaign
        people = _people(drafts, context.viewer)
        for draft in drafts:
            found = campaigns.get(str(draft.values.get("campaign", "")).casefold())
            person = people.get(email_key(draft.values.get("email", "")))
            if found is not None:
                draft.set("campaign_id", found.pk, found.name)
            elif draft.values.get("campaign"):
                draft.refuse("campaign", _("There is no such campaign, or it is analysed."))
            if isinstance(person, Lead):
                draft.set("lead_id", person.pk, str(person))
            elif person is not None:
                draft.set("contact_id", person.pk, str(person))
            elif draft.values.get("email"):
                draft.refuse("email", _("No lead or contact of yours has this address: import them first."))

    def identify(self, drafts: Sequence[Draft], context: Context) -> None:
        whole = [draft for draft in drafts if not draft.errors]
        refuse_twins(whole, "email", _who)
        known: dict[Any, CampaignMember] = {}
        for column in ("lead_id", "contact_id"):
            rows = CampaignMember.objects.visible_to(context.viewer)
            for name in ("campaign_id", column):
                named = among({draft.columns[name] for draft in whole if name in draft.columns} or {0})
                rows = rows.filter(**{f"{name}__in": named})
            known |= {_whom(row): row for row in rows}
        for draft in whole:
            draft.record = known.get(_who(draft))

    def judge(self, draft: Draft, context: Context) -> None:
        wanted = draft.columns.get("status")
        if draft.record is None or wanted in (None, draft.record.status):
            return
        if wanted not in CampaignMember.TRANSITIONS[CampaignMember.Status(draft.record.status)]:
            draft.skip = _("Came further already: %(state)s.") % {"state": draft.record.get_status_display()}

    def title(self, draft: Draft) -> tuple[str, str]:
        return draft.cells.get("email", ""), draft.cells.get("campaign", "")

    def write(self, *, rows: Sequence[ImportRow], actor: Any) -> None:
        services.import_members(rows=rows, actor=actor)

    def undo(self, *, rows: Sequence[ImportRow], actor: Any) -> dict[int, str]:
        return services.undo_members(rows=rows, actor=actor)


def _who(draft: Draft) -> tuple[Any, Any, Any]:
    columns = draft.columns
    return columns.get("campaign_id"), columns.get("lead_id"), columns.get("contact_id")


def _whom(row: CampaignMember) -> tuple[Any, Any, Any]:
    return row.campaign_id, row.lead_id, row.contact_id


def _people(drafts: Sequence[Draft], viewer: Any) -> dict[str, Lead | Contact]:
    """Whom the addresses name, as far as the viewer sees: an open lead before a contact before a closed lead."""
    keys = among({email_key(draft.values.get("email", "")) for draft in drafts} - {""} or {"\x01"})
    leads = Lead.objects.visible_to(viewer).filter(email_key__in=keys, archived_at=None).order_by("pk")
    contacts = Contact.objects.visible_to(viewer).active().filter(email_key__in=keys).order_by("-pk")
    found: dict[str, Lead | Contact] = {row.email_key: row for row in leads}
    found |= {row.email_key: row for row in contacts}
    found |= {row.email_key: row for row in leads if row.status in Lead.OPEN}
    return found

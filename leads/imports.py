"""Importer of leads, with the duplicate check of the single lead as a verdict."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.keys import email_key, lead_keys
from accounts.models import Account, Contact
from leads.models import Lead
from leads.selectors.duplicates import lead_domain
from leads.services import imports as services
from revops.catalog.imports import fill_product
from revops.integrations.lookups import fill_person
from revops.integrations.models import ImportRow
from revops.integrations.planning import among, match_by, match_external, refuse_twins
from revops.integrations.registries import Context, Draft, Facts, Importer, ImportField, Stretch

# Values that mean "not chosen" in forms elsewhere.
NOT_CHOSEN = frozenset({"select", "n/a", "-"})


class LeadImporter(Importer):
    """Potential buyers."""

    key, label, order, icon, list_url = "leads", gettext_lazy("Leads"), 10, "user-search", "lead-list"
    permission = "integrations.import_leads"
    model = Lead
    own_models = services.OWN
    makes = True
    matched_by = gettext_lazy("id in the other system, then e-mail")
    fields = (
        ImportField(
            "external_id", gettext_lazy("External id"), aliases=("id", "lead id", "prospect id", "record id")
        ),
        ImportField(
            "first_name", gettext_lazy("First name"), column="first_name",
            aliases=("given name", "firstname", "person - first name"),
        ),
        ImportField(
            "last_name", gettext_lazy("Last name"), column="last_name", required=True,
            aliases=("family name", "surname", "lastname", "person - last name", "name"),
        ),
        ImportField(
            "company", gettext_lazy("Company"), column="company", required=True,
            aliases=("company name", "firm", "organization", "organization - name*", "account"),
        ),
        ImportField("title", gettext_lazy("Title"), column="title", aliases=("job title", "job", "occupation")),
        ImportField(
            "email", gettext_lazy("E-mail"), "email", column="email",
            aliases=("mail", "email address", "e-mail 1 - value", "person - email (work)"),
        ),
        ImportField(
            "phone", gettext_lazy("Phone"), column="phone",
            aliases=("tel", "telephone", "phone number", "phone 1 - value", "person - phone"),
        ),
        ImportField("website", gettext_lazy("Web site"), column="website", aliases=("url", "web", "website url")),
        ImportField("industry", gettext_lazy("Industry"), column="industry", aliases=("sector",)),
        ImportField(
            "employees", gettext_lazy("Employees"), "integer", column="employees",
            aliases=("headcount", "number of employees"),
        ),
        ImportField("country", gettext_lazy("Country"), column="country"),
        ImportField("region", gettext_lazy("Region"), column="region"),
        ImportField("source", gettext_lazy("Source"), column="source", aliases=("lead source",)),
        ImportField(
            "product", gettext_lazy("Product"), aliases=("product name", "product interest"),
        ),
        ImportField("owner", gettext_lazy("Owner"), aliases=("lead owner", "contact owner", "owner name")),
        ImportField("next_step", gettext_lazy("Next step"), column="next_step", aliases=("note",)),
    )  # fmt: skip

    def resolve(self, drafts: Sequence[Draft], context: Context) -> None:
        fill_person(drafts, context)
        fill_product(drafts, context)
        may_give = context.viewer.has_perm("leads.assign_lead")
        for draft in drafts:
            for column in ("industry", "source"):
                if str(draft.columns.get(column, "")).casefold() in NOT_CHOSEN:
                    del draft.columns[column]
            if draft.columns.get("owner_id", context.viewer.pk) != context.viewer.pk and not may_give:
                draft.refuse("owner", _("Your role may not give leads to other people."))

    def identify(self, drafts: Sequence[Draft], context: Context) -> None:
        match_external(drafts, self, context, "owner", "queue", "product")
        mailed = [draft for draft in drafts if draft.record is None and draft.values.get("email")]
        refuse_twins(mailed, "email", lambda draft: email_key(draft.values["email"]))
        keys = {email_key(draft.values["email"]) for draft in mailed}
        rows = Lead.objects.visible_to(context.viewer).filter(email_key__in=among(keys), archived_at__isnull=True)
        match_by(
            mailed,
            rows.select_related("owner", "product"),
            lambda d: email_key(d.values["email"]),
            lambda r: r.email_key,
        )
        bare = [draft for draft in drafts if draft.record is None and not _known_by_key(draft)]
        names = {str(draft.columns.get("last_name", "")) for draft in bare}
        rows = Lead.objects.visible_to(context.viewer).filter(last_name__in=among(names), archived_at__isnull=True)
        match_by(
            bare, rows.select_related("owner", "product"), _name, lambda r: _key(r.company, r.first_name, r.last_name)
        )
        self._look_alikes([draft for draft in drafts if draft.record is None], context)

    def _look_alikes(self, drafts: Sequence[Draft], context: Context) -> None:
        """New rows that are somebody's contact already, or come from a company that we know."""
        keys = {email_key(draft.values["email"]) for draft in drafts if draft.values.get("email")}
        contacts = Contact.objects.visible_to(context.viewer).filter(archived_at__isnull=True)
        people = {row.email_key: row for row in contacts.filter(email_key__in=among(keys)).select_related("account")}
        domains = {
            draft.number: lead_domain(email=draft.values.get("email", ""), website=draft.values.get("website", ""))
            for draft in drafts
        }
        rows = Account.objects.visible_to(context.viewer).active().filter(domain__in=among({*domains.values()} - {""}))
        accounts = {row.domain: row for row in rows}
        for draft in drafts:
            person = people.get(email_key(draft.values["email"])) if draft.values.get("email") else None
            account = accounts.get(domains[draft.number])
            if person is not None and not context.run.allow_duplicates:
                draft.skip = _("Looks like %(person)s of %(account)s: same e-mail.") % {
                    "person": person,
                    "account": person.account,
                }
            elif account is not None:
                draft.notes.append(_("Looks like %(account)s: same web domain.") % {"account": account})
                context.remark(_("Looks like a company that we know."))

    def judge(self, draft: Draft, context: Context) -> None:
        if draft.record is not None and draft.record.status == Lead.Status.CONVERTED:
            draft.skip = _("This lead is converted: go on with its account and opportunity.")
        if draft.record is not None:
            draft.columns.pop("owner_id", None)  # who holds a lead changes by assigning it
        employees = draft.columns.get("employees")
        if employees is not None and employees > 100_000_000:
            draft.refuse("employees", _("Say how many people work there, from 0."))

    def title(self, draft: Draft) -> tuple[str, str]:
        name = f"{draft.cells.get('first_name', '')} {draft.cells.get('last_name', '')}".strip()
        return name, draft.cells.get("company", "")

    def keys(self, draft: Draft) -> dict[str, Any]:
        return lead_keys(Facts(draft.columns))

    def make(self, *, stretch: Stretch, actor: Any) -> None:
        services.make_leads(stretch=stretch, actor=actor)

    def write(self, *, rows: Sequence[ImportRow], actor: Any) -> None:
        services.import_leads(rows=rows, actor=actor)

    def undo(self, *, rows: Sequence[ImportRow], actor: Any) -> dict[int, str]:
        return services.undo_leads(rows=rows, actor=actor)


def _known_by_key(draft: Draft) -> bool:
    return bool(draft.values.get("email") or draft.values.get("external_id"))


def _key(company: str, first_name: str, last_name: str) -> str:
    return f"{company}|{first_name}|{last_name}".casefold()


def _name(draft: Draft) -> str:
    columns = draft.columns
    return _key(columns.get("company", ""), columns.get("first_name", ""), columns.get("last_name", ""))


IMPORTERS = (LeadImporter(),)

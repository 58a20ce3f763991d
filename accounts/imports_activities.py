"""Importer of activities: what was done elsewhere, and what is still to do. Imported history tells nobody anything."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.imports import fill_account, labels
from accounts.keys import email_key
from accounts.models import Activity, Contact
from accounts.services import imports as services
from accounts.services.activities import CLOCK_SKEW
from revops.core import clock
from revops.integrations.lookups import fill_person
from revops.integrations.models import ImportRow
from revops.integrations.planning import among, match_by, refuse_twins
from revops.integrations.registries import Context, Draft, Importer, ImportField, Stretch

WHEN = ("happened_at", "due_at")
# What makes an activity the one that it is: a row that was matched changes none of it.
FIXED = ("kind", "status", "subject", "account_id", "contact_id", "owner_id", *WHEN)


class ActivityImporter(Importer):
    """Calls, meetings, visits, e-mails, notes and tasks."""

    key, label, order, icon, list_url = "activities", gettext_lazy("Activities"), 40, "calendar", "activity-list"
    model = Activity
    makes = True
    matched_by = gettext_lazy("subject, time and whom it is about")
    fields = (
        ImportField(
            "subject", gettext_lazy("Subject"), column="subject", required=True,
            aliases=("activity - subject*", "activity subject", "task subject", "name", "title"),
        ),
        ImportField(
            "kind", gettext_lazy("Kind"), "choice", column="kind", aliases=("type", "activity type", "task type"),
            choices=labels(Activity.Kind),
        ),
        ImportField(
            "happened_at", gettext_lazy("Happened"), "instant", column="happened_at",
            aliases=("date", "activity date", "completed date", "start date", "when"),
        ),
        ImportField(
            "due_at", gettext_lazy("Due"), "instant", column="due_at", aliases=("due date", "activity - due date"),
        ),
        ImportField(
            "account", gettext_lazy("Account"),
            aliases=("company", "company name", "account name", "organization", "organization - name*"),
        ),
        ImportField(
            "contact", gettext_lazy("Contact's e-mail"), "email",
            aliases=("email", "e-mail", "contact email", "person - email (work)"),
        ),
        ImportField("owner", gettext_lazy("Owner"), aliases=("assigned to", "activity owner", "task owner")),
        ImportField("minutes", gettext_lazy("Minutes"), "integer", column="minutes", aliases=("duration",)),
        ImportField("outcome", gettext_lazy("Outcome"), column="outcome", aliases=("result", "call result")),
        ImportField(
            "body", gettext_lazy("Text"), column="body",
            aliases=("description", "notes", "note", "comments", "note - content*"),
        ),
    )  # fmt: skip

    def resolve(self, drafts: Sequence[Draft], context: Context) -> None:
        fill_account(drafts, context)
        fill_person(drafts, context)
        self._contacts(drafts, context)
        for draft in drafts:
            self._time(draft)

    def _contacts(self, drafts: Sequence[Draft], context: Context) -> None:
        found: dict[str, list[Contact]] = defaultdict(list)
        keys = {email_key(draft.values["contact"]) for draft in drafts if "contact" in draft.values}
        for contact in Contact.objects.visible_to(context.viewer).active().filter(email_key__in=among(keys)):
            found[contact.email_key].append(contact)
        for draft in drafts:
            if "contact" not in draft.values:
                continue
            account = draft.columns.get("account_id")
            same = found.get(email_key(draft.values["contact"]), [])
            same = [contact for contact in same if account in (None, contact.account_id)]
            if len(same) == 1:
                draft.set("contact_id", same[0].pk, str(same[0]))
                draft.columns["account_id"] = same[0].account_id
            else:
                draft.refuse("contact", _("Several contacts have it.") if same else _("No contact has it."))

    def _time(self, draft: Draft) -> None:
        """What happened is done; what is only due is planned."""
        happened = draft.columns.get("happened_at")
        if happened is not None and happened > clock.now() + CLOCK_SKEW:
            draft.refuse("happened_at", _("This is in the future: it can only be due."))
        elif happened is None and draft.columns.get("due_at") is None:
            draft.refuse("happened_at", _("Say when it happened, or when it is due."))
        draft.columns["status"] = Activity.Status.PLANNED if happened is None else Activity.Status.COMPLETED
        draft.columns.setdefault("kind", Activity.Kind.TASK if happened is None else Activity.Kind.NOTE)

    def identify(self, drafts: Sequence[Draft], context: Context) -> None:
        refuse_twins(drafts, "subject", _of_draft)
        subjects = among(str(draft.columns.get("subject", "")) for draft in drafts)
        rows = Activity.objects.visible_to(context.viewer).exclude(status=Activity.Status.CANCELLED)
        match_by(drafts, rows.filter(subject__in=subjects), _of_draft, _of_record)

    def judge(self, draft: Draft, context: Context) -> None:
        for column in FIXED if draft.record is not None else ():
            draft.columns.pop(column, None)

    def title(self, draft: Draft) -> tuple[str, str]:
        return draft.cells.get("subject", ""), draft.cells.get("account") or draft.cells.get("contact", "")

    def make(self, *, stretch: Stretch, actor: Any) -> None:
        services.make_activities(stretch=stretch, actor=actor)

    def write(self, *, rows: Sequence[ImportRow], actor: Any) -> None:
        services.import_activities(rows=rows, actor=actor)

    def undo(self, *, rows: Sequence[ImportRow], actor: Any) -> dict[int, str]:
        return services.undo_activities(rows=rows, actor=actor)


def _of_draft(draft: Draft) -> Hashable:
    said = draft.columns.get
    when = said("due_at") or said("happened_at")  # what was planned and is done by now is still the same
    return (said("kind"), said("subject", ""), when, said("account_id"), said("contact_id"))


def _of_record(row: Activity) -> Hashable:
    return (row.kind, row.subject, row.due_at or row.happened_at, row.account_id, row.contact_id)


IMPORTERS = (ActivityImporter(),)

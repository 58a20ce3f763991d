"""The list of leads."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from leads.filters import LeadFilter
from leads.models import Assignment, Lead, QualificationAnswer
from leads.selectors.answers import clocks_run, with_answers
from leads.selectors.leads import lead_list
from leads.selectors.learning import published_model
from leads.selectors.scoring import CRITERIA
from leads.views.editing import ACTIONS, EDITOR
from revops.core import clock
from revops.core.templatetags.frame import changed_query, moment
from revops.core.views.lists import Action, Chip, Column, Empty, ListPage, Tab

WEEK, SOON = 7, timedelta(hours=1)
TONES = {
    Lead.Status.NEW: "accent",
    Lead.Status.WORKING: "",
    Lead.Status.NURTURE: "",
    Lead.Status.QUALIFIED: "ok",
    Lead.Status.DISQUALIFIED: "",
    Lead.Status.CONVERTED: "ok",
}


# What the product itself writes as a source, in words; everything else is a person's own word.
SOURCES = {"research_partner": _("Research partner"), "promotion_partner": _("Promotion partner")}


def source_words(source: str) -> str:
    """A lead's source as people read it."""
    return str(SOURCES.get(source, source))


def next_cell(lead: Any) -> tuple[str, str] | None:
    """The next action: what, and whether it is late."""
    if lead.status not in Lead.OPEN:
        return None
    if lead.next_due_at is None:
        return (gettext("Nothing planned"), "none")
    tone = "later"
    if lead.next_due_at < clock.now():
        tone = "late"
    elif clock.business_day(lead.next_due_at) == clock.today():
        tone = "today"
    due = lead.next_due_at.astimezone(clock.company_zone())
    return (f"{lead.next_subject}, {moment(due, 'd MMM')}", tone)


def answer_cell(lead: Lead, state: str | None, due_at: datetime | None) -> tuple[str, str] | None:
    """The first answer: until when it is due, or whether it came in time. None where no clock ran."""
    if not state or due_at is None:
        return None
    if lead.status != Lead.Status.NEW:
        late = state == Assignment.Clock.MISSED
        return (gettext("Answered late") if late else gettext("Answered in time"), "done")
    due, now = due_at.astimezone(clock.company_zone()), clock.now()
    far = abs((due.date() - clock.today()).days)
    at = moment(due, "HH:mm" if not far else "EEE HH:mm" if far < WEEK else "d MMM, HH:mm")
    if due < now:
        return (gettext("Was due %(at)s") % {"at": at}, "bad")
    return (gettext("Due %(at)s") % {"at": at}, "warn" if due - now < SOON else "open")


def score_note(lead: Any) -> str:
    """Beside the number: how far the answers are, and on demand each of them, the rule card and the probability."""
    answers: dict[str, str] = lead.score_answers or {}
    rows = [
        (QualificationAnswer.Criterion(name).label, Decimal(answers[name]) if name in answers else None)
        for name in CRITERIA
    ]
    threshold = lead.score_threshold
    context = {
        "lead": lead,
        "rows": rows,
        "answered": len(answers),
        "threshold": threshold,
        "is_open": lead.status in Lead.OPEN,
        "qualifies": lead.score is not None and threshold is not None and lead.score >= threshold,
    }
    return render_to_string("leads/score_note.html", context)


def layouts(request: HttpRequest, current: str) -> list[dict[str, Any]]:
    """Board and list of the same filter."""
    bare: dict[str, Any] = dict.fromkeys(("columns", "sort"))
    entries = (("board", _("Board"), "layout-kanban"), ("list", _("List"), "list"), ("funnel", _("Funnel"), "filter"))
    query = changed_query(request.GET, **bare)
    return [
        {
            "label": label,
            "url": "" if key == current else reverse(f"lead-{key}") + (query if key != "funnel" else ""),
            "icon": icon,
            "current": key == current,
        }
        for key, label, icon in entries
    ]


class LeadList(ListPage):
    """Persons and companies who may buy."""

    title, nav_key, noun, place = _("Leads"), "leads", _("leads"), "leads"
    permission = "leads.view_lead"
    filters = LeadFilter
    custom = Lead
    order = "-created"
    file_name = "leads"
    panel_columns = ("name", "status")
    columns = (
        Column("name", _("Lead"), sub="title", sort="last_name"),
        Column("company", _("Company"), sort="company", edit="company"),
        Column("status", _("State"), lambda row: (row.get_status_display(), TONES[row.status]), kind="pill"),
        Column("score", _("Score"), kind="number", sort="score", sub=score_note),
        Column("fit", _("Fit"), "fit_score", kind="number", sort="fit_score", phone=False),
        Column("grade", _("Grade"), phone=False),
        Column("propensity", _("Likely"), "propensity_score", kind="percent", sort="propensity_score", phone=False),
        Column("engagement", _("Engagement"), "engagement_score", kind="number", sort="engagement_score", hidden=True),
        Column("next", _("Next action"), next_cell, kind="next", sort="next_due_at"),
        Column(
            "answer", _("First answer"), lambda row: answer_cell(row, row.answer_clock, row.answer_due_at), kind="sla"
        ),
        Column("source", _("Source"), lambda row: source_words(row.source), sort="source", phone=False, edit="source"),
        Column("owner", _("Owner"), lambda row: row.owner or row.queue, kind="user", edit="owner"),
        Column("created", _("Created"), "created_at", kind="datetime", sort="created_at", hidden=True),
        Column("email", _("E-mail"), hidden=True, edit="email"),
        Column("phone", _("Phone"), hidden=True, edit="phone"),
        Column("industry", _("Industry"), sort="industry", hidden=True, edit="industry"),
        Column("next_step", _("Next step"), hidden=True, edit="next_step"),
        Column("employees", _("Employees"), kind="number", sort="employees", hidden=True, edit="employees"),
        Column("country", _("Country"), sort="country", hidden=True, edit="country"),
    )
    tabs = (
        Tab(_("My open leads"), {"mine": "true", "open": "true"}),
        Tab(_("To answer"), {"mine": "true", "answer": "due"}),
        Tab(_("Qualified, hand off"), {"status": "qualified"}),
        Tab(_("Nurture"), {"status": "nurture"}),
        Tab(_("All")),
    )
    chips = (
        Chip("open", _("Open"), {"open": "true"}),
        Chip("late", _("Overdue"), {"next": "late"}, marker="late"),
        Chip("today", _("Today"), {"next": "today"}, marker="today"),
        Chip("none", _("Nothing planned"), {"next": "none"}, marker="none"),
    )
    bulk_actions = ACTIONS
    editor = EDITOR
    empty = Empty(
        _("No leads yet"),
        _("A lead is somebody who may buy. Import a list, or start with one."),
        "user-search",
        Action(_("New lead"), "/leads/new/", "plus"),
    )

    def rows(self) -> QuerySet[Any]:
        return with_answers(lead_list(viewer=self.request.user))

    def _shown_columns(self) -> list[Column]:
        """No column of dashes is shown unasked: no probability without a model, no first answer where no clock runs.

        Where one runs it takes the room of the fit, which the grade tells, too.
        """
        shown, asked = super()._shown_columns(), self.request.GET
        if asked.get("columns"):
            return shown
        left_out = {"fit" if asked.get("answer") or clocks_run() else "answer"}
        if published_model() is None:
            left_out.add("propensity")
        return [column for column in shown if column.key not in left_out]

    def views(self) -> Sequence[dict[str, Any]]:
        return layouts(self.request, "list")

    def actions(self) -> Sequence[Action]:
        if not self.request.user.has_perm("leads.add_lead"):
            return ()
        may_import = self.request.user.has_perm("integrations.import_leads")
        upload = Action(_("Import"), f"{reverse('import-new')}?kind=leads", "upload")
        return (
            *((upload,) if may_import else ()),
            Action(_("New lead"), reverse("lead-new"), "plus", primary=True),
        )

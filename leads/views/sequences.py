"""Sequences: the list, the page of one with what became of each step, and what is done with it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.views.records import shown_version
from leads.filters_sequences import EnrollmentPageFilter, MailPageFilter, SequencePageFilter
from leads.models import Enrollment, SentMessage, Sequence
from leads.selectors.outreach import (
    StepFigures,
    enrollments_shown,
    mails_shown,
    reply_rate,
    sequences_shown,
    states_of,
    step_figures,
)
from leads.selectors.sequences import person_of
from leads.services import sequences as services
from revops.core.errors import BadRequest
from revops.core.views.lists import Action, Chip, Column, Empty, Figure, ListPage

Status, State, Mail = Sequence.Status, Enrollment.Status, SentMessage.Status
TONES = {Status.DRAFT: "", Status.ACTIVE: "ok", Status.PAUSED: "warn", Status.ARCHIVED: ""}
STATE_TONES = {State.ACTIVE: "accent", State.REPLIED: "ok", State.PAUSED: "warn", State.BOUNCED: "bad"}
MAIL_TONES = {Mail.SENT: "ok", Mail.BOUNCED: "bad", Mail.FAILED: "bad", Mail.UNCONFIRMED: "warn"}
ICONS = {"email": "mail", "call": "phone", "visit": "map-pin", "task": "checkbox"}
DONE = {
    "activate": (services.activate_sequence, gettext_lazy("It takes people now.")),
    "pause": (services.pause_sequence, gettext_lazy("Nothing is sent until it goes on.")),
    "archive": (services.archive_sequence, gettext_lazy("Archived: whoever was in it is taken out.")),
}
# What a step's row shows of its mails, each a link to them; the last is drawn as a bar.
MARKS = (
    ("sent", gettext_lazy("Sent"), ""),
    ("replied", gettext_lazy("Replied"), "ok"),
    ("bounced", gettext_lazy("Bounced"), "bad"),
    ("opted_out", gettext_lazy("Opted out"), "warn"),
    ("failed", gettext_lazy("Failed"), "bad"),
)


def person_url(row: Enrollment) -> str:
    """The page of whom an enrolment reaches."""
    person = row.lead or row.contact
    return person.get_absolute_url() if person else ""


class SequenceList(ListPage):
    """Steps that reach people one after the other."""

    title, nav_key, noun = gettext_lazy("Sequences"), "leads", gettext_lazy("sequences")
    permission = "leads.view_sequence"
    filters = SequencePageFilter
    order = "-created"
    columns = (
        Column("name", gettext_lazy("Sequence"), sub="description", sort="name"),
        Column("status", gettext_lazy("State"), lambda row: (row.get_status_display(), TONES[row.status]), kind="pill"),
        Column("steps", gettext_lazy("Steps"), "step_count", kind="number"),
        Column("enrolled", gettext_lazy("Enrolled"), "enrolled_count", kind="number", sort="enrolled_count"),
        Column("running", gettext_lazy("Running"), "running_count", kind="number", sort="running_count"),
        Column("replied", gettext_lazy("Replied"), "replied_count", kind="number", phone=False),
        Column("rate", gettext_lazy("Reply rate"), reply_rate, kind="percent"),
        Column("owner", gettext_lazy("Owner"), kind="user"),
        Column("created", gettext_lazy("Created"), "created_at", kind="datetime", sort="created_at", phone=False),
    )
    chips = (
        Chip("active", gettext_lazy("Active"), {"status": "active"}),
        Chip("draft", gettext_lazy("Drafts"), {"status": "draft"}),
        Chip("paused", gettext_lazy("Paused"), {"status": "paused"}),
        Chip("archived", gettext_lazy("Archived"), {"status": "archived"}),
    )
    empty = Empty(
        gettext_lazy("No sequence yet"),
        gettext_lazy("Mails, calls and visits that follow one another until somebody answers."),
        "mail-forward",
        Action(gettext_lazy("New sequence"), "/leads/sequences/new/", "plus"),
    )

    def rows(self) -> QuerySet[Any]:
        return sequences_shown(viewer=self.request.user)

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(_("Leads"), reverse("lead-list")), (self.title, "")]

    def actions(self) -> list[Action]:
        texts = Action(_("Templates"), reverse("message-template-list"), "template")
        if not self.request.user.has_perm("leads.add_sequence"):
            return [texts]
        return [texts, Action(_("New sequence"), reverse("sequence-new"), "plus", primary=True)]


class EnrollmentList(ListPage):
    """Who is in which sequence, among the people whom one may see."""

    title, nav_key, noun = gettext_lazy("Enrolments"), "leads", gettext_lazy("enrolments")
    permission = "leads.view_enrollment"
    filters = EnrollmentPageFilter
    order = "-enrolled"
    panel_columns = ("person", "status")
    columns = (
        Column("person", gettext_lazy("Who"), lambda row: str(row.lead or row.contact)),
        Column("sequence", gettext_lazy("Sequence"), link=lambda row: row.sequence.get_absolute_url()),
        Column(
            "status",
            gettext_lazy("State"),
            lambda row: (row.get_status_display(), STATE_TONES.get(row.status, "")),
            kind="pill",
            sort="status",
        ),
        Column("step", gettext_lazy("Next step"), lambda row: row.next_subject if row.next_at else ""),
        Column("next", gettext_lazy("When"), "next_at", kind="datetime"),
        Column("reason", gettext_lazy("Why it ended"), "reason", phone=False),
        Column("sender", gettext_lazy("Sender"), kind="user"),
        Column("enrolled", gettext_lazy("Enrolled"), "enrolled_at", kind="datetime", sort="enrolled_at", phone=False),
    )
    chips = (
        Chip("running", gettext_lazy("Running"), {"running": "true"}),
        Chip("replied", gettext_lazy("Replied"), {"status": "replied"}),
    )
    empty = Empty(
        gettext_lazy("Nobody is enrolled"), gettext_lazy("Enrol people from their page or the list of leads."), "users"
    )

    def rows(self) -> QuerySet[Any]:
        return enrollments_shown(viewer=self.request.user)

    def row_url(self, row: Enrollment) -> str:
        return person_url(row)

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(_("Leads"), reverse("lead-list")), (_("Sequences"), reverse("sequence-list")), (self.title, "")]


def _sequence(row: SentMessage) -> str:
    return row.enrollment.sequence.name if row.enrollment else ""


class MailList(ListPage):
    """What sequences and people wrote: the rows behind the figures of steps, too."""

    title, nav_key, noun = gettext_lazy("Sent mails"), "leads", gettext_lazy("mails")
    permission = "leads.view_sentmessage"
    filters = MailPageFilter
    order = "-due"
    columns = (
        Column("to", gettext_lazy("To"), lambda row: str(person_of(row)), sub="to"),
        Column("subject", gettext_lazy("Subject")),
        Column(
            "status",
            gettext_lazy("State"),
            lambda row: (row.get_status_display(), MAIL_TONES.get(row.status, "")),
            kind="pill",
        ),
        Column("sequence", gettext_lazy("Sequence"), _sequence, phone=False),
        Column("due", gettext_lazy("Due"), "due_at", kind="datetime", sort="due_at"),
        Column("sent", gettext_lazy("Sent"), "sent_at", kind="datetime"),
        Column("error", gettext_lazy("What the server said"), phone=False),
    )
    empty = Empty(
        gettext_lazy("No mails here"), gettext_lazy("Each mail of a sequence, or of a person, stands here."), "mail"
    )
    chips = (
        Chip("mine", gettext_lazy("Written by me"), {"mine": "true"}),
        Chip("failed", gettext_lazy("Failed or unconfirmed"), {"outcome": "failed"}),
    )

    def rows(self) -> QuerySet[Any]:
        return mails_shown(viewer=self.request.user)

    def row_url(self, row: SentMessage) -> str:
        return row.get_absolute_url()

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(_("Leads"), reverse("lead-list")), (_("Sequences"), reverse("sequence-list")), (self.title, "")]


def sequence_of(request: HttpRequest, pk: int) -> Sequence:
    return get_object_or_404(sequences_shown(viewer=request.user), pk=pk)


def crumbs(*more: tuple[str, str]) -> list[tuple[Any, str]]:
    return [(_("Leads"), reverse("lead-list")), (_("Sequences"), reverse("sequence-list")), *more]


@login_required
@permission_required("leads.view_sequence", raise_exception=True)
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One sequence: what became of each step, and who is in it."""
    sequence = sequence_of(request, pk)
    user, people = request.user, f"{reverse('enrollment-list')}?sequence={pk}"
    context = {
        "title": sequence.name,
        "record_icon": "mail-forward",
        "nav_key": "leads",
        "crumbs": crumbs((sequence.name, "")),
        "sequence": sequence,
        "tone": TONES[Status(sequence.status)],
        "keyfacts": _keyfacts(sequence, people),
        "steps_shown": [_row(one, pk) for one in step_figures(sequence, viewer=user)],
        "marks": [label for _name, label, _tone in MARKS],
        "states": [
            {"label": label, "count": n, "url": f"{people}&status={value}", "tone": STATE_TONES.get(State(value), "")}
            for value, label, n in states_of(sequence, viewer=user)
        ],
        "enrolled": getattr(sequence, "enrolled_count", 0),
        "people_url": people,
        "people": list(enrollments_shown(viewer=user).filter(sequence=sequence).order_by("-enrolled_at", "-pk")[:10]),
        "may_change": user.has_perm("leads.change_sequence"),
        "may_see_people": user.has_perm("leads.view_enrollment"),
        "now_active": sequence.status == Status.ACTIVE,
    }
    return render(request, "leads/sequences/sequence.html", context)


def _keyfacts(sequence: Any, people: str) -> list[Figure]:
    rate = reply_rate(sequence)
    reached = {"n": sequence.reached_count}
    return [
        Figure(_("Enrolled"), sequence.enrolled_count, people),
        Figure(_("Running"), sequence.running_count, f"{people}&running=true"),
        Figure(_("Replied"), sequence.replied_count, f"{people}&status=replied"),
        Figure(_("Reply rate"), "–" if rate is None else f"{rate} %", note=_("of %(n)s written to") % reached),
    ]


def _row(figures: StepFigures, pk: int) -> dict[str, Any]:
    """A step with its numbers, each with its share of the mails sent and the way to its rows."""
    mails = f"{reverse('sent-message-list')}?step={figures.step.pk}&outcome="
    cells = [
        {
            "label": label,
            "count": getattr(figures, name),
            "url": f"{mails}{name}",
            "share": None if name == "sent" else figures.share(name),
            "tone": tone,
        }
        for name, label, tone in MARKS
    ]
    return {
        "step": figures.step,
        "icon": ICONS[figures.step.kind],
        "is_mail": figures.step.kind == "email",
        "cells": cells,
        "of": figures.sent,
        "replied": figures.replied,
        "waiting": figures.waiting,
        "waiting_url": f"{reverse('enrollment-list')}?sequence={pk}&running=true&step={figures.step.position}",
    }


@login_required
@permission_required("leads.change_sequence", raise_exception=True)
@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Activate, pause, archive."""
    sequence = sequence_of(request, pk)
    if verb not in DONE:
        raise BadRequest("unknown_verb", _("There is no such action."))
    service, said = DONE[verb]
    service(sequence=sequence, version=shown_version(request), actor=request.user)
    messages.success(request, str(said))
    return redirect(sequence)

"""A lead or contact and its sequences: enrol, pause, go on, stop; what was written; whether they may be contacted."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms import refused
from accounts.models import Contact
from accounts.views.records import contact_of, shown_version
from leads.forms_sequences import EnrollForm, PolicyForm
from leads.models import Enrollment, Lead
from leads.selectors.outreach import (
    enrollments_of,
    enrollments_shown,
    mails_about,
    mails_shown,
    policy_of,
    received_shown,
)
from leads.selectors.sequences import facts_about, why_not, why_not_write
from leads.services import enrolling as services
from leads.views.records import lead_of
from leads.views.sequences import MAIL_TONES, STATE_TONES, person_url
from revops.core.errors import BadRequest, DomainError, InvalidInput

POLICY = ("reason", "basis", "time_zone", "window_from", "window_to")
VERBS = {
    "pause": (services.pause_enrollment, gettext_lazy("Paused: no step is done until it goes on.")),
    "resume": (services.resume_enrollment, gettext_lazy("It goes on.")),
    "stop": (services.stop_enrollment, gettext_lazy("Stopped: what waited is not sent.")),
}
SHOWN = 10


def seen_person(request: HttpRequest, kind: str, pk: int) -> Lead | Contact:
    """A lead or contact that the person sees."""
    return lead_of(request, pk) if kind == "lead" else contact_of(request, pk)


def crumbs_of(person: Lead | Contact, last: str) -> list[tuple[Any, str]]:
    lists = (_("Leads"), reverse("lead-list")) if isinstance(person, Lead) else (_("Contacts"), reverse("contact-list"))
    return [lists, (person.name, person.get_absolute_url()), (last, "")]


@login_required
@permission_required("leads.view_enrollment", raise_exception=True)
@require_GET
def outreach(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """What sequences did with somebody: a panel of their page, or a page of its own."""
    return _outreach(request, kind, seen_person(request, kind, pk))


def _outreach(request: HttpRequest, kind: str, person: Lead | Contact, form: EnrollForm | None = None) -> HttpResponse:
    user, mine = request.user, mails_about(person)
    rows = enrollments_of(person, viewer=user)[:SHOWN]
    sent = mails_shown(viewer=user).filter(mine).order_by("-due_at", "-pk")[:SHOWN]
    came = received_shown(viewer=user).filter(mine).order_by("-received_at", "-pk")[:SHOWN]
    why = why_not(person, facts_about([person]))
    context = {
        "title": _("Sequences of %(name)s") % {"name": person},
        "nav_key": "leads" if kind == "lead" else "accounts",
        "crumbs": crumbs_of(person, _("Sequences")),
        "person": person,
        "kind": kind,
        "policy": policy_of(person),
        "why_not": why[1] if why else "",
        "rows": [{"row": row, "tone": STATE_TONES.get(Enrollment.Status(row.status), "")} for row in rows],
        "sent": [{"row": row, "tone": MAIL_TONES.get(row.status, "")} for row in sent],  # type: ignore[call-overload]
        "received": came,
        "form": form or EnrollForm(viewer=user),
        "may_enroll": user.has_perm("leads.add_enrollment") and not why,
        "may_change": user.has_perm("leads.change_enrollment"),
        "write_url": reverse(f"{kind}-write", args=[person.pk]) if _may_write(user, person) else "",
        "may_set": user.has_perm("leads.change_contactpolicy"),
    }
    fragment = request.GET.get("panel") == "1"
    template = "leads/sequences/person.html" if fragment else "leads/sequences/person_page.html"
    return render(request, template, context, status=422 if form else 200)


def _may_write(user: Any, person: Lead | Contact) -> bool:
    return user.has_perm("leads.add_sentmessage") and why_not_write(person, facts_about([person])) is None


@login_required
@permission_required("leads.add_enrollment", raise_exception=True)
@require_POST
def enroll(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Put somebody into a sequence."""
    person = seen_person(request, kind, pk)
    form = EnrollForm(request.POST, viewer=request.user)
    if form.is_valid():
        try:
            leads, contacts = ([person], []) if isinstance(person, Lead) else ([], [person])
            services.enroll(actor=request.user, leads=leads, contacts=contacts, **form.cleaned_data)
        except DomainError as error:
            refused(form, error)
        else:
            messages.success(request, _("Enrolled in %(name)s.") % {"name": form.cleaned_data["sequence"]})
            return redirect(person)
    return _outreach(request, kind, person, form)


@login_required
@permission_required("leads.change_enrollment", raise_exception=True)
@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Pause, go on, stop."""
    enrollment = get_object_or_404(enrollments_shown(viewer=request.user), pk=pk)
    if verb not in VERBS:
        raise BadRequest("unknown_verb", _("There is no such action."))
    service, said = VERBS[verb]
    service(enrollment=enrollment, version=shown_version(request), actor=request.user)
    messages.success(request, str(said))
    return redirect(person_url(enrollment))


@login_required
@permission_required("leads.change_contactpolicy", raise_exception=True)
@require_http_methods(["GET", "POST"])
def policy(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Whether, on what ground and in which hours somebody may be contacted."""
    person = seen_person(request, kind, pk)
    stored = policy_of(person)
    initial = {name: getattr(stored, name) for name in POLICY} if stored else {}
    initial["do_not_contact"] = stored is not None and stored.do_not_contact_at is not None
    form = PolicyForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.set_policy(
                actor=request.user,
                version=shown_version(request) if stored else None,
                lead=person if isinstance(person, Lead) else None,
                contact=None if isinstance(person, Lead) else person,
                **form.cleaned_data,
            )
        except InvalidInput as error:
            refused(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect(person)
    context = {
        "form": form,
        "title": _("Contacting %(name)s") % {"name": person},
        "nav_key": "leads" if kind == "lead" else "accounts",
        "crumbs": crumbs_of(person, _("Contact rules")),
        "record": stored,
        "version": stored and (request.POST.get("version") or stored.version),
        "cancel_url": person.get_absolute_url(),
        "closed_by": why_not(person, facts_about([person])),
    }
    return render(request, "leads/sequences/policy.html", context, status=422 if form.errors else 200)

"""The page of one case, and what is done on it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms import LogForm, refused
from accounts.models import Account
from accounts.pegs import activities_on
from accounts.views.records import shown_version
from accounts.views.touches import touch_context, touched
from postsales import services
from postsales.forms import BodyForm, CaseForm, EditForm, OwnerForm, PriorityForm
from postsales.models import SupportCase
from postsales.selectors import ClockBook, case_record, timeline
from postsales.views.cells import PRIORITY_TONES, TONES, Status, clock_rows
from revops.core.errors import InvalidInput
from revops.core.registries import panels_for


@dataclass(frozen=True)
class Verb:
    """Something one does with a case: the service, what it asks, in which states it is offered."""

    key: str
    label: Any
    run: Callable[..., SupportCase]
    done: Any
    states: tuple[str, ...]
    form: type[Form] | None = None
    takes: str = "body"
    icon: str = "message"
    primary: bool = False


LIVE = tuple(SupportCase.UNSOLVED)
VERBS = {
    verb.key: verb
    for verb in (
        Verb("reply", gettext_lazy("Answer"), services.reply_case, gettext_lazy("Answered."), LIVE, BodyForm,
             icon="send", primary=True),
        Verb("ask", gettext_lazy("Ask and wait"), services.ask_customer, gettext_lazy("Asked. The clock waits."),
             (Status.NEW, Status.OPEN), BodyForm, icon="hourglass"),
        Verb("answer", gettext_lazy("Customer said"), services.customer_answered, gettext_lazy("Noted."), LIVE,
             BodyForm, icon="message-reply"),
        Verb("note", gettext_lazy("Internal note"), services.note_case, gettext_lazy("Noted."),
             tuple(Status), BodyForm, icon="note"),
        Verb("resolve", gettext_lazy("Solve"), services.resolve_case, gettext_lazy("Solved."),
             (Status.OPEN, Status.PENDING_CUSTOMER), BodyForm, icon="check"),
        Verb("reopen", gettext_lazy("Reopen"), services.reopen_case, gettext_lazy("Reopened."), (Status.RESOLVED,),
             BodyForm, takes="reason", icon="rotate"),
        Verb("close", gettext_lazy("Close"), services.close_case, gettext_lazy("Closed."), (Status.RESOLVED,),
             icon="lock"),
        Verb("priority", gettext_lazy("Set priority"), services.set_priority, gettext_lazy("The priority is set."),
             LIVE, PriorityForm, takes="priority", icon="flag"),
        Verb("assign", gettext_lazy("Assign"), services.assign_case, gettext_lazy("Assigned."), tuple(Status),
             OwnerForm, takes="owner", icon="user-share"),
    )
}  # fmt: skip


def case_of(request: HttpRequest, pk: int) -> SupportCase:
    return get_object_or_404(case_record(viewer=request.user), pk=pk)


@login_required
@permission_required("postsales.view_supportcase", raise_exception=True)
@require_GET
def case(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about one case."""
    return page(request, case_of(request, pk))


def page(
    request: HttpRequest,
    record: SupportCase,
    failed: dict[str, Form] | None = None,
    *,
    log: LogForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The record page; the forms carry back what could not be saved."""
    activities = activities_on(record, viewer=request.user)
    may = request.user.has_perm("postsales.change_supportcase")
    offered = [verb for verb in VERBS.values() if may and record.status in verb.states]
    context = {
        "title": record.subject,
        "record": record,
        "record_icon": "lifebuoy",
        "crumbs": [(_("Service"), reverse("case-list")), (record.number, "")],
        "nav_key": "service",
        "tone": TONES[Status(record.status)],
        "priority_tone": PRIORITY_TONES.get(record.priority, ""),  # type: ignore[call-overload]
        "clocks": clock_rows(record, ClockBook()),
        "verbs": [{"verb": verb, "form": _form(verb, request, record, failed)} for verb in offered],
        **touch_context(request, activities, log=log, url=reverse("case-log", args=[record.pk])),
        "unsolved": record.status in LIVE,
        "feed": timeline(record, activities),
        "may_change": may,
        "panels": panels_for("postsales.supportcase", record, request.user),  # type: ignore[arg-type]
    }
    return render(request, "postsales/case.html", context, status=422 if failed else status)


def _form(verb: Verb, request: HttpRequest, record: SupportCase, failed: dict[str, Form] | None) -> Form | None:
    if failed and verb.key in failed:
        return failed[verb.key]
    initial = {"priority": record.priority, "owner": record.owner_id}
    return _blank(verb, request, initial=initial)


def _blank(verb: Verb, request: HttpRequest, *args: Any, **kwargs: Any) -> Form | None:
    if verb.form is None:
        return None
    extra: dict[str, Any] = {"viewer": request.user} if verb.form is OwnerForm else {}
    form: Callable[..., Form] = verb.form
    return form(*args, auto_id=f"id_{verb.key}_%s", **extra, **kwargs)


@login_required
@permission_required("postsales.view_supportcase", raise_exception=True)
@require_http_methods(["POST"])
def log(request: HttpRequest, pk: int) -> HttpResponse:
    """One touch: what happened, what comes next, or both."""
    return touched(request, case_of(request, pk), page)


@login_required
@require_http_methods(["POST"])
def act(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """One verb on one case."""
    record, verb = case_of(request, pk), VERBS.get(key)
    if verb is None:
        raise Http404
    form = _blank(verb, request, request.POST)
    if form is not None and not form.is_valid():
        return page(request, record, {verb.key: form})
    said = {} if form is None else {verb.takes: next(iter(form.cleaned_data.values()))}
    try:
        verb.run(case=record, version=shown_version(request), actor=request.user, **said)
    except InvalidInput as error:
        if form is None:
            raise
        refused(form, error)
        return page(request, record, {verb.key: form})
    messages.success(request, str(verb.done))
    return redirect(record)


@login_required
@permission_required("postsales.add_supportcase", raise_exception=True)
@require_http_methods(["GET", "POST"])
def case_new(request: HttpRequest) -> HttpResponse:
    """Take up a case; `?account=` names the customer."""
    account = _account(request)
    post = request.POST if request.method == "POST" else None
    initial = {"account": account, "owner": request.user.pk}
    form = CaseForm(post, viewer=request.user, account=account, initial=initial)
    if post is not None and form.is_valid():
        try:
            made = services.open_case(actor=request.user, **form.cleaned_data)
        except InvalidInput as error:
            refused(form, error)
        else:
            messages.success(request, _("%(number)s is open.") % {"number": made.number})
            return redirect(made)
    context = {
        "form": form,
        "title": _("New case"),
        "crumbs": [(_("Service"), reverse("case-list")), (_("New case"), "")],
        "nav_key": "service",
        "submit_label": _("Open case"),
        "cancel_url": account.get_absolute_url() if account else reverse("case-list"),
    }
    return render(request, "core/form.html", context, status=422 if form.errors else 200)


def _account(request: HttpRequest) -> Account | None:
    raw = request.POST.get("account") or request.GET.get("account") or ""
    if not raw.isascii() or not raw.isdigit() or len(raw) > 18:
        return None
    return Account.objects.visible_to(request.user).filter(pk=int(raw)).first()


@login_required
@permission_required("postsales.change_supportcase", raise_exception=True)
@require_http_methods(["GET", "POST"])
def case_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct what a case says about itself."""
    record = case_of(request, pk)
    initial = {"subject": record.subject, "description": record.description, "channel": record.channel}
    form = EditForm(request.POST if request.method == "POST" else None, record=record, initial=initial)
    if request.method == "POST" and form.is_valid():
        version = shown_version(request)
        try:
            services.update_case(case=record, version=version, actor=request.user, **form.cleaned_data)
        except InvalidInput as error:
            refused(form, error)
        else:
            return redirect(record)
    context = {
        "form": form,
        "record": record,
        "title": _("Edit %(number)s") % {"number": record.number},
        "crumbs": [(_("Service"), reverse("case-list")), (record.number, record.get_absolute_url()), (_("Edit"), "")],
        "nav_key": "service",
        "cancel_url": record.get_absolute_url(),
    }
    return render(request, "core/form.html", context, status=422 if form.errors else 200)

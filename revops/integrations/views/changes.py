"""Requests to change a system."""

from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from revops.core import clock
from revops.core.errors import DomainError, InvalidInput
from revops.core.views.lists import Action, Column, Empty, Figure, ListPage
from revops.integrations import services
from revops.integrations.filters import ChangeRequestFilter
from revops.integrations.forms import BenefitForm, ChangeRequestForm
from revops.integrations.models import SystemChangeRequest
from revops.integrations.selectors import change_list
from revops.integrations.views.imports import shown_version

SEE = "integrations.view_systemchangerequest"
ADD = "integrations.add_systemchangerequest"
Status = SystemChangeRequest.Status
TONES = {Status.APPROVED: "accent", Status.REJECTED: "bad", Status.DONE: "ok", Status.MEASURED: "ok"}
ACTS = {
    "approve": services.approve_change,
    "reject": services.reject_change,
    "complete": services.complete_change,
}


class ChangeRequestList(ListPage):
    """What is to change in the systems that sales works with."""

    title, noun = gettext_lazy("Change requests"), gettext_lazy("change requests")
    permission = SEE
    filters = ChangeRequestFilter
    search_fields = ("title",)
    order = "-created"
    file_name = "change-requests"
    columns = (
        Column("title", gettext_lazy("Request"), sort="title"),
        Column(
            "status",
            gettext_lazy("State"),
            lambda row: (row.get_status_display(), TONES.get(row.status, "")),
            kind="pill",
            sort="status",
        ),
        Column("sponsor", gettext_lazy("Sponsor"), kind="user"),
        Column("expected_benefit", gettext_lazy("Expected benefit")),
        Column("measure_on", gettext_lazy("To be measured"), kind="date", sort="measure_on"),
        Column("created", gettext_lazy("Asked"), "created_at", kind="datetime", sort="created_at"),
    )
    empty = Empty(
        gettext_lazy("No change requests yet"),
        gettext_lazy("A change needs a sponsor and an expected benefit; 90 days later we ask what it brought."),
        "adjustments",
        Action(gettext_lazy("Ask for a change"), "/change-requests/new/", "plus"),
    )

    def rows(self) -> Any:
        return change_list(viewer=self.viewer)

    def actions(self) -> list[Action]:
        return [Action(_("Ask for a change"), reverse("change-request-new"), "plus", primary=True)]


def _request_of(request: HttpRequest, pk: int) -> SystemChangeRequest:
    return get_object_or_404(change_list(viewer=request.user), pk=pk)


@login_required
@permission_required(ADD, raise_exception=True)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Ask for a change."""
    form = ChangeRequestForm(request.POST or None, viewer=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(services.propose_change(actor=request.user, **form.cleaned_data))
        except InvalidInput as refused:
            _beside(form, refused)
    return _form_page(request, form, _("Ask for a change"), reverse("change-request-list"))


@login_required
@permission_required("integrations.change_systemchangerequest", raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a proposal."""
    record = _request_of(request, pk)
    initial = {name: getattr(record, name) for name in ChangeRequestForm.base_fields}
    form = ChangeRequestForm(request.POST or None, viewer=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.update_change(
                request=record, version=shown_version(request), actor=request.user, **form.cleaned_data
            )
            return redirect(record)
        except InvalidInput as refused:
            _beside(form, refused)
    return _form_page(request, form, record.title, record.get_absolute_url(), record)


def _beside(form: Any, refused: DomainError) -> None:
    for error in refused.errors:
        form.add_error(error.pointer if error.pointer in form.fields else None, error.detail)


def _form_page(request: HttpRequest, form: Any, title: str, back: str, record: Any = None) -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "record": record,
        "crumbs": [(_("Change requests"), reverse("change-request-list")), (title, "")],
        "cancel_url": back,
    }
    return render(request, "core/form.html", context, status=422 if form.errors else 200)


@login_required
@permission_required(SEE, raise_exception=True)
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One request, and what can be done with it."""
    return _page(request, _request_of(request, pk), BenefitForm())


def _page(request: HttpRequest, record: SystemChangeRequest, form: BenefitForm) -> HttpResponse:
    keyfacts = [
        Figure(_("Sponsor"), str(record.sponsor or "–")),
        Figure(_("Asked by"), str(record.created_by)),
        Figure(_("Approved by"), str(record.approved_by or "–")),
        Figure(_("To be measured"), f"{record.measure_on:%d %b %Y}" if record.measure_on else "–"),
    ]
    context = {
        "title": record.title,
        "record": record,
        "crumbs": [(_("Change requests"), reverse("change-request-list")), (record.title, "")],
        "keyfacts": keyfacts,
        "form": form,
        "may_decide": request.user.has_perm("integrations.approve_systemchangerequest"),
        "due": record.measure_on is not None and record.measure_on <= clock.today(),
    }
    return render(request, "integrations/change.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponseRedirect:
    """Approve, reject or complete."""
    record = _request_of(request, pk)
    ACTS[verb](request=record, version=shown_version(request), actor=request.user)
    return redirect(record)


@login_required
@require_POST
def measure(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what it brought."""
    record, form = _request_of(request, pk), BenefitForm(request.POST)
    if not form.is_valid():
        return _page(request, record, form)
    services.measure_change(request=record, version=shown_version(request), actor=request.user, **form.cleaned_data)
    return redirect(record)

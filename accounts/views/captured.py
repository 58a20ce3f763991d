"""Who took part and is no contact yet; and how complete what we know is."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import services
from accounts.forms import refused
from accounts.forms_captured import ConfirmForm
from accounts.models import CapturedParticipant
from accounts.selectors.completeness import captured_list, completeness
from accounts.views.records import shown_version
from revops.core.errors import InvalidInput
from revops.core.scope import require

SHOWN = 50


@login_required
@require_GET
def captured(request: HttpRequest) -> HttpResponse:
    """The people to confirm or dismiss."""
    return _page(request)


def _page(request: HttpRequest, form: ConfirmForm | None = None, chosen: int = 0, status: int = 200) -> HttpResponse:
    require(request.user, "accounts.view_contact")
    rows = list(captured_list(viewer=request.user).pending()[: SHOWN + 1])  # type: ignore[attr-defined]
    title = _("People to confirm")
    context = {
        "title": title,
        "crumbs": [(_("Contacts"), "/contacts/"), (title, "")],
        "lines": [
            (row, form if form is not None and row.pk == chosen else ConfirmForm.suggested(row)) for row in rows[:SHOWN]
        ],
        "more": len(rows) > SHOWN,
        "may_add": request.user.has_perm("accounts.add_contact"),
    }
    return render(request, "accounts/captured.html", context, status=status)


def _participant(request: HttpRequest, pk: int) -> CapturedParticipant:
    return get_object_or_404(CapturedParticipant.objects.visible_to(request.user).select_related("account"), pk=pk)


@login_required
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the contact."""
    participant = _participant(request, pk)
    form = ConfirmForm(request.POST, prefix=f"p{pk}")
    if form.is_valid():
        values: dict[str, Any] = form.cleaned_data
        try:
            contact = services.confirm_participant(
                participant=participant, version=shown_version(request), actor=request.user, **values
            )
        except InvalidInput as error:
            refused(form, error)
        else:
            messages.success(request, _("%(name)s is a contact now.") % {"name": contact})
            return redirect("captured-list")
    return _page(request, form, pk, 422)


@login_required
@require_POST
def dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """Not needed."""
    services.dismiss_participant(
        participant=_participant(request, pk), version=shown_version(request), actor=request.user
    )
    messages.success(request, _("Dismissed. You are not asked again."))
    return redirect("captured-list")


@login_required
@require_GET
def complete(request: HttpRequest) -> HttpResponse:
    """How much is known, with the rows behind what is not."""
    require(request.user, "accounts.view_contact")
    title = _("How complete it is")
    context = {
        "title": title,
        "crumbs": [(_("Contacts"), "/contacts/"), (title, "")],
        "groups": completeness(viewer=request.user),
        "pending": captured_list(viewer=request.user).pending().count(),  # type: ignore[attr-defined]
    }
    return render(request, "accounts/completeness.html", context)

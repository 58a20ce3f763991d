"""Who sees a record and why; letting others see it; taking that back."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from revops.core.errors import InvalidInput
from revops.users import services
from revops.users.forms_shares import ShareForm
from revops.users.registries import sharing
from revops.users.selectors.shares import access_to, may_share, shares_of


def _record(request: HttpRequest, kind: str, pk: int) -> Any:
    entry = sharing.get(kind)
    if entry is None:
        raise Http404
    return get_object_or_404(entry.record._default_manager.visible_to(request.user), pk=pk)


@login_required
@require_http_methods(["GET", "POST"])
def access(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """The list, and the form for whoever may share."""
    record = _record(request, kind, pk)
    mine = may_share(record, request.user)  # type: ignore[arg-type]
    form = ShareForm(request.POST or None, viewer=request.user) if mine or request.method == "POST" else None
    if form is not None and request.method == "POST" and form.is_valid() and _shared(request, record, form):
        return redirect("record-access", kind=kind, pk=pk)
    if request.GET.get("panel"):
        context = {"shares": shares_of(record), "record": record, "kind": kind, "may_share": mine}
        return render(request, "users/access_panel.html", context)
    title = _("Who sees %(record)s") % {"record": record}
    context = {
        "title": title,
        "crumbs": [(str(record), record.get_absolute_url()), (_("Access"), "")],
        "record": record,
        "kind": kind,
        "rows": access_to(record),
        "form": form,
        "may_share": mine,
        "me": request.user,
        "cancel_url": record.get_absolute_url(),
    }
    return render(request, "users/access.html", context, status=422 if form is not None and form.errors else 200)


def _shared(request: HttpRequest, record: Any, form: ShareForm) -> bool:
    try:
        share = services.share_record(record=record, actor=request.user, **form.cleaned_data)  # type: ignore[arg-type]
    except InvalidInput as error:
        for one in error.errors:
            form.add_error(one.pointer if one.pointer in form.fields else None, one.detail)
        return False
    messages.success(request, _("Shared with %(name)s.") % {"name": share.user or share.team})
    return True


@login_required
@require_POST
def revoke(request: HttpRequest, kind: str, pk: int, share: int) -> HttpResponse:
    """End a share."""
    record = _record(request, kind, pk)
    found = next((one for one in shares_of(record) if one.pk == share), None)
    if found is None:
        raise Http404
    services.revoke_share(share=found, actor=request.user)  # type: ignore[arg-type]
    messages.success(request, _("%(name)s no longer has this share.") % {"name": found.user or found.team})
    return redirect("home") if found.user_id == request.user.pk else redirect(reverse("record-access", args=[kind, pk]))

"""Somebody leaves: what they hold, who takes it, and how far that has come."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from revops.core.errors import InvalidInput
from revops.core.scope import require
from revops.users import services
from revops.users.forms_offboarding import HeirForm
from revops.users.models import OffboardingRun, User
from revops.users.selectors.holdings import Held, holdings_of


@login_required
@require_http_methods(["GET", "POST"])
def offboarding(request: HttpRequest, pk: int) -> HttpResponse:
    """The inventory with its counts, the choice of new holders, and the job that hands over and deactivates."""
    require(request.user, "users.change_user", _("Your role does not administer people."))
    user = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    held = holdings_of(user)
    form = HeirForm(request.POST or None, user=user, held=held)
    if request.method == "POST" and form.is_valid() and (run := _started(request, user, form)) is not None:
        return redirect("core:job", pk=run.job_id)
    return render(
        request, "users/offboarding.html", _context(request, user, held, form), status=422 if form.errors else 200
    )


def _started(request: HttpRequest, user: User, form: HeirForm) -> OffboardingRun | None:
    try:
        return services.start_offboarding(
            user=user,
            to=form.cleaned_data["to"],
            others=form.others(),
            version=int(shown) if (shown := request.POST.get("version", "")).isdecimal() else None,
            actor=request.user,  # type: ignore[arg-type]
        )
    except InvalidInput as error:
        for one in error.errors:
            name = one.pointer if one.pointer in form.fields else f"to_{one.pointer}"
            form.add_error(name if name in form.fields else None, one.detail)
        return None


def _context(request: HttpRequest, user: User, held: list[Held], form: HeirForm) -> dict[str, Any]:
    title = _("%(name)s leaves") % {"name": user}
    runs = OffboardingRun.objects.visible_to(request.user).filter(user=user).select_related("started_by", "job")
    labels = {one.holding.key: one.holding.label for one in held}
    return {
        "title": title,
        "crumbs": [(_("People"), reverse("admin:users_user_changelist")), (title, "")],
        "leaver": user,
        "lines": [(one, form[name] if (name := f"to_{one.holding.key}") in form.fields else None) for one in held],
        "total": sum(one.count for one in held),
        "form": form,
        "tokens": user.api_tokens.filter(revoked_at__isnull=True).count(),
        "runs": [
            (run, [(labels.get(key, key), count) for key, count in run.moved.items()])
            for run in runs.order_by("-pk")[:5]
        ],
    }

"""A planned activity by itself: what it says, when, whose it is, and whether it repeats."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import services
from accounts.forms import refused
from accounts.forms_activities import PlannedForm
from accounts.models import Activity
from accounts.pegs import homes_of
from accounts.recurrence import rule_words
from accounts.selectors import activity_list
from accounts.views.records import shown_version
from revops.core.errors import IllegalState, InvalidInput

CHANGE = "accounts.change_activity"


def _planned(request: HttpRequest, pk: int) -> Activity:
    found: Activity = get_object_or_404(activity_list(viewer=request.user), pk=pk)
    return found


@login_required
@permission_required(CHANGE, raise_exception=True)
@require_http_methods(["GET", "POST"])
def activity_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a planned activity; of a series this one, or all that follow."""
    activity = _planned(request, pk)
    if activity.status != Activity.Status.PLANNED:
        raise IllegalState("not_planned", _("Only a planned activity can be moved."))
    form = PlannedForm(request.POST or None, viewer=request.user, record=activity)
    if request.method == "POST" and form.is_valid():
        try:
            services.arrange_activity(
                activity=activity, version=shown_version(request), actor=request.user, **form.arrangement()
            )
        except InvalidInput as error:
            refused(form, error)
        else:
            messages.success(request, _("Saved."))
            seen = Activity.objects.visible_to(request.user).filter(pk=activity.pk).exists()
            return redirect(homes_of([activity])[activity.pk][1] if seen else "activity-list")
    return render(request, "accounts/activity.html", _context(request, activity, form), status=_status(form))


def _status(form: PlannedForm) -> int:
    return 422 if form.errors else 200


def _context(request: HttpRequest, activity: Activity, form: PlannedForm) -> dict[str, Any]:
    label, url = homes_of([activity])[activity.pk]
    about = [(label, url)] if label else []
    return {
        "form": form,
        "title": activity.subject,
        "nav_key": "my_day",
        "crumbs": [(_("Activities"), reverse("activity-list")), *about, (_("Edit"), "")],
        "record": activity,
        "version": request.POST.get("version") or activity.version,
        "cancel_url": url,
        "submit_label": _("Save"),
        "repeats": rule_words(activity.series.rule) if activity.series else "",
    }


@login_required
@permission_required(CHANGE, raise_exception=True)
@require_POST
def series_end(request: HttpRequest, pk: int) -> HttpResponse:
    """No more of a series: the planned one goes, too."""
    activity = _planned(request, pk)
    services.end_series(activity=activity, version=shown_version(request), actor=request.user)
    messages.success(request, _("The series has ended."))
    return redirect(homes_of([activity])[activity.pk][1])

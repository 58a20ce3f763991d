"""What people do on the pages: log, plan, finish, drop, archive."""

from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import services
from accounts.forms import MoveForm
from accounts.models import Account, Activity
from accounts.pegs import homes_of
from accounts.views.records import account_of, account_page, contact_of, contact_page, shown_version
from accounts.views.touches import touched
from revops.core.errors import InvalidInput


@login_required
@require_POST
def log_on_account(request: HttpRequest, pk: int) -> HttpResponse:
    """One touch on an account."""
    record = account_of(request, pk)
    return touched(request, record, account_page, partial(services.log_touch, account=record))


@login_required
@require_POST
def log_on_contact(request: HttpRequest, pk: int) -> HttpResponse:
    """One touch on a contact."""
    record = contact_of(request, pk)
    return touched(request, record, contact_page, partial(services.log_touch, contact=record))


def _activity(request: HttpRequest, pk: int) -> Activity:
    return get_object_or_404(Activity.objects.visible_to(request.user).select_related("account", "contact"), pk=pk)


def _home(activity: Activity) -> str:
    return homes_of([activity])[activity.pk][1]


@login_required
@require_GET
def open_activity(request: HttpRequest, pk: int) -> HttpResponse:
    """Go to what the activity is about."""
    return redirect(_home(_activity(request, pk)))


@login_required
@require_POST
def done(request: HttpRequest, pk: int) -> HttpResponse:
    """A planned activity is done."""
    activity = _activity(request, pk)
    outcome = request.POST.get("outcome", "")
    services.complete_activity(activity=activity, version=shown_version(request), actor=request.user, outcome=outcome)
    messages.success(request, _("Done. What comes next?"))
    return redirect(_home(activity))


@login_required
@require_POST
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """A planned activity will not happen."""
    activity = _activity(request, pk)
    services.cancel_activity(activity=activity, version=shown_version(request), actor=request.user)
    messages.success(request, _("Taken off the plan."))
    return redirect(_home(activity))


@login_required
@require_POST
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """A planned activity gets a new time."""
    activity = _activity(request, pk)
    form = MoveForm(request.POST)
    if not form.is_valid():
        raise InvalidInput.of(due_at=_("Say when."))
    services.update_activity(
        activity=activity, version=shown_version(request), actor=request.user, due_at=form.cleaned_data["due_at"]
    )
    messages.success(request, _("Moved."))
    return redirect(_home(activity))


@login_required
@require_POST
def later(request: HttpRequest, pk: int) -> HttpResponse:
    """A planned activity moves to tomorrow, or a day further than it stands."""
    activity = _activity(request, pk)
    moved = services.snooze_activity(activity=activity, version=shown_version(request), actor=request.user)
    messages.success(request, _("Moved to %(day)s.") % {"day": date_format(timezone.localtime(moved.due_at), "D j M")})
    return redirect(_home(moved))


@login_required
@require_POST
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an account out of lists, or bring it back."""
    record: Account = account_of(request, pk)
    act = services.restore_account if record.archived_at else services.archive_account
    act(account=record, version=shown_version(request), actor=request.user)
    messages.success(request, _("Restored.") if record.archived_at else _("Archived."))
    return redirect(record)


@login_required
@require_POST
def archive_contact(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a contact out of lists, or bring it back."""
    record = contact_of(request, pk)
    act = services.restore_contact if record.archived_at else services.archive_contact
    act(contact=record, version=shown_version(request), actor=request.user)
    messages.success(request, _("Restored.") if record.archived_at else _("Archived."))
    return redirect(record)

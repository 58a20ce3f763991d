"""Webhooks: where to, what about, and what became of every message."""

import json
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from revops.core import clock
from revops.core.errors import InvalidInput
from revops.core.keyset import paginate
from revops.core.views.lists import Action, Column, Empty, Figure, ListPage, Tab
from revops.integrations import services
from revops.integrations.filters import WebhookFilter
from revops.integrations.forms import ReplayForm, RotateForm, WebhookForm
from revops.integrations.models import Webhook, WebhookMessage
from revops.integrations.offers import offers
from revops.integrations.selectors import attempts_of, message_list, webhook_list
from revops.integrations.services.webhooks import KEPT_HOURS
from revops.integrations.views.imports import shown_version

MAY = "integrations.manage_webhooks"
State, MessageState = Webhook.State, WebhookMessage.State
TONES = {State.ACTIVE: "ok", State.PAUSED: "warn", State.DISABLED: "bad"}
MESSAGE_TONES = {MessageState.DONE: "ok", MessageState.DEAD: "bad", MessageState.PENDING: "accent"}
PAGE = 50
ACTS = {
    "pause": (services.pause_webhook, gettext_lazy("Paused. What happens meanwhile waits.")),
    "resume": (services.resume_webhook, gettext_lazy("Resumed. What waited is on its way.")),
    "take-over": (services.take_over_webhook, gettext_lazy("It is yours, and sends what you may see.")),
    "archive": (services.archive_webhook, gettext_lazy("Archived.")),
    "restore": (services.restore_webhook, gettext_lazy("Restored. Resume it to send.")),
}


def _state(webhook: Webhook) -> tuple[Any, str]:
    if webhook.archived_at:
        return _("Archived"), ""
    if webhook.failing_since and webhook.state == State.ACTIVE:
        return _("Failing"), "warn"
    return webhook.get_state_display(), TONES[State(webhook.state)]


class WebhookList(ListPage):
    """Who hears of what."""

    title, noun = gettext_lazy("Webhooks"), gettext_lazy("webhooks")
    permission = MAY
    filters = WebhookFilter
    search_fields = ("name", "url")
    order = "name"
    file_name = "webhooks"
    columns = (
        Column("name", gettext_lazy("Webhook"), sort="name", sub=lambda hook: urlsplit(hook.url).hostname),
        Column("state", gettext_lazy("State"), _state, kind="pill"),
        Column("events", gettext_lazy("Events"), lambda hook: len(hook.events), kind="number"),
        Column("failing", gettext_lazy("Failing since"), "failing_since", kind="datetime"),
        Column("owner", gettext_lazy("Acts as"), kind="user"),
        Column("created", gettext_lazy("Created"), "created_at", kind="datetime", sort="created_at"),
    )
    tabs = (Tab(gettext_lazy("In use")), Tab(gettext_lazy("Archived"), {"archived": "true"}))
    empty = Empty(
        gettext_lazy("No webhooks yet"),
        gettext_lazy("A webhook tells another system at once what happened here: a deal moved, an order was booked."),
        "webhook",
        Action(gettext_lazy("New webhook"), "/settings/webhooks/new/", "plus"),
    )

    def rows(self) -> Any:
        rows = webhook_list(viewer=self.viewer)
        return rows if self.request.GET.get("archived") else rows.filter(archived_at__isnull=True)

    def actions(self) -> list[Action]:
        return [Action(_("New webhook"), reverse("webhook-new"), "plus", primary=True)]


def _webhook(request: HttpRequest, pk: int) -> Webhook:
    return get_object_or_404(webhook_list(viewer=request.user), pk=pk)


def _message(request: HttpRequest, pk: int, message: int) -> WebhookMessage:
    return get_object_or_404(message_list(viewer=request.user, webhook=_webhook(request, pk)), pk=message)


def _crumbs(*more: tuple[str, str]) -> list[tuple[str, str]]:
    return [(_("Webhooks"), reverse("webhook-list")), *more]


# Made and changed -------------------------------------------------------------------------


@never_cache
@login_required
@permission_required(MAY, raise_exception=True)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make one. Its secret is on the answer to the form and nowhere else."""
    form = WebhookForm(request.POST or None, viewer=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            webhook, secret = services.create_webhook(actor=request.user, **form.cleaned_data)
            return _page(request, webhook, secret=secret)
        except InvalidInput as refused:
            _beside(form, refused)
    return _form_page(request, form, _("New webhook"), reverse("webhook-list"))


@login_required
@permission_required(MAY, raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change it; its owner only."""
    webhook = _webhook(request, pk)
    initial = {"name": webhook.name, "url": webhook.url, "events": webhook.events, "filter": _filter_lines(webhook)}
    form = WebhookForm(request.POST or None, viewer=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.update_webhook(
                webhook=webhook, version=shown_version(request), actor=request.user, **form.cleaned_data
            )
            return redirect(webhook)
        except InvalidInput as refused:
            _beside(form, refused)
    return _form_page(request, form, webhook.name, webhook.get_absolute_url(), webhook)


def _filter_lines(webhook: Webhook) -> str:
    return "\n".join(
        f"{name} = {str(value).lower() if isinstance(value, bool) else value}" for name, value in webhook.filter.items()
    )


def _beside(form: Any, refused: InvalidInput) -> None:
    for error in refused.errors:
        form.add_error(error.pointer if error.pointer in form.fields else None, error.detail)


def _form_page(request: HttpRequest, form: Any, title: str, back: str, record: Any = None) -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "record": record,
        "crumbs": _crumbs((title, "")),
        "cancel_url": back,
        "action": request.path,
        "submit_label": _("Save") if record else _("Create webhook"),
    }
    return render(request, "core/form.html", context, status=422 if form.errors else 200)


# Looked at --------------------------------------------------------------------------------


@login_required
@permission_required(MAY, raise_exception=True)
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What it does, and its log."""
    return _page(request, _webhook(request, pk))


def _page(request: HttpRequest, webhook: Webhook, *, secret: str = "", form: Any = None) -> HttpResponse:
    wanted = request.GET.get("state", "")
    state = wanted if wanted in MessageState.values else ""
    rows = message_list(viewer=request.user, webhook=webhook)
    rows = rows.filter(state=state) if state else rows
    page = paginate(rows.order_by(), ["-pk"], request.GET.get("cursor") or None, PAGE)
    text, tone = _state(webhook)
    context = {
        "title": webhook.name,
        "record": webhook,
        "record_icon": "webhook",
        "crumbs": _crumbs((webhook.name, "")),
        "nav_key": "webhooks",
        "keyfacts": _keyfacts(webhook),
        "state_text": text,
        "state_tone": tone,
        "secret": secret,
        "mine": webhook.owner_id == request.user.pk,
        "state": state,
        "tabs": _tabs(webhook, state),
        "lines": [(row, MESSAGE_TONES.get(MessageState(row.state), "")) for row in page.rows],
        "page": page,
        "events": [(name, _label(name)) for name in webhook.events],
        "filter_lines": _filter_lines(webhook).splitlines(),
        "rotating": webhook.previous_until is not None and webhook.previous_until > clock.now(),
        "rotate_form": RotateForm(initial={"keep_hours": KEPT_HOURS}),
        "replay_form": form or ReplayForm(initial={"since": timezone.localtime(_start(webhook))}),
    }
    return render(request, "integrations/webhook.html", context, status=422 if form and form.errors else 200)


def _start(webhook: Webhook) -> Any:
    return webhook.failing_since or clock.start_of(clock.today())


def _keyfacts(webhook: Webhook) -> list[Figure]:
    return [
        Figure(_("Address"), urlsplit(webhook.url).hostname),
        Figure(_("Acts as"), str(webhook.owner), note=_("sends what this person may see")),
        Figure(_("Events"), len(webhook.events)),
        Figure(
            _("Failing since"),
            f"{timezone.localtime(webhook.failing_since):%d %b, %H:%M}" if webhook.failing_since else "–",
            tone="bad" if webhook.failing_since else "",
        ),
    ]


def _label(name: str) -> Any:
    offer = offers.get(name)
    return offer.label if offer else ""


def _tabs(webhook: Webhook, state: str) -> list[dict[str, Any]]:
    address = webhook.get_absolute_url()
    named = [("", _("All")), *((value, label) for value, label in MessageState.choices)]
    return [
        {"label": label, "url": f"{address}?state={value}" if value else address, "current": value == state}
        for value, label in named
    ]


@login_required
@permission_required(MAY, raise_exception=True)
@require_GET
def message(request: HttpRequest, pk: int, message: int) -> HttpResponse:
    """One message: its body, and every try."""
    row = _message(request, pk, message)
    context = {
        "title": row.name,
        "record": row,
        "record_icon": "webhook",
        "crumbs": _crumbs((row.webhook.name, row.webhook.get_absolute_url()), (row.name, "")),
        "nav_key": "webhooks",
        "tone": MESSAGE_TONES.get(MessageState(row.state), ""),
        "body": json.dumps(json.loads(row.body), indent=2, ensure_ascii=False),
        "attempts": list(attempts_of(row)[:PAGE]),
    }
    return render(request, "integrations/webhook_message.html", context)


# Done with it -----------------------------------------------------------------------------


@login_required
@permission_required(MAY, raise_exception=True)
@require_POST
def act(request: HttpRequest, pk: str, verb: str) -> HttpResponseRedirect:
    """Pause, resume, take over, archive or restore."""
    webhook = _webhook(request, int(pk))
    service, said = ACTS[verb]
    service(webhook=webhook, version=shown_version(request), actor=request.user)
    messages.success(request, str(said))
    return redirect(webhook)


@login_required
@permission_required(MAY, raise_exception=True)
@require_POST
def test(request: HttpRequest, pk: int) -> HttpResponseRedirect:
    """Send a test event; its page shows what came back."""
    row = services.send_test(webhook=_webhook(request, pk), actor=request.user)
    messages.success(request, _("The test is on its way. Load this page again to see what came back."))
    return redirect(row)


@never_cache
@login_required
@permission_required(MAY, raise_exception=True)
@require_POST
def rotate(request: HttpRequest, pk: int) -> HttpResponse:
    """A new secret, on the answer and nowhere else."""
    webhook, form = _webhook(request, pk), RotateForm(request.POST)
    if not form.is_valid():
        raise InvalidInput.of(keep_hours=_("The old secret stays valid for 0 to 168 hours."))
    webhook, secret = services.rotate_secret(
        webhook=webhook, version=shown_version(request), actor=request.user, **form.cleaned_data
    )
    return _page(request, webhook, secret=secret)


@login_required
@permission_required(MAY, raise_exception=True)
@require_POST
def replay(request: HttpRequest, pk: int, message: int) -> HttpResponseRedirect:
    """Send one again."""
    row = services.replay_message(message=_message(request, pk, message), actor=request.user)
    messages.success(request, _("It goes again, under the same id."))
    return redirect(row)


@login_required
@permission_required(MAY, raise_exception=True)
@require_POST
def replay_failed(request: HttpRequest, pk: int) -> HttpResponse:
    """Send all again that failed since a moment."""
    webhook, form = _webhook(request, pk), ReplayForm(request.POST)
    if not form.is_valid():
        return _page(request, webhook, form=form)
    count = services.replay_failed(webhook=webhook, actor=request.user, **form.cleaned_data)
    messages.success(request, _("%(count)s go again, under the same ids.") % {"count": count})
    return redirect(webhook)

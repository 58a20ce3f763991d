"""Channels: the list, the form, and one channel with its accounts."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import services
from accounts.filters_channels import ChannelFilter
from accounts.forms import refused
from accounts.forms_channels import ChannelForm
from accounts.models import Channel
from accounts.selectors.channels import channel_list
from accounts.services.channels import FIELDS
from accounts.views.records import shown_version
from revops.core.errors import InvalidInput
from revops.core.registries import panels_for
from revops.core.views.lists import Action, Column, Empty, Figure, ListPage

VIEW, ADD, CHANGE = "accounts.view_channel", "accounts.add_channel", "accounts.change_channel"


def _crumbs(*more: tuple[str, str]) -> list[tuple[Any, str]]:
    return [(_("Accounts"), reverse("account-list")), (_("Channels"), reverse("channel-list") if more else ""), *more]


class ChannelList(ListPage):
    """Routes to market."""

    title, nav_key, noun = gettext_lazy("Channels"), "accounts", gettext_lazy("channels")
    permission = VIEW
    filters = ChannelFilter
    order = "name"
    file_name = "channels"
    columns = (
        Column("name", gettext_lazy("Channel"), sub="note", sort="name"),
        Column("kind", gettext_lazy("Kind"), "get_kind_display"),
        Column("accounts", gettext_lazy("Accounts"), "account_count", kind="number"),
        Column("owner", gettext_lazy("Looked after by"), kind="user"),
    )
    empty = Empty(
        gettext_lazy("No channel yet"),
        gettext_lazy("A channel is a way to market: our own sales, a shop, a reseller. Accounts are put on one."),
        "route",
        Action(gettext_lazy("New channel"), "/channels/new/", "plus"),
    )

    def rows(self) -> QuerySet[Channel]:
        return channel_list(viewer=self.request.user)

    def crumbs(self) -> list[tuple[Any, str]]:
        return _crumbs()

    def actions(self) -> list[Action]:
        if not self.request.user.has_perm(ADD):
            return []
        return [Action(_("New channel"), reverse("channel-new"), "plus", primary=True)]


def channel_of(request: HttpRequest, pk: int) -> Channel:
    return get_object_or_404(channel_list(viewer=request.user), pk=pk)


@login_required
@permission_required(VIEW, raise_exception=True)
@require_GET
def channel(request: HttpRequest, pk: int) -> HttpResponse:
    """One channel and the accounts on it."""
    record = channel_of(request, pk)
    on_it = f"{reverse('account-list')}?channel={record.pk}"
    context = {
        "title": record.name,
        "record_icon": "route",
        "nav_key": "accounts",
        "crumbs": _crumbs((record.name, "")),
        "channel": record,
        "keyfacts": [Figure(_("Accounts"), record.account_count, url=on_it)],  # type: ignore[attr-defined]
        "panels": panels_for("accounts.channel", record, request.user),
        "accounts_url": on_it,
        "may_change": request.user.has_perm(CHANGE),
    }
    return render(request, "accounts/channel.html", context)


@login_required
@permission_required(ADD, raise_exception=True)
@require_http_methods(["GET", "POST"])
def channel_new(request: HttpRequest) -> HttpResponse:
    """A new channel."""
    form = ChannelForm(request.POST or None, viewer=request.user)
    made = _saved(request, form, lambda facts: services.create_channel(actor=request.user, **facts))
    return made or _form(request, form, _("New channel"), reverse("channel-list"))


@login_required
@permission_required(CHANGE, raise_exception=True)
@require_http_methods(["GET", "POST"])
def channel_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what is said of a channel."""
    record = channel_of(request, pk)
    facts = {name: getattr(record, name) for name in FIELDS} | {"owner": record.owner_id}
    form = ChannelForm(request.POST or None, viewer=request.user, record=record, initial=facts)

    def save(given: dict[str, Any]) -> Channel:
        version = shown_version(request)
        return services.update_channel(channel=record, version=version, actor=request.user, **given)

    more = {"record": record, "version": request.POST.get("version") or record.version}
    return _saved(request, form, save) or _form(request, form, record.name, record.get_absolute_url(), **more)


def _saved(request: HttpRequest, form: ChannelForm, save: Callable[[dict[str, Any]], Channel]) -> HttpResponse | None:
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        record = save(form.cleaned_data)
    except InvalidInput as error:
        refused(form, error)
        return None
    messages.success(request, _("Saved."))
    return redirect(record)


def _form(request: HttpRequest, form: ChannelForm, title: str, back: str, **more: Any) -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "nav_key": "accounts",
        "crumbs": _crumbs((title, "")),
        "cancel_url": back,
        **more,
    }
    return render(request, "core/form.html", context, status=422 if form.errors else 200)


@login_required
@permission_required(CHANGE, raise_exception=True)
@require_POST
def channel_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a channel out of lists, or bring it back."""
    record = channel_of(request, pk)
    act = services.restore_channel if record.archived_at else services.archive_channel
    act(channel=record, version=shown_version(request), actor=request.user)
    messages.success(request, _("Restored.") if record.archived_at else _("Archived."))
    return redirect(record)

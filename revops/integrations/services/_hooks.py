"""What several services of webhooks share: input, disabling, the notice."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from revops.core import audit, clock
from revops.core.errors import IllegalState, InvalidInput, NotAllowed
from revops.core.scope import require
from revops.core.status import advance, lock
from revops.integrations.models import Webhook
from revops.integrations.offers import Offer, may_hear_kind, offers
from revops.integrations.targets import Refused, checked_url
from revops.users.services import notify

MANAGE = "integrations.manage_webhooks"
DISABLED_NOTICE = "webhook.disabled"
State = Webhook.State
LONGEST = {"name": 80, "filter": 200}


def opened(webhook: Webhook, version: int | None, actor: Any, *, own: bool = False) -> Webhook:
    """The webhook, locked, if the actor may change it. What it sends and where is its owner's alone to change."""
    require(actor, MANAGE, _("Your role does not include webhooks."))
    webhook = lock(webhook, version)
    if own and webhook.owner_id != actor.pk:
        text = _("It sends what its owner may see, so only its owner changes it. Take it over first.")
        raise NotAllowed(text, code="not_the_owner")
    return webhook


def refuse_archived(webhook: Webhook) -> None:
    if webhook.archived_at is not None:
        raise IllegalState("archived", _("This webhook is archived. Restore it first."))


def clean_name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > LONGEST["name"] or "\x00" in name:
        raise InvalidInput.of(name=_("A webhook needs a name of up to 80 characters."))
    return name


def clean_url(url: str) -> str:
    try:
        return checked_url(url)
    except Refused as refused:
        raise InvalidInput.of(url=str(refused))


def clean_events(names: Iterable[str], owner: Any) -> list[str]:
    """Known events that the owner may hear of, each once."""
    chosen = sorted(set(names))
    if not chosen:
        raise InvalidInput.of(events=_("Choose at least one event."))
    for name in chosen:
        offer = offers.get(name)
        if offer is None or not may_hear_kind(owner, offer):
            raise InvalidInput.of(events=_("There is no event “%(name)s” for you.") % {"name": name[:60]})
    return chosen


def clean_filter(wanted: Mapping[str, Any], events: Iterable[str]) -> dict[str, Any]:
    """Each name is a field of every chosen event, each value of its type: else a message would never pass."""
    chosen = [offer for name in events if (offer := offers.get(name))]
    return {name: _clean_value(name, value, chosen) for name, value in wanted.items()}


def _clean_value(name: str, value: Any, chosen: list[Offer]) -> Any:
    for offer in chosen:
        kind = offer.facts.get(name)
        if kind is None:
            text = _("“%(field)s” is no field of %(event)s.") % {"field": str(name)[:60], "event": offer.key}
            raise InvalidInput.of(filter=text)
        if type(value) is not kind or (isinstance(value, str) and (len(value) > LONGEST["filter"] or "\x00" in value)):
            text = _("“%(field)s” of %(event)s is compared with %(kind)s.")
            kinds = {int: _("a whole number"), bool: _("true or false"), str: _("a text of up to 200 characters")}
            shown = {"field": name, "event": offer.key, "kind": kinds.get(kind, kind.__name__)}
            raise InvalidInput.of(filter=text % shown)
    return value


def disable(webhook: Webhook, reason: str) -> None:
    """Stop sending to a locked webhook and tell its owner. What waits goes on waiting."""
    if webhook.state == State.DISABLED:
        return
    advance(webhook, State.DISABLED, Webhook.TRANSITIONS, field="state")
    webhook.disabled_at, webhook.disabled_reason = clock.now(), reason[:300]
    webhook.save(update_fields=["state", "disabled_at", "disabled_reason", "version", "updated_at"])
    audit.record("webhook.disabled", webhook, actor=None, reason=reason)
    tell_owner(webhook)


def tell_owner(webhook: Webhook) -> None:
    """The notice that a webhook was disabled; My day shows it as well."""
    notify(
        to=webhook.owner,
        kind=DISABLED_NOTICE,
        title=format_lazy(_lazy("The webhook “{name}” is disabled"), name=webhook.name),
        body=webhook.disabled_reason,
        url=webhook.get_absolute_url(),
        about=webhook,
    )

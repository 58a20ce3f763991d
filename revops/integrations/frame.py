"""How webhooks hang in the frame: the outbox hands them its events, the menu finds them, My day tells of trouble."""

from django.utils.translation import gettext_lazy as _

from revops.core import outbox, registries
from revops.integrations import tasks, waking
from revops.integrations.models import Webhook
from revops.integrations.selectors import disabled_webhooks
from revops.integrations.services import _hooks, _outgoing
from revops.users import roles
from revops.users.registries import NoticeKind, notice_kinds


def register_webhooks() -> None:
    """Fill the registries."""
    outbox.on_write("webhooks", _outgoing.copy_events)
    waking.on_message(tasks.wake_sender)
    registries.point_at(Webhook)
    notice_kinds.register(
        NoticeKind(_hooks.DISABLED_NOTICE, _("A webhook of mine is disabled"), mail="now", icon="webhook", order=90)
    )
    registries.commands.register(
        registries.Command("webhooks", _("Webhooks"), "webhook-list", "webhook", _hooks.MANAGE)
    )
    registries.commands.register(
        registries.Command("webhook-new", _("New webhook"), "webhook-new", "webhook", _hooks.MANAGE, verb=True)
    )
    registries.day_items.register(
        registries.DaySource("integrations.webhooks", disabled_webhooks, permission=_hooks.MANAGE)
    )
    roles.grant(
        roles.REVOPS_ADMIN, _hooks.MANAGE, "integrations.view_webhook", "integrations.view_webhookmessage",
        "integrations.view_webhookattempt",
    )  # fmt: skip

"""How webhooks and imports hang in the frame: events, jobs, the menu, My day."""

from django.utils.translation import gettext_lazy as _

from revops.core import jobs, outbox, registries
from revops.integrations import exports, services, tasks, waking
from revops.integrations.models import Webhook
from revops.integrations.selectors import disabled_webhooks
from revops.integrations.services import _hooks, _outgoing, commits
from revops.users import roles
from revops.users.registries import NoticeKind, notice_kinds


def register_webhooks() -> None:
    """Fill the registries."""
    outbox.on_write("webhooks", _outgoing.copy_events, _outgoing.is_awaited)
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


def register_jobs() -> None:
    """Called once, when the app is ready: checking, writing and taking back an import."""
    back = services.cancel_step
    jobs.register(commits.CHECK, jobs.JobKind(step=services.check_step, cancel=services.cancel_check))
    jobs.register(
        commits.COMMIT,
        jobs.JobKind(
            step=services.commit_step,
            cancel=back,
            notice="import.done",
            undo=commits.undo_commit,
            errors=exports.errors_of_job,
        ),
    )
    jobs.register(commits.UNDO, jobs.JobKind(step=services.undo_step, cancel=back))

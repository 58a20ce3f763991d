"""Celery entry points of this room."""

from celery import shared_task

from revops.integrations import sending, services


@shared_task(name="integrations.send_webhooks", ignore_result=True)
def send_webhooks() -> int:
    """Send due messages: woken on commit, swept every 5 seconds."""
    return sending.send_due()


@shared_task(name="integrations.forget_webhook_messages", ignore_result=True)
def forget_webhook_messages() -> int:
    """The log goes back 30 days."""
    gone = 0
    while count := services.forget_messages():
        gone += count
    return gone


def wake_sender() -> None:
    """After a commit. A broker that is down costs nothing: the sweep sends later."""
    send_webhooks.apply_async(queue="webhooks", retry=False)

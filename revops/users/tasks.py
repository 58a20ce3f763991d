"""Celery entry points."""

import logging
from smtplib import SMTPException

from celery import shared_task

from revops.users import services
from revops.users.mails import compose
from revops.users.models import Notification

log = logging.getLogger(__name__)


@shared_task(name="users.send_mails", ignore_result=True)
def send_mails() -> int:
    """Send what is due: woken when somebody is told something, swept every minute. Two at once share the work."""
    sent = 0
    while letters := services.take_due_mails():
        sent += sum(_sent(letter) for letter in letters)
    return sent


def _sent(letter: list[Notification]) -> bool:
    try:
        compose(letter).send()
    except (OSError, SMTPException):
        log.exception("a mail to user %s could not be sent", letter[0].user_id)
        services.note_mail_failed(letter=letter)
        return False
    services.note_mailed(letter=letter)
    return True


@shared_task(name="users.sweep_notifications", ignore_result=True)
def sweep_notifications() -> int:
    """Throw away what people were told half a year ago."""
    swept = 0
    while done := services.sweep_notifications():
        swept += done
    return swept

"""Notifications as letters: text and HTML, in the reader's language, with a way out."""

from typing import Any
from zoneinfo import ZoneInfo

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from revops.users.models import Notification
from revops.users.selectors.notices import (
    EVERY_DIGEST,
    language_of,
    notification_address,
    settings_address,
    unsubscribe_address,
)


def compose(letter: list[Notification]) -> EmailMultiAlternatives:
    """One notification, or a summary of several."""
    first = letter[0]
    digest = first.mail == Notification.Mail.DIGEST
    with translation.override(language_of(first.user)), timezone.override(ZoneInfo(first.user.time_zone)):
        end = unsubscribe_address(first.user, EVERY_DIGEST if digest else first.kind)
        context: dict[str, Any] = {
            "person": first.user,
            "lines": [(row, notification_address(row)) for row in letter],
            "digest": digest,
            "settings_url": settings_address(),
            "unsubscribe_url": end,
        }
        mail = EmailMultiAlternatives(
            subject=" ".join(_subject(letter, digest).split()),
            body=render_to_string("users/mail/notice.txt", context),
            to=[first.user.email],
            headers={
                "List-Unsubscribe": f"<{end}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                "Auto-Submitted": "auto-generated",
            },
        )
        mail.attach_alternative(render_to_string("users/mail/notice.html", context), "text/html")
    return mail


def _subject(letter: list[Notification], digest: bool) -> str:
    if not digest:
        return letter[0].title
    count = len(letter)
    if count == 1:
        return _("Your day: %(title)s") % {"title": letter[0].title}
    return ngettext("Your day: %(count)s thing", "Your day: %(count)s things", count) % {"count": count}

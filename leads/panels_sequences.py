"""What sequences add to the frame and to the pages of leads and contacts."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.registries import TimelineSource, timeline_sources
from leads.selectors.outreach import mails_on
from leads.selectors.sequences import person_of, unread_replies
from revops.core.registries import (
    DAY_MOST,
    Command,
    CreateItem,
    DayItem,
    DaySource,
    NavItem,
    Panel,
    commands,
    create_menu,
    day_items,
    navigation,
    panels,
)

VIEW, READ = "leads.view_sequence", "leads.view_receivedmessage"


def unread(user: Any) -> int:
    """How many answers to a person's own mails nobody has opened."""
    return unread_replies(user)[:1000].count()


def replies_today(user: Any, _today: date) -> Sequence[DayItem]:
    """Answers to a person's own mails that nobody has opened."""
    return [
        DayItem(
            kind="lead",
            title=gettext("Read the answer of %(name)s") % {"name": person_of(row)},
            sub=row.subject,
            url=f"{reverse('reply-inbox')}?open={row.pk}",
            rank=15,
            action=gettext("Read"),
            icon="mail",
        )
        for row in unread_replies(user).order_by("received_at", "pk")[:DAY_MOST]
    ]


def _of_lead(lead: Any) -> str:
    return reverse("lead-outreach", args=[lead.pk])


def _of_contact(contact: Any) -> str:
    return reverse("contact-outreach", args=[contact.pk])


def _of_document(document: Any) -> str:
    return reverse("document-mails", args=[document.pk])


def register() -> None:
    """Called once, when the app is ready."""
    navigation.register(NavItem("replies", _("Replies"), "reply-inbox", "mail", READ, order=25, count=unread))
    commands.register(Command("sequences", _("Sequences"), "sequence-list", "mail-forward", VIEW, 22))
    commands.register(
        Command("message-templates", _("Message templates"), "message-template-list", "template", VIEW, 22)
    )
    commands.register(Command("enrollments", _("Enrolments"), "enrollment-list", "users", "leads.view_enrollment", 22))
    commands.register(Command("sent-mails", _("Sent mails"), "sent-message-list", "send", "leads.view_sentmessage", 22))
    commands.register(Command("replies", _("Replies"), "reply-inbox", "mail", READ, 21))
    create_menu.register(
        CreateItem("sequence", _("Sequence"), "sequence-new", "mail-forward", "leads.add_sequence", order=26)
    )
    day_items.register(DaySource("leads.replies", replies_today, READ, order=15))
    timeline_sources.register(TimelineSource("leads.mails", mails_on))
    see = "leads.view_enrollment"
    panels.register(Panel("leads.sequences", "leads.lead", _("Sequences"), _of_lead, 8, see))
    panels.register(Panel("leads.sequences_of_contact", "accounts.contact", _("Sequences"), _of_contact, 8, see))
    sent = "leads.view_sentmessage"
    panels.register(Panel("leads.mails_of_document", "accounts.document", _("Sent to"), _of_document, 8, sent))

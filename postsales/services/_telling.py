"""Who is told that a case misses its level of service."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from postsales.models import SlaBreach, SupportCase
from revops.core import clock
from revops.users.selectors import manager_of
from revops.users.services import notify

MISSED = {
    SlaBreach.Target.RESPONSE: _("{number} waits too long for its first answer"),
    SlaBreach.Target.RESOLUTION: _("{number} waits too long for its solution"),
}


def breached(case: SupportCase, breach: SlaBreach) -> None:
    """The case's owner and the manager; of a case that nobody has, the account's owner and the manager."""
    holder = case.owner or case.account.owner
    manager = manager_of(holder, clock.today())
    notify(
        to=[person for person in (holder, manager) if person is not None],
        kind="sla.breached",
        title=format_lazy(MISSED[SlaBreach.Target(breach.target)], number=case.number),
        body=case.subject,
        url=case.get_absolute_url(),
        about=case,
        key=f"sla:{case.pk}:{breach.target}",
    )

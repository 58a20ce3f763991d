"""The weekly word about how complete accounts and contacts are."""

from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from accounts.selectors.completeness import completeness
from revops.core import clock
from revops.users.models import User
from revops.users.services import notify


@transaction.atomic
def report_completeness(*, actor: Any = None) -> int:
    """Tell everybody who owns accounts how much of them is known: once a week, however often this runs."""
    week, told = clock.today().isocalendar(), 0
    for owner in User.objects.working().filter(pk__in=Account.objects.active().values("owner")).order_by("pk"):
        facts = [fact for _label, group in completeness(viewer=owner) for fact in group if fact.missing]
        worst = max(facts, key=lambda fact: fact.missing, default=None)
        if worst is not None:
            told += notify(
                to=owner,
                kind="completeness.weekly",
                title=format_lazy(_("{fact} is missing {count} times"), fact=worst.label, count=str(worst.missing)),
                url=reverse("completeness"),
                key=f"completeness:{week.year}-{week.week}",
            )
    return told

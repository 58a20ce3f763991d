"""How much is known of accounts and contacts, and which rows lack what."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, CapturedParticipant, Contact

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

ACCOUNT_FACTS = (
    ("website", _("Web site")),
    ("phone", _("Phone")),
    ("industry", _("Industry")),
    ("country", _("Country")),
)
CONTACT_FACTS = (("email", _("E-mail")), ("phone", _("Phone")), ("role", _("Role")), ("title", _("Title")))


@dataclass(frozen=True)
class Known:
    """Of how many rows one fact is known; `url` opens those of which it is not."""

    label: "StrOrPromise"
    known: int
    total: int
    url: str

    @property
    def missing(self) -> int:
        return self.total - self.known


def captured_list(*, viewer: Any) -> QuerySet[CapturedParticipant]:
    """Who took part and is no contact yet, newest first."""
    return CapturedParticipant.objects.visible_to(viewer).select_related("account", "activity").order_by("-pk")


def without_contact(rows: QuerySet[Account]) -> QuerySet[Account]:
    """Accounts at which nobody is known."""
    return rows.filter(~Exists(Contact.objects.active().filter(account=OuterRef("pk"))))


def completeness(*, viewer: Any) -> list[tuple["StrOrPromise", list[Known]]]:
    """Accounts and contacts that the viewer sees: what is known of how many. Three queries."""
    accounts = Account.objects.visible_to(viewer).active()
    contacts = Contact.objects.visible_to(viewer).active()
    of_accounts = _known(accounts, ACCOUNT_FACTS, reverse("account-list"))
    total = of_accounts[0].total
    lonely = without_contact(accounts).order_by().count()
    someone = Known(_("A contact"), total - lonely, total, f"{reverse('account-list')}?without=contact")
    return [
        (_("Accounts"), [*of_accounts, someone]),
        (_("Contacts"), _known(contacts, CONTACT_FACTS, reverse("contact-list"))),
    ]


def _known(rows: QuerySet[Any], facts: Any, address: str) -> list[Known]:
    counts = rows.order_by().aggregate(
        total=Count("pk"), **{f"has_{name}": Count("pk", filter=~Q(**{name: ""})) for name, _label in facts}
    )
    total = counts["total"]
    return [Known(label, counts[f"has_{name}"], total, f"{address}?without={name}") for name, label in facts]

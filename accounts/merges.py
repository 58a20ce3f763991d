"""What becomes of what hangs on accounts and contacts when two of them are merged."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import services
from accounts.keys import account_keys, contact_keys
from accounts.models import Account, CapturedParticipant, Contact
from revops.core import clock
from revops.core.merging import REVERSIBLE
from revops.core.models import MergeRecord
from revops.core.registries import (
    MergeKind,
    MergeRelation,
    Panel,
    Step,
    merge_kinds,
    merge_relations,
    merge_steps,
    panels,
)
from revops.users.models import RecordShare

ACCOUNT_FIELDS = (
    *("name", "kind", "owner", "territory", "channel", "industry", "tier", "segment", "employees", "annual_revenue"),
    *("year_established", "website", "phone", "street", "city", "postal_code", "state", "country", "external_id"),
)
CONTACT_FIELDS = (*("first_name", "last_name", "title", "email", "phone", "role", "owner", "external_id"),)
FOREIGN = {"external_id": ("external_system",)}


def register() -> None:
    """Called once, when the app is ready."""
    merge_kinds.register(
        MergeKind(
            "accounts.account",
            Account,
            _("Accounts"),
            ACCOUNT_FIELDS,
            "accounts.merge_account",
            services.merge_accounts,
            services.take_apart,
            account_keys,
            "account-merge",
            alias_follows=("owner",),
            joined={"annual_revenue": ("currency",), **FOREIGN},
            order=30,
        )
    )
    merge_kinds.register(
        MergeKind(
            "accounts.contact",
            Contact,
            _("Contacts"),
            CONTACT_FIELDS,
            "accounts.merge_contact",
            services.merge_contacts,
            services.take_apart,
            lambda contact: contact_keys(contact, contact.account.country),
            "contact-merge",
            joined=FOREIGN,
            order=20,
        )
    )
    merge_card("accounts.account")
    merge_card("accounts.contact")
    merge_steps.register(Step("accounts.one_account", services.refuse_other_account, topic="accounts.contact.before"))
    _decide_relations()


def _decide_relations() -> None:
    # Who was decided about weighs more than who still waits.
    merge_relations.register(
        MergeRelation(
            "accounts.capturedparticipant.account",
            rank=lambda row: row.state != CapturedParticipant.State.PENDING,
        )
    )
    # The alias is in no territory; what was planned for it is planned for it.
    merge_relations.register(MergeRelation("accounts.territoryassignment.account", stays=True))
    merge_relations.register(MergeRelation("accounts.territorychange.account", stays=True))
    for key in ("accountdocument.record", "contactdocument.record", "contactrole.contact"):
        merge_relations.register(MergeRelation(f"accounts.{key}", rank=as_it_is))
    merge_relations.register(MergeRelation("accounts.accountshare.record", rank=more_rights))


def merge_card(kind: str) -> None:
    """A card on the record page of a kind: what was merged into it lately, to be taken apart."""

    def lately(record: Any, _user: Any) -> bool:
        rows = MergeRecord.objects.standing().filter(model=kind, winner_id=record.pk)
        return rows.filter(merged_at__gte=clock.now() - REVERSIBLE).exists()

    panels.register(
        Panel(
            f"accounts.merges.{kind}",
            kind,
            _("Merged"),
            url=lambda record: reverse("merge-panel", args=[kind, record.pk]),
            order=5,
            icon="git-merge",
            when=lately,
            top=True,
        )
    )


def as_it_is(_row: Any) -> int:
    """One of two equal ones is enough."""
    return 0


def more_rights(share: Any) -> bool:
    """Nobody loses by a merge."""
    return bool(share.level == RecordShare.Level.EDIT)

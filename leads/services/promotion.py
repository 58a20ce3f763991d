"""Promotion partners and the deals that they register: first come, first protected, for 90 days."""

from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.keys import domain_of, email_key, name_key
from accounts.models import Account
from accounts.validation import refuse_invalid, refuse_unknown, tidy
from leads.events import RegistrationDecided
from leads.models import DealRegistration, Lead, PartnerContact, PromotionPartner
from leads.selectors.promotion import blocker_of
from leads.services.leads import create_lead
from revops.core import audit, clock, merging, outbox
from revops.core.errors import IllegalState, InvalidInput, MissingFields
from revops.core.money import coin
from revops.core.scope import require
from revops.core.status import advance, edit, lock
from revops.users import services as users
from revops.users.models import User

PROTECTED_DAYS = 90
PARTNER_FIELDS = ("name", "tier", "fee_pct", "website", "owner", "is_active")
FACTS = ("company", "website", "contact_name", "email", "phone", "amount", "currency", "note")
SOURCE = "promotion_partner"
_LOCK = 7_201_044  # registrations of one company wait for each other
Status = DealRegistration.Status


@transaction.atomic
def create_partner(*, actor: Any, name: str, **fields: Any) -> PromotionPartner:
    """A company that promotes what we sell."""
    if actor is not None:
        require(actor, "leads.add_promotionpartner")
    refuse_unknown(fields, PARTNER_FIELDS)
    partner = PromotionPartner(**tidy({"name": name, "owner": actor, **fields}))
    _check_partner(partner)
    partner.save(force_insert=True)
    audit.record("partner.created", partner, actor=actor)
    return partner


@transaction.atomic
def update_partner(*, partner: PromotionPartner, version: int | None, actor: Any, **changes: Any) -> PromotionPartner:
    """Another tier or fee, or no partner any more: then nobody of theirs opens the partner's view."""
    require(actor, "leads.change_promotionpartner")
    refuse_unknown(changes, PARTNER_FIELDS)
    partner = lock(partner, version)
    wanted = tidy(changes)
    facts = {name: wanted.get(name, getattr(partner, name)) for name in PARTNER_FIELDS}
    _check_partner(PromotionPartner(pk=partner.pk, **facts))
    changed = edit(partner, wanted)
    if changed:
        audit.record("partner.changed", partner, actor=actor, changed=changed)
    return partner


def _check_partner(partner: PromotionPartner) -> None:
    refuse_invalid(partner, PARTNER_FIELDS)
    if not 0 <= partner.fee_pct <= 100:
        raise InvalidInput.of(fee_pct=_("A fee is 0 to 100 per cent."))
    if PromotionPartner.objects.filter(name__iexact=partner.name).exclude(pk=partner.pk).exists():
        raise InvalidInput.of(name=_("There is a partner of this name."))


@transaction.atomic
def add_partner_contact(
    *, partner: PromotionPartner, actor: Any, name: str, email: str = "", phone: str = ""
) -> PartnerContact:
    """Somebody whom we know at a partner."""
    require(actor, "leads.change_promotionpartner")
    contact = PartnerContact(partner=lock(partner), **tidy({"name": name, "email": email, "phone": phone}))
    refuse_invalid(contact, ("name", "email", "phone"))
    contact.save(force_insert=True)
    audit.record("partner.contact_added", partner, actor=actor, contact=contact)
    return contact


@transaction.atomic
def open_partner_view(*, contact: PartnerContact, actor: Any, password: str | None = None) -> PartnerContact:
    """Give a contact a login that opens the partner's view and nothing else.

    Without a password they set one themselves: “Forgot it?” on the page to sign in sends the link.
    """
    require(actor, "leads.change_promotionpartner")
    contact = lock(contact)
    if contact.user_id is not None:
        raise IllegalState("illegal_state", _("This person has a login already."))
    address = email_key(contact.email)
    if not address:
        raise MissingFields(_("A login needs an e-mail address."), ["email"])
    first, _blank, last = contact.name.rpartition(" ")
    # The right to do so is the partner's, asked above; the person is made as the product makes any.
    user = users.create_user(
        actor=None,
        username=address[:150],
        email=address,
        password=password,
        first_name=first[:150],
        last_name=last[:150],
        is_portal=True,
    )
    edit(contact, {"user": user})
    audit.record("partner.login_opened", contact.partner, actor=actor, contact=contact)
    return contact


@transaction.atomic
def close_partner_view(*, contact: PartnerContact, actor: Any) -> PartnerContact:
    """The login ends at once; what they registered stays."""
    require(actor, "leads.change_promotionpartner")
    contact = lock(contact)
    if contact.user_id is None:
        return contact
    user = lock(User.objects.get(pk=contact.user_id))
    edit(user, {"is_active": False, "email": ""})
    edit(contact, {"user": None})
    audit.record("partner.login_closed", contact.partner, actor=actor, contact=contact)
    return contact


# Registrations -------------------------------------------------------------------------------


@transaction.atomic
def register_deal(*, partner: PromotionPartner, actor: Any, **facts: Any) -> DealRegistration:
    """A partner claims a company. Where another claim protects it, this one is rejected and says until when."""
    refuse_unknown(facts, FACTS)
    _refuse_stranger(partner, actor)
    row = DealRegistration(partner=partner, submitted_by=actor, **tidy(facts))
    row.protected_from = clock.today()
    row.protected_until = row.protected_from + timedelta(days=PROTECTED_DAYS)
    _check(row)
    _one_at_a_time(row)
    other = blocker_of(row)
    if other is not None and other.partner_id == partner.pk:
        raise IllegalState(
            "registered_already", _("You registered this company on %(on)s.") % {"on": other.protected_from}
        )
    row.account = _known_account(row)
    if other is not None:
        row.status, row.decided_at = Status.REJECTED, clock.now()
        row.reason = f"protected_until={other.protected_until.isoformat()}"
    row.save(force_insert=True)
    audit.record("registration.submitted", row, actor=actor, status=row.status, reason=row.reason)
    if other is not None:
        outbox.publish(RegistrationDecided(registration_id=row.pk, status=row.status))
    return row


def _refuse_stranger(partner: PromotionPartner, actor: Any) -> None:
    if not partner.is_active:
        raise IllegalState("illegal_state", _("This partner is not active."))
    if actor is not None and not (actor.is_portal and partner.contacts.filter(user=actor).exists()):
        require(actor, "leads.add_dealregistration")


def _check(row: DealRegistration) -> None:
    refuse_invalid(row, FACTS)
    row.name_key, row.domain = name_key(row.company), domain_of(row.website) or domain_of(row.email)
    if not row.name_key:
        raise InvalidInput.of(company=_("Write the company's name."))
    if row.amount is not None and (row.amount < 0 or row.amount % coin(row.currency)):
        raise InvalidInput.of(amount=_("An amount is 0 or more, and no finer than a coin."))


def _one_at_a_time(row: DealRegistration) -> None:
    """Two partners who register one company in the same second: the second waits and finds the first."""
    with connection.cursor() as cursor:
        for key in sorted({f"n:{row.name_key}", f"d:{row.domain}"}):
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, key])


def _known_account(row: DealRegistration) -> Account | None:
    if row.domain:
        same = list(Account.objects.active().filter(domain=row.domain).order_by("pk")[:2])
        # Two that become one in this very moment are one.
        same = merging.standing_all(same)
        return same[0] if len(same) == 1 else None
    return None


@transaction.atomic
def approve_registration(*, registration: DealRegistration, version: int | None, actor: Any) -> DealRegistration:
    """It is theirs. The lead that comes of it goes to whose turn it is."""
    require(actor, "leads.decide_dealregistration")
    row = lock(registration, version)
    if row.status == Status.SUBMITTED and row.protected_until < clock.today():
        raise IllegalState("illegal_state", _("Its 90 days are over. They may register it again."))
    advance(row, Status.APPROVED, DealRegistration.TRANSITIONS)
    row.lead, row.decided_at, row.decided_by = _lead_for(row, actor), clock.now(), actor
    row.save(update_fields=["status", "lead", "decided_at", "decided_by", "version", "updated_at"])
    audit.record("registration.approved", row, actor=actor, lead=row.lead)
    outbox.publish(RegistrationDecided(registration_id=row.pk, status=row.status))
    return row


def _lead_for(row: DealRegistration, actor: Any) -> Lead:
    """The open lead of this e-mail address that no other partner has; else a new one."""
    known = Lead.objects.open().filter(email_key=email_key(row.email), archived_at=None, registration=None)
    found = known.order_by("-pk").first()
    found = merging.lock_standing(found) if found is not None else None  # somebody may be converting it
    free = found is not None and found.status in Lead.OPEN and found.archived_at is None
    if found is not None and free and not DealRegistration.objects.filter(lead=found).exists():
        return found
    first, _blank, last = row.contact_name.rpartition(" ")
    return create_lead(
        actor=actor,
        allow_duplicate=True,
        route=True,
        first_name=first[:80],
        last_name=last[:80],
        company=row.company,
        website=row.website,
        email=row.email,
        phone=row.phone,
        source=SOURCE,
    )


@transaction.atomic
def reject_registration(
    *, registration: DealRegistration, version: int | None, actor: Any, reason: str
) -> DealRegistration:
    """Not theirs, and why."""
    require(actor, "leads.decide_dealregistration")
    row = lock(registration, version)
    if not reason.strip():
        raise MissingFields(_("Say why it is rejected."), ["reason"])
    advance(row, Status.REJECTED, DealRegistration.TRANSITIONS)
    row.reason, row.decided_at, row.decided_by = reason.strip()[:400], clock.now(), actor
    row.save(update_fields=["status", "reason", "decided_at", "decided_by", "version", "updated_at"])
    audit.record("registration.rejected", row, actor=actor, reason=row.reason)
    outbox.publish(RegistrationDecided(registration_id=row.pk, status=row.status))
    return row


@transaction.atomic
def convert_registration(*, lead: Lead, actor: Any) -> DealRegistration | None:
    """Its lead became a deal: the registration is kept for good."""
    found = DealRegistration.objects.filter(lead=lead, status=Status.APPROVED).first()
    if found is None:
        return None
    row = lock(found)
    advance(row, Status.CONVERTED, DealRegistration.TRANSITIONS)
    row.converted_at = clock.now()
    row.save(update_fields=["status", "converted_at", "version", "updated_at"])
    audit.record("registration.converted", row, actor=actor)
    outbox.publish(RegistrationDecided(registration_id=row.pk, status=row.status))
    return row


@transaction.atomic
def expire_registrations(*, actor: Any = None, limit: int = 500) -> int:
    """Approved ones whose days are over; says how many. Run again it finds none."""
    due = DealRegistration.objects.filter(status=Status.APPROVED, protected_until__lt=clock.today())
    rows = list(due.select_for_update(skip_locked=True).order_by("pk")[:limit])
    for row in rows:
        advance(row, Status.EXPIRED, DealRegistration.TRANSITIONS)
        row.save(update_fields=["status", "version", "updated_at"])
        audit.record("registration.expired", row, actor=actor)
        outbox.publish(RegistrationDecided(registration_id=row.pk, status=row.status))
    return len(rows)

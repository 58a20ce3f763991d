"""From lead to deal: account, contact and opportunity come into being together, once, however often it is asked."""

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts import services as accounts_services
from accounts.keys import email_key
from accounts.models import Account, Contact
from leads import services as leads_services
from leads.models import Handoff, Lead
from leads.selectors.handoffs import may_decide
from opportunities.models import Opportunity
from opportunities.services.needs import carry_needs
from opportunities.services.opportunities import open_deal
from opportunities.services.team import SDR, add_team_member
from revops.core.custom import values as custom_values
from revops.core.errors import IllegalState, NotAllowed, StaleCopy
from revops.core.scope import reach_ids, require
from revops.core.status import lock
from revops.users.models import User


@transaction.atomic
def accept_handoff(*, handoff: Handoff, version: int | None, actor: User) -> Opportunity:
    """Take over a qualified lead. Accepting again, or at the same time, returns the same opportunity."""
    require(actor, "leads.decide_handoff", _("Your role does not take over leads."))
    lead = lock(handoff.lead)  # first, as whatever else ends a handoff does
    handoff = lock(handoff)
    if not may_decide(handoff, actor):
        raise NotAllowed(_("Only %(name)s or a manager answers this handoff.") % {"name": handoff.to_user})
    if handoff.status == Handoff.Status.ACCEPTED:
        return lead.opportunity
    if version is not None and handoff.version != version:
        raise StaleCopy(handoff, version)
    if handoff.status != Handoff.Status.SUBMITTED:
        raise IllegalState(
            "handoff_closed",
            _("This handoff is %(status)s already.") % {"status": handoff.get_status_display().lower()},
        )
    opportunity = _convert(lead, handoff, actor)
    if handoff.from_user_id != opportunity.owner_id:
        add_team_member(opportunity=opportunity, user=handoff.from_user, role=SDR, actor=None)
    return opportunity


@transaction.atomic
def convert_lead(*, lead: Lead, version: int | None, actor: User) -> Opportunity:
    """A rep takes a qualified lead of his own over himself. Converting again returns the same opportunity."""
    require(actor, "opportunities.add_opportunity", _("Your role does not open opportunities."))
    lead = lock(lead)
    if lead.status == Lead.Status.CONVERTED:
        return lead.opportunity
    if version is not None and lead.version != version:
        raise StaleCopy(lead, version)
    _refuse_conversion(lead, actor)
    return _convert(lead, None, actor)


def _refuse_conversion(lead: Lead, actor: User) -> None:
    ids = reach_ids(actor)
    if lead.owner_id is None or (ids is not None and lead.owner_id not in ids):
        raise NotAllowed(_("Only its owner converts a lead."))
    waiting = Handoff.objects.waiting().filter(lead=lead).select_related("to_user").first()
    if waiting is not None:
        raise IllegalState(
            "handoff_waits", _("This lead waits for the answer of %(name)s.") % {"name": waiting.to_user}
        )
    if lead.status != Lead.Status.QUALIFIED:
        raise IllegalState(
            "not_qualified",
            _("This lead is %(status)s: only a qualified lead is converted.")
            % {"status": lead.get_status_display().lower()},
        )


def _convert(lead: Lead, handoff: Handoff | None, actor: User) -> Opportunity:
    account = _account(lead, actor)
    contact = _contact(lead, account, actor)
    opportunity = open_deal(
        actor=actor,
        owner=actor,
        name=lead.company or lead.name,
        lead=lead,
        values={
            "account": account,
            "contact": contact,
            "source": lead.source,
            "currency": account.currency,
            "custom": custom_values.carried(lead, Opportunity),
        },
    )
    carry_needs(lead=lead, opportunity=opportunity, actor=actor)
    # The lead knows account and contact; the deal knows its lead.
    leads_services.settle_accepted_handoff(handoff=handoff, lead=lead, account=account, contact=contact, actor=actor)
    return opportunity


def _account(lead: Lead, actor: User) -> Account:
    """The lead's account; the one account of its domain; else a new one. A name alone never joins two companies."""
    if lead.account is not None:
        return lead.account
    if lead.domain:
        _one_at_a_time(lead.domain)
        same = list(Account.objects.active().filter(domain=lead.domain)[:2])
        if len(same) == 1:
            if not Account.objects.visible_to(actor).filter(pk=same[0].pk).exists():
                accounts_services.tell_owners(rows=same, actor=actor)
            return same[0]
    return accounts_services.create_account(
        actor=actor,
        allow_duplicate=True,  # weighed above; a qualified lead is not refused because a name looks alike
        name=lead.company or lead.name,
        owner=actor,
        kind=Account.Kind.COMPANY if lead.company else Account.Kind.PERSON,
        website=lead.website or lead.domain,
        industry=lead.industry,
        employees=lead.employees,
        country=lead.country,
        phone=lead.phone,
        custom=custom_values.carried(lead, Account),
    )


def _one_at_a_time(domain: str) -> None:
    """Two people of one company, accepted in the same second, become two contacts of one account."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"account of {domain}"])


def _contact(lead: Lead, account: Account, actor: User) -> Contact:
    """The lead's contact; the account's one contact with this address; else a new one."""
    if lead.contact is not None and lead.contact.account_id == account.pk:
        return lead.contact
    key = email_key(lead.email) if lead.email else ""
    if key:
        same = list(Contact.objects.filter(account=account, email_key=key, archived_at__isnull=True)[:2])
        if len(same) == 1:
            return same[0]
    return accounts_services.create_contact(
        actor=actor,
        allow_duplicate=True,
        account=account,
        owner=actor,
        last_name=lead.last_name,
        first_name=lead.first_name,
        title=lead.title,
        email=lead.email,
        phone=lead.phone,
        custom=custom_values.carried(lead, Contact),
    )

"""One record of everything that belongs to alice, made through the services."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile

from accounts.models import AccountDocument, CapturedParticipant
from accounts.services import (
    capture_participants,
    create_account,
    create_contact,
    log_activity,
    merge_accounts,
    plan_activity,
    upload_document,
)
from forecasting.models import PlanAssignment, Statement
from forecasting.models.ledger import LedgerEntry
from forecasting.models.periods import FiscalPeriod
from forecasting.services.goals import create_goal
from forecasting.services.snapshots import snapshot_pipeline
from forecasting.services.statements import publish_month, review_period
from forecasting.setup import ensure_periods, ensure_plan_p1
from leads.models import DataQualityIssue
from leads.services import (
    ask_enrichment,
    create_campaign,
    create_provider,
    cultivate_lead,
    dismiss_records,
    note_touch,
    open_brief,
    scan_quality,
    set_policy,
)
from leads.setup import ensure_leads
from opportunities import services as deals
from opportunities.setup import ensure_pipeline
from orders import services as orders
from orders.models import Order
from postsales import services as care
from revops.core import clock, jobs, outbox
from revops.integrations.services import create_webhook
from revops.users import services as users
from revops.users.models import Notification, User
from tests.builders import make_price_book, make_product
from tests.cast import Cast
from tests.leads.builders import make_handoff, make_lead, make_qualified_lead
from tests.leads.test_sequence_pages import answered_mail, enrolled, mailed, make_sequence

SECRET = "Zanzibar Quartz"


@dataclass
class World:
    """Keys of alice's records by the first word of the addresses that show them."""

    keys: dict[str, Any] = field(default_factory=dict)


def make_world(cast: Cast) -> World:
    """An account, a lead, a handoff, a deal with quote, order, invoice, payment, case, statement: all alice's."""
    alice, bob, erin = cast.alice, cast.bob, cast.erin
    payer = users.create_user(actor=None, username="paula", roles=("Compensation admin",), first_name="Paula")
    ensure_pipeline()
    ensure_leads()
    last_month = clock.today().replace(day=1) - timedelta(days=1)
    for year in {last_month.year, clock.today().year}:
        ensure_periods(year)
    ensure_plan_p1([alice], actor=payer, first_on=date(last_month.year, 1, 1))
    book = make_price_book(is_default=True)
    product = make_product(price=1000, cost=600, book=book)
    account = create_account(actor=alice, name=f"{SECRET} Works", website="https://zanzibar.example")
    contact = create_contact(actor=alice, account=account, last_name=SECRET, email="z@zanzibar.example")
    deal = deals.create_opportunity(
        actor=alice, name=f"{SECRET} rollout", account=account, contact=contact, amount=Decimal(5000)
    )
    activity = plan_activity(
        actor=alice, kind="call", subject=f"Call {SECRET}", due_at=clock.now() + timedelta(hours=2), account=account
    )
    quote = deals.create_quote(
        actor=alice, opportunity=deal, lines=[{"product": product, "quantity": Decimal(5)}], price_book=book
    )
    quote = deals.submit_quote(quote=quote, version=quote.version, actor=alice)
    quote = deals.send_quote(quote=quote, version=quote.version, actor=alice)
    deals.accept_quote(quote=quote, version=quote.version, actor=alice, accepted_by_name=SECRET)
    outbox.deliver_due()
    order = Order.objects.get(quote=quote)
    earlier = orders.create_order(
        actor=alice, account=account, lines=[{"product": product, "quantity": Decimal(2)}], channel="pos"
    )
    at = clock.now().replace(year=last_month.year, month=last_month.month, day=min(last_month.day, 20))
    orders.book_order(order=earlier, version=earlier.version, actor=None, booked_at=at)
    outbox.deliver_due()
    invoice = orders.draft_invoice(order=order, actor=erin)
    invoice = orders.issue_invoice(invoice=invoice, version=invoice.version, actor=erin)
    note = orders.issue_credit_note(
        invoice=invoice, amount=Decimal(1), reason="Rounding", version=invoice.version, actor=erin
    )
    payment = orders.receive_payment(
        actor=erin, account=account, amount=Decimal(10), currency="USD", reference=f"{SECRET} 1"
    )
    case = care.open_case(actor=bob, account=account, subject=f"{SECRET} case")
    lead = make_lead(alice, last_name=SECRET, company=f"{SECRET} Lead")
    need = deals.add_need(analysis=deals.open_analysis(actor=alice, lead=lead), actor=alice, statement=SECRET)
    plan = cultivate_lead(lead=lead, actor=alice)
    today = clock.today()
    campaign = create_campaign(actor=bob, name="Autumn", code="autumn", starts_on=today, ends_on=today)
    touch = note_touch(actor=bob, campaign=campaign, lead=lead, responded=True, note=SECRET)
    brief = open_brief(actor=alice, lead=lead)
    create_provider(actor=cast.olga, name="Facts", url="https://facts.example/{domain}")
    [question] = ask_enrichment(lead=lead, actor=alice)
    scan_quality(rule_key="lead_no_country")
    row = enrolled(lead, make_sequence(cast.olga), alice)
    mail = mailed(row, to="quartz@zanzibar.example", subject=SECRET)
    answer = answered_mail(row, mail, subject=SECRET, text=SECRET)
    policy = set_policy(actor=alice, contact=contact, reason=SECRET)
    handed = make_handoff(cast.sam, alice)
    pair = dismiss_records(kind="lead", one=lead, other=make_lead(alice, last_name=SECRET), actor=alice)
    double = create_account(actor=alice, name=f"{SECRET} Works Ltd", allow_duplicate=True)
    merge = merge_accounts(winner=account, loser=double, version=None, actor=alice)
    month = FiscalPeriod.objects.months().holding(last_month).get()
    month = review_period(period=month, version=month.version, actor=payer)
    publish_month(period=month, actor=payer)
    snapshot_pipeline()
    goal = create_goal(
        actor=bob, period=FiscalPeriod.objects.months().holding(clock.today()).get(), owner=alice, target=5, name=SECRET
    )
    token, _raw = users.create_token(actor=alice, name="Hers", scopes=["*:read"])
    paper = upload_document(
        actor=alice,
        upload=ContentFile(b"%PDF-1.7 hers", "hers.pdf"),
        title=SECRET,
        link=AccountDocument,
        record=account,
    )
    hook, _secret = create_webhook(
        actor=cast.olga, name=SECRET, url="https://zanzibar.example/", events=["opportunity.moved"]
    )
    log_activity(
        actor=alice, kind="meeting", subject="Kick-off", account=account, attendees=["quartz@zanzibar.example"]
    )
    capture_participants()
    captured = CapturedParticipant.objects.get()
    users.notify(to=alice, kind="job.done", title=f"{SECRET} is ready", url="/")
    notice = Notification.objects.filter(user=alice).latest("pk")
    job = jobs.start(kind=next(iter(jobs._kinds)), actor=alice)
    return World(
        {
            "account": account.pk,
            "contact": contact.pk,
            "activity": activity.pk,
            "lead": lead.pk,
            "member": campaign.members.get().pk,
            "touch": touch.pk,
            "need": need.pk,
            "deal-team": deals.add_team_member(opportunity=deal, user=bob, role="Help", actor=alice).pk,
            "needs": need.analysis_id,
            "cultivation": plan.pk,
            "handoff": handed.pk,
            "research-briefs": brief.pk,
            "enrichment-runs": question.pk,
            "quality-issues": DataQualityIssue.objects.get(lead=lead).pk,
            "enrollment": row.pk,
            "sent-message": row.messages.get().pk,
            "received-message": answer.pk,
            "contact-policies": policy.pk,
            "opportunity": deal.pk,
            "quote": quote.pk,
            "order": order.pk,
            "invoice": invoice.pk,
            "credit": note.pk,
            "payment": payment.pk,
            "case": case.pk,
            "statement": Statement.objects.get(payee=alice).pk,
            "running": alice.pk,
            "ledger": LedgerEntry.objects.filter(payee=alice).order_by("pk")[0].pk,
            "assignment": PlanAssignment.objects.get(user=alice).pk,
            "snapshot": deal.snapshots.get().pk,
            "token": token.pk,
            "document": paper.pk,
            "webhook": hook.pk,
            "job": job.pk,
            "goal": goal.pk,
            "notification": notice.pk,
            "captured": captured.pk,
            "merge": merge.pk,
            "duplicate": pair.pk,
        }
    )


def qualified_lead_of(person: User) -> int:
    """A lead that its owner could convert."""
    return int(make_qualified_lead(person).pk)

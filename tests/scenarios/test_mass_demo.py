"""The demo by the million, at two thousand: what the database, the services and the selectors say of every row."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Count, F, Sum

from accounts.keys import domain_of, email_key, name_key
from accounts.models import Account, Activity, Contact
from forecasting.demo.mass import Size, fill
from forecasting.demo.mass_words import FAMILIES, PAIRS, STEMS, TAILS
from forecasting.demo.names import FIRST
from forecasting.models.credits import Credit
from forecasting.selectors import metrics
from forecasting.selectors.forecast import forecast
from leads.models import FitRule, Lead, QualificationScore
from leads.selectors.scoring import active_scorecard, answers_of, fit_of, judge
from leads.services import score_leads
from opportunities.models import Opportunity, StageHistory
from opportunities.selectors import board
from orders import services as order_services
from orders.models import Invoice, Order, OrderLine, Payment
from orders.selectors.balance import account_balance
from revops.core import clock
from revops.core.money import allocate, money
from revops.core.organisation import month_of
from revops.users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]
MANY = Size(leads=2000, accounts=1500, opportunities=1800, orders=1200)
ZERO = Decimal(0)


class TakeItBack(Exception):
    """Rolls a filling back."""


@contextmanager
def taken_back() -> Iterator[None]:
    with pytest.raises(TakeItBack), transaction.atomic():
        yield
        raise TakeItBack


@pytest.fixture
def filled(db: Any) -> Iterator[dict[str, int]]:
    with time_machine.travel("2026-11-19 10:00+00:00", tick=False):
        yield fill(size=MANY, seed=7)


def picture() -> dict[str, list[Any]]:
    """What the rows say, whoever they belong to by name."""
    return {
        "accounts": list(Account.objects.order_by("pk").values_list("pk", "name", "owner__username", "created_at")),
        "contacts": list(Contact.objects.order_by("pk").values_list("email", "title", "account")),
        "leads": list(
            Lead.objects.order_by("pk").values_list("email", "status", "created_at", "owner__username", "fit__score")
        ),
        "activities": list(Activity.objects.order_by("pk").values_list("pk", "subject", "due_at", "happened_at")),
        "deals": list(
            Opportunity.objects.order_by("pk").values_list(
                "name", "amount", "stage__key", "close_on", "owner__username"
            )
        ),
        "moves": list(StageHistory.objects.order_by("opportunity", "at").values_list("opportunity", "at")),
        "orders": list(Order.objects.order_by("pk").values_list("number", "net", "tax", "cost", "status", "booked_at")),
        "bills": list(Invoice.objects.order_by("pk").values_list("number", "total", "paid", "status")),
        "credits": sorted(Credit.objects.values_list("order", "order_line", "payee__username", "plan_amount")),
    }


def schema() -> list[tuple[str, ...]]:
    """Every index, constraint and switched-on trigger of the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' UNION ALL "
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint UNION ALL "
            "SELECT tgrelid::regclass::text, tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal "
            "ORDER BY 1, 2, 3"
        )
        return list(cursor.fetchall())


def test_equal_seed_and_day_give_equal_rows_and_another_seed_others() -> None:
    with time_machine.travel("2026-11-19 10:00+00:00", tick=False):
        pictures = []
        for seed in (7, 7, 8):
            with taken_back():
                fill(size=Size(300, 300, 300, 300), seed=seed)
                pictures.append(picture())
    assert all(pictures[0].values())
    assert pictures[0] == pictures[1]
    for kind in pictures[0]:
        assert pictures[0][kind] != pictures[2][kind], kind


def test_there_are_as_many_as_were_asked_for_and_the_tables_are_as_they_were(db: Any) -> None:
    before = schema()
    counts = fill(size=MANY, seed=7)
    assert schema() == before
    assert (counts["leads"], counts["accounts"], counts["opportunities"], counts["orders"]) == (2000, 1500, 1800, 1200)
    assert Lead.objects.count() == 2000
    assert Activity.objects.filter(lead_link__isnull=False).count() == 3 * 2000
    assert Contact.objects.count() == counts["contacts"] == 1875
    assert Order.objects.count() == 1200
    assert Order.objects.filter(quote__isnull=False).count() == counts["quotes"] > 100
    assert {status for (status,) in Lead.objects.values_list("status").distinct()} == set(Lead.Status.values)


def test_names_are_enough_for_a_million_and_normal_forms_are_those_of_the_services(filled: Any) -> None:
    assert len(FIRST) * len(FAMILIES) > 100_000
    assert len(set(STEMS)) ** 2 * len(TAILS) * len(PAIRS) > 5_000_000
    assert Account.objects.values("name").distinct().count() > 1490
    for account in Account.objects.all()[:200]:
        assert (account.name_key, account.domain) == (name_key(account.name), domain_of(account.website))
    for lead in Lead.objects.all()[:200]:
        assert (lead.email_key, lead.domain) == (email_key(lead.email), domain_of(lead.website))
    for contact in Contact.objects.select_related("account")[:200]:
        assert contact.email_key == email_key(contact.email)
        assert contact.email.endswith(f"@{contact.account.domain}")


def test_a_few_own_far_more_than_others(filled: Any) -> None:
    shares = list(
        Account.objects.values_list("owner").annotate(n=Count("pk")).order_by("-n").values_list("n", flat=True)
    )
    assert shares[0] > 2 * shares[-1]
    first = Lead.objects.order_by("created_at")[0].created_at
    assert (clock.now() - first).days > 540


def test_scores_are_those_that_the_services_compute(filled: Any) -> None:
    rules, card = list(FitRule.objects.filter(is_active=True)), active_scorecard()
    leads = Lead.objects.select_related("fit").prefetch_related("answers")
    for lead in leads.order_by("pk")[:400]:
        fit = fit_of(lead, rules)
        assert (lead.fit.score, lead.fit.reasons) == (fit.score, fit.reasons)
    scored = QualificationScore.objects.select_related("lead")
    assert scored.count() > 300
    for row in scored:
        verdict = judge(answers_of(row.lead), card)
        assert (row.score, row.qualifies) == (verdict.score, verdict.qualifies)
        assert row.answers == {name: str(value) for name, value in verdict.answers.items()}
    before = list(QualificationScore.objects.order_by("pk").values_list("pk", "computed_at"))
    last: int | None = 0
    while last is not None:
        last = score_leads(after=last)
    assert list(QualificationScore.objects.order_by("pk").values_list("pk", "computed_at")) == before


def test_history_and_log_tell_how_each_record_came_to_be(filled: Any) -> None:
    event: Any = Lead._meta.get_field("events").related_model
    images = dict(event.objects.values_list("pgh_obj_id").annotate(n=Count("pgh_id")))
    for lead in Lead.objects.all():
        assert images.get(lead.pk, 0) == lead.version - 1
    for deal in Opportunity.objects.select_related("stage", "lead"):
        moves = list(deal.stage_history.select_related("from_stage", "to_stage"))
        assert moves[-1].to_stage_id == deal.stage_id
        assert moves[-1].at == deal.stage_entered_at <= clock.now()
        assert [row.from_stage_id for row in moves[1:]] == [row.to_stage_id for row in moves[:-1]]
        assert (deal.probability, deal.category) == (deal.stage.probability, deal.stage.category)
        if deal.lead:
            assert (deal.lead.account_id, deal.lead.status) == (deal.account_id, "converted")
    assert (
        Lead.objects.filter(status="converted").count() == Opportunity.objects.filter(lead__isnull=False).count() > 200
    )


@pytest.mark.spec("INV-03", "INV-06", "INV-21", "INV-23")
def test_each_figure_equals_its_rows(filled: Any) -> None:
    for deal in Opportunity.objects.prefetch_related("splits"):
        rows = list(deal.splits.all())
        assert [row.amount for row in rows] == allocate(deal.amount, [row.percent for row in rows], deal.currency)
    assert Opportunity.objects.annotate(n=Count("splits")).filter(n=2).exists()
    for order in Order.objects.select_related("quote", "opportunity").prefetch_related("lines", "splits"):
        lines = list(order.lines.all())
        assert order.net == sum(row.net for row in lines) == sum(row.amount for row in order.splits.all())
        assert order.tax == sum(row.tax for row in lines)
        assert order.cost == sum((row.unit_cost * row.quantity for row in lines), ZERO)
        assert [row.tax for row in lines] == [money(row.net * row.tax_percent / 100) for row in lines]
        assert [row.net for row in lines] == [row.quantity * row.unit_price for row in lines]
        if order.quote:
            assert order.quote.total == order.total
            assert order.opportunity.amount == order.net
    credited = Credit.objects.values("order_line").annotate(s=Sum("amount"))
    nets = dict(OrderLine.objects.exclude(order__status="cancelled").values_list("pk", "net"))
    assert {row["order_line"]: row["s"] for row in credited} == nets
    for bill in Invoice.objects.all():
        assert bill.total == sum(row.net + row.tax for row in bill.lines.all()) + bill.shipping == bill.order.total
        assert bill.paid == bill.allocations.aggregate(s=Sum("amount", default=ZERO))["s"]
    assert not Payment.objects.exclude(allocated=F("amount")).exists()
    for account in Account.objects.filter(invoices__isnull=False).distinct()[:50]:
        owed = sum((bill.open_amount for bill in account.invoices.all()), ZERO)
        assert sum((row.balance for row in account_balance(account)), ZERO) == owed


def test_board_forecast_and_dashboard_agree(filled: Any) -> None:
    dana, today = User.objects.get(username="dana"), clock.today()
    month, rows = month_of(today), Opportunity.objects.visible_to(dana)
    won = metrics.total(metrics.won_rows(viewer=dana, span=month, as_of=today))
    assert won == board.rail_totals(rows, month, today, "USD")["won"].sum.amount
    assert forecast(viewer=dana, span=month, as_of=today).total.column("closed") == won


def test_numbers_are_gapless_and_the_next_document_takes_the_next_one(filled: Any) -> None:
    for year in {bill.year for bill in Invoice.objects.all()}:
        taken = list(Invoice.objects.filter(year=year).order_by("sequence").values_list("sequence", flat=True))
        assert taken == list(range(1, len(taken) + 1))
    dana, last = User.objects.get(username="dana"), Order.objects.filter(number__startswith="O-2026").count()
    account = Account.objects.order_by("pk")[0]
    order = order_services.create_order(
        actor=dana,
        account=account,
        currency=account.currency,
        channel="pos",
        lines=[
            {"product": OrderLine.objects.order_by("pk")[0].product, "quantity": Decimal(1), "unit_price": Decimal(5)}
        ],
    )
    assert order.number == f"O-2026-{last + 1:05d}"


def test_the_command_wants_an_empty_database_and_accounts_for_deals(db: Any) -> None:
    with pytest.raises(CommandError, match="need accounts"):
        call_command("load_demo", opportunities=5)
    with pytest.raises(CommandError, match="from 0"):
        call_command("load_demo", leads=-1)
    call_command("load_demo", leads=40, verbosity=0)
    assert (Lead.objects.count(), Account.objects.count()) == (40, 0)
    with pytest.raises(CommandError, match="an empty one"):
        call_command("load_demo", leads=40)

"""The deal desk: which quotes need whose approval, in which order, and what voids it."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from opportunities import services
from opportunities.models import ApprovalRequest, ApprovalRule, ApprovalStep, Quote
from revops.core.errors import IllegalState, InvalidInput, MissingRate, NotAllowed, StaleCopy
from revops.core.models import ExchangeRate
from tests.builders import make_user
from tests.opportunities.quote_builders import decide, make_quote, open_request, submit


@pytest.fixture
def desk(cast):
    return make_user("desk", roles=("Deal desk",))


def asked(quote):
    return [(step.role, step.approver) for step in open_request(quote).steps.order_by("position")]


def test_a_large_deal_with_a_thin_margin_goes_to_deal_desk_finance_and_executive(alice):
    quote = submit(make_quote(alice, 300_000, 22), alice)
    assert quote.status == Quote.Status.IN_APPROVAL
    assert asked(quote) == [("Deal desk", None), ("Finance", None), ("Executive", None)]


def test_a_large_deal_with_a_good_margin_is_approved_at_once(alice):
    quote = submit(make_quote(alice, 300_000, 35), alice)
    assert quote.status == Quote.Status.APPROVED
    assert quote.approved_at
    assert not ApprovalRequest.objects.exists()


def test_a_small_deal_with_a_thin_margin_goes_to_the_manager_only(alice, bob):
    assert asked(submit(make_quote(alice, 100_000, 22), alice)) == [("manager", bob)]


def test_exactly_at_the_limit_needs_nobody_because_the_margin_must_be_below(alice):
    assert submit(make_quote(alice, "250000.00", "30.00"), alice).status == Quote.Status.APPROVED
    assert asked(submit(make_quote(alice, "250000.00", "29.9999"), alice))[0] == ("Deal desk", None)
    assert submit(make_quote(alice, "249999.99", "29"), alice).status == Quote.Status.APPROVED


def test_changing_the_limit_in_the_administration_is_obeyed_by_the_next_quote(alice, olga, client):
    assert submit(make_quote(alice, 200_000, 28), alice).status == Quote.Status.APPROVED
    rule = ApprovalRule.objects.get(priority=10)
    client.force_login(olga)
    address = f"/admin/opportunities/approvalrule/{rule.pk}/change/"
    form = client.get(address).context["adminform"].form
    data = {name: "" if value is None else value for name, value in form.initial.items()}
    data |= {"min_amount": "150000", "approvers": ",".join(rule.approvers), "is_active": "on"}
    answer = client.post(address, data)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    quote = submit(make_quote(alice, 200_000, 28), alice)
    assert [role for role, _who in asked(quote)] == ["Deal desk", "Finance", "Executive"]


def test_the_amount_is_compared_in_the_rules_currency_and_a_missing_rate_is_an_error(alice):
    quote = make_quote(alice, 240_000, 28, currency="EUR")
    with pytest.raises(MissingRate):
        submit(quote, alice)
    assert Quote.objects.get().status == Quote.Status.DRAFT
    ExchangeRate.objects.create(source="EUR", target="USD", on=date(2020, 1, 1), rate=Decimal("1.10"))
    assert submit(quote, alice).status == Quote.Status.IN_APPROVAL
    assert [role for role, _who in asked(quote)][0] == "Deal desk"


def test_steps_are_decided_in_order_and_the_last_yes_approves(alice, desk, erin, dana):
    quote = submit(make_quote(alice, 300_000, 22), alice)
    with pytest.raises(NotAllowed, match="turn"):
        decide(quote, erin)
    assert decide(quote, desk, "fine").status == Quote.Status.IN_APPROVAL
    assert decide(quote, erin).status == Quote.Status.IN_APPROVAL
    done = decide(quote, dana)
    assert done.status == Quote.Status.APPROVED
    request = ApprovalRequest.objects.get()
    assert request.status == ApprovalRequest.Status.APPROVED
    assert [step.decided_by for step in request.steps.all()] == [desk, erin, dana]


@pytest.mark.spec("INV-10")
def test_whoever_submitted_never_approves_and_the_database_agrees(alice, bob, dana, desk):
    quote = submit(make_quote(alice, 300_000, 22), desk)
    with pytest.raises(NotAllowed, match="submitted"):
        decide(quote, desk)
    step = ApprovalStep.objects.get(position=1)
    with pytest.raises(IntegrityError, match="approver_is_not_submitter"), transaction.atomic():
        ApprovalStep.objects.filter(pk=step.pk).update(decided_by=desk)
    mine = submit(make_quote(alice, 100_000, 22), bob)
    assert asked(mine) == [("manager", dana)]
    assert not ApprovalRequest.objects.waiting_for(desk).filter(quote=quote).exists()


@pytest.mark.spec("INV-10")
def test_editing_a_waiting_or_approved_quote_voids_its_approvals(alice, bob):
    quote = submit(make_quote(alice, 100_000, 22), alice)
    edited = services.update_quote(quote=quote, version=quote.version, actor=alice, discount=Decimal(500))
    assert edited.status == Quote.Status.DRAFT
    assert ApprovalRequest.objects.get().status == ApprovalRequest.Status.RECALLED
    with pytest.raises(IllegalState):
        services.send_quote(quote=edited, version=edited.version, actor=alice)
    again = decide(submit(edited, alice), bob)
    assert again.status == Quote.Status.APPROVED
    for change in ({"terms": "60 days"}, {"valid_until": date(2027, 1, 31)}, {"discount": Decimal(1000)}):
        current = Quote.objects.get()
        done = services.update_quote(quote=current, version=current.version, actor=alice, **change)
        assert (done.status, done.approved_at) == (Quote.Status.DRAFT, None)
        decide(submit(done, alice), bob)


def test_a_refusal_needs_a_reason_and_makes_it_a_draft_again(alice, bob):
    quote = submit(make_quote(alice, 100_000, 22), alice)
    with pytest.raises(InvalidInput):
        decide(quote, bob, " ", yes=False)
    assert open_request(quote).steps.get().status == "waiting"
    back = decide(quote, bob, "At least 25 %", yes=False)
    assert back.status == Quote.Status.DRAFT
    step = ApprovalRequest.objects.get().steps.get()
    assert (step.status, step.note, step.decided_by) == ("rejected", "At least 25 %", bob)


def test_a_recalled_submission_asks_nobody_any_more(alice, bob):
    quote = submit(make_quote(alice, 100_000, 22), alice)
    request = open_request(quote)
    assert ApprovalRequest.objects.waiting_for(bob).get() == request
    assert services.recall_quote(quote=quote, version=quote.version, actor=alice).status == Quote.Status.DRAFT
    assert not ApprovalRequest.objects.waiting_for(bob).exists()
    with pytest.raises((IllegalState, StaleCopy)):
        services.approve_quote_step(approval=request, version=request.version, actor=bob)


def test_a_stale_copy_of_a_request_decides_nothing(alice, desk, erin):
    quote = submit(make_quote(alice, 300_000, 22), alice)
    stale = open_request(quote)
    decide(quote, desk)
    with pytest.raises(StaleCopy):
        services.approve_quote_step(approval=stale, version=stale.version, actor=erin)


def test_an_approver_sees_a_quote_of_another_team_and_an_outsider_does_not(alice, erin, charlie, desk):
    quote = submit(make_quote(alice, 300_000, 22), alice)
    assert Quote.objects.visible_to(erin).get() == quote
    assert ApprovalRequest.objects.visible_to(desk).exists()
    assert not ApprovalRequest.objects.visible_to(charlie).exists()


def test_what_is_given_away_at_a_cost_is_under_every_margin(alice, bob):
    quote = make_quote(alice, 1000, 40)
    line = quote.lines.get()
    free = {"product": line.product, "quantity": 1, "discount_percent": Decimal(100)}
    quote = services.update_quote(quote=quote, version=quote.version, actor=alice, lines=[free])
    assert quote.margin is None
    assert asked(submit(quote, alice)) == [("manager", bob)]


def test_only_who_may_set_rules_sets_them(alice, olga):
    make_quote(alice)
    rule = ApprovalRule.objects.get(priority=20)
    with pytest.raises(NotAllowed):
        services.update_approval_rule(rule=rule, version=rule.version, actor=alice, margin_below=Decimal(1))
    with pytest.raises(InvalidInput, match="One or more of"):
        services.update_approval_rule(rule=rule, version=rule.version, actor=olga, approvers=["The boss"])
    done = services.update_approval_rule(rule=rule, version=rule.version, actor=olga, margin_below=Decimal(20))
    assert (done.margin_below, done.version) == (Decimal(20), rule.version + 1)

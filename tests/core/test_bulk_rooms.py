"""What is done with many rows in each room, and its way back; each through the room's own services."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Activity, Contact
from accounts.services import create_contact, plan_activity
from leads import services as lead_services
from leads.models import DisqualifyReason, Lead
from leads.services._assignments import fallback_queue
from opportunities.models import Opportunity
from postsales.models import SupportCase
from postsales.services import open_case
from revops.core.models import AuditEntry, JobRun
from tests.leads.builders import make_lead
from tests.opportunities.builders import make_account, make_deal


class Hand:
    """A person who ticks rows of a list and presses a button, and perhaps presses Undo."""

    def __init__(self, client: Client, person: Any, page: str) -> None:
        client.force_login(person)
        self.client, self.page = client, reverse(page)

    def does(self, action: str, rows: list[Any], **asked: Any) -> dict[str, int]:
        form = {f"{action}-{name}": value for name, value in asked.items()}
        answer = self.client.post(self.page, {"action": action, "pk": [row.pk for row in rows], **form})
        assert answer.status_code == 302, answer.content.decode()[:500]
        return dict(self.job.counts)

    @property
    def job(self) -> JobRun:
        return JobRun.objects.filter(kind="core.bulk").latest("created_at")

    def undoes(self) -> dict[str, int]:
        answer = self.client.post(reverse("core:job-undo", args=[self.job.pk]))
        assert answer.status_code == 302, answer.content.decode()[:500]
        return dict(JobRun.objects.filter(kind="core.bulk_undo").latest("created_at").counts)


def now(*rows: Any) -> list[Any]:
    return [type(row).objects.get(pk=row.pk) for row in rows]


# Leads ------------------------------------------------------------------------------------


def test_leads_are_given_to_somebody_and_go_back_to_person_and_queue(
    client: Client, olga: Any, sam: Any, alice: Any
) -> None:
    mine, waiting = make_lead(sam), make_lead(sam)
    lead_services.return_lead(lead=waiting, owner=None, queue=fallback_queue(), version=None, actor=olga)
    hand = Hand(client, olga, "lead-list")
    assert hand.does("assign", [mine, waiting], owner=alice.pk) == {"changed": 2}
    assert [lead.owner for lead in now(mine, waiting)] == [alice, alice]
    assert hand.undoes() == {"restored": 2}
    assert [(lead.owner, lead.queue) for lead in now(mine, waiting)] == [(sam, None), (None, fallback_queue())]
    assert mine.assignments.filter(is_current=True).count() == 1


def test_leads_are_disqualified_and_are_again_what_they_were(client: Client, sam: Any) -> None:
    new, working = make_lead(sam), make_lead(sam)
    lead_services.start_working(lead=working, version=None, actor=sam)
    hand = Hand(client, sam, "lead-list")
    reason = DisqualifyReason.objects.filter(is_active=True).first()
    assert hand.does("disqualify", [new, working], reason=reason.pk, note="Closed down") == {"changed": 2}
    assert {lead.status for lead in now(new, working)} == {Lead.Status.DISQUALIFIED}
    assert hand.undoes() == {"restored": 2}
    assert [(lead.status, lead.disqualify_reason) for lead in now(new, working)] == [("new", None), ("working", None)]
    assert AuditEntry.objects.filter(action="lead.reopened").count() == 2


def test_only_working_leads_are_nurtured_and_the_others_say_why(client: Client, sam: Any) -> None:
    new, working = make_lead(sam), make_lead(sam)
    lead_services.start_working(lead=working, version=None, actor=sam)
    hand = Hand(client, sam, "lead-list")
    assert hand.does("nurture", [new, working]) == {"refused": 1, "changed": 1}
    assert [lead.status for lead in now(new, working)] == ["new", "nurture"]
    assert "cannot become nurture" in hand.job.bulk_rows.get(outcome="refused").reason
    assert hand.undoes() == {"restored": 1}
    assert [lead.status for lead in now(new, working)] == ["new", "working"]


def test_leads_are_archived_and_come_back(client: Client, sam: Any) -> None:
    leads = [make_lead(sam), make_lead(sam)]
    hand = Hand(client, sam, "lead-list")
    assert hand.does("archive", leads) == {"changed": 2}
    assert all(lead.archived_at for lead in now(*leads))
    assert hand.undoes() == {"restored": 2}
    assert not any(lead.archived_at for lead in now(*leads))


@pytest.mark.parametrize(("field", "value", "was"), [("source", "Fair", ""), ("employees", "12", None)])
def test_a_field_of_leads_is_edited_and_put_back(client: Client, sam: Any, field: str, value: str, was: Any) -> None:
    leads = [make_lead(sam), make_lead(sam)]
    hand = Hand(client, sam, "lead-list")
    assert hand.does("edit", leads, field=field, value=value) == {"changed": 2}
    assert {str(getattr(lead, field)) for lead in now(*leads)} == {value}
    assert hand.undoes() == {"restored": 2}
    assert {getattr(lead, field) for lead in now(*leads)} == {was}


def test_an_outsider_does_nothing_to_anothers_leads(client: Client, sam: Any, charlie: Any) -> None:
    lead = make_lead(sam)
    client.force_login(charlie)
    answer = client.post(
        reverse("lead-list"), {"action": "edit", "pk": [lead.pk], "edit-field": "source", "edit-value": "X"}
    )
    assert answer.status_code == 400 and now(lead)[0].source == ""


# Accounts, contacts, activities -----------------------------------------------------------


@pytest.mark.parametrize("page", ["account-list", "contact-list"])
def test_accounts_and_contacts_change_hands_and_are_archived_and_back(
    client: Client, bob: Any, alice: Any, page: str
) -> None:
    account = make_account(alice)
    row: Account | Contact = account
    if page == "contact-list":
        row = create_contact(actor=alice, account=account, last_name="Moe", owner=alice)
    hand = Hand(client, bob, page)
    assert hand.does("owner", [row], owner=bob.pk) == {"changed": 1}
    assert now(row)[0].owner == bob
    assert hand.undoes() == {"restored": 1} and now(row)[0].owner == alice
    assert hand.does("archive", [row]) == {"changed": 1} and now(row)[0].archived_at
    assert hand.undoes() == {"restored": 1} and now(row)[0].archived_at is None


def test_archived_accounts_are_restored_from_their_own_filter(client: Client, alice: Any) -> None:
    account = make_account(alice)
    hand = Hand(client, alice, "account-list")
    hand.does("archive", [account])
    hand.page += "?archived=true"
    assert hand.does("restore", [account]) == {"changed": 1}
    assert now(account)[0].archived_at is None


def test_activities_are_postponed_each_at_its_hour_and_done_for_good(client: Client, alice: Any) -> None:
    first = plan_activity(actor=alice, kind="call", subject="A", due_at=datetime(2030, 1, 7, 9, 15, tzinfo=UTC))
    second = plan_activity(actor=alice, kind="call", subject="B", due_at=datetime(2030, 1, 8, 16, 0, tzinfo=UTC))
    hand = Hand(client, alice, "activity-list")
    assert hand.does("postpone", [first, second], day="2030-01-14") == {"changed": 2}
    assert [f"{row.due_at:%d %H:%M}" for row in now(first, second)] == ["14 09:15", "14 16:00"]
    assert hand.undoes() == {"restored": 2}
    assert [f"{row.due_at:%d %H:%M}" for row in now(first, second)] == ["07 09:15", "08 16:00"]
    assert hand.does("done", [first, second]) == {"changed": 2}
    assert {row.status for row in now(first, second)} == {Activity.Status.COMPLETED}
    assert client.post(reverse("core:job-undo", args=[hand.job.pk])).status_code in (302, 409)
    assert {row.status for row in now(first, second)} == {Activity.Status.COMPLETED}


# Opportunities ----------------------------------------------------------------------------


def test_deals_move_to_a_stage_and_back_by_their_own_door(client: Client, alice: Any) -> None:
    ready, bare = (
        make_deal(alice, close_on=date(2030, 3, 1)),
        make_deal(alice, amount=None, account=make_account(alice)),
    )
    hand = Hand(client, alice, "opportunity-list")
    counts = hand.does("stage", [ready, bare], stage="pitch")
    assert counts == {"changed": 1, "refused": 1}
    assert [deal.stage.key for deal in now(ready, bare)] == ["pitch", "engage"]
    assert now(ready)[0].stage_history.count() == 2
    assert hand.undoes() == {"restored": 1}
    assert now(ready)[0].stage.key == "engage" and now(ready)[0].stage_history.count() == 3


def test_deals_change_owner_with_their_credit_and_close_date(client: Client, bob: Any, alice: Any) -> None:
    deals = [make_deal(alice, close_on=date(2030, 3, 1)), make_deal(alice)]
    hand = Hand(client, bob, "opportunity-list")
    assert hand.does("owner", deals, owner=bob.pk) == {"changed": 2}
    assert {deal.splits.get().user for deal in now(*deals)} == {bob}
    assert hand.undoes() == {"restored": 2}
    assert {(deal.owner, deal.splits.get().user) for deal in now(*deals)} == {(alice, alice)}
    assert hand.does("close", deals, close_on="2030-06-30") == {"changed": 2}
    assert {deal.close_on for deal in now(*deals)} == {date(2030, 6, 30)}
    assert hand.undoes() == {"restored": 2}
    assert [deal.close_on for deal in now(*deals)] == [date(2030, 3, 1), None]


def test_somebody_joins_the_team_of_many_deals(client: Client, alice: Any, bob: Any) -> None:
    deals = [make_deal(alice), make_deal(alice)]
    Hand(client, bob, "opportunity-list").does("team", deals, user=alice.pk, role="Advises")
    assert {deal.team.get().role for deal in now(*deals)} == {"Advises"}


def test_deals_are_archived_and_come_back(client: Client, alice: Any) -> None:
    deals = [make_deal(alice), make_deal(alice)]
    hand = Hand(client, alice, "opportunity-list")
    assert hand.does("archive", deals) == {"changed": 2}
    assert not Opportunity.objects.filter(archived_at__isnull=True).exists()
    assert hand.undoes() == {"restored": 2}


# Cases ------------------------------------------------------------------------------------


def test_cases_are_given_to_somebody_and_get_another_priority_and_back(client: Client, alice: Any, bob: Any) -> None:
    account = make_account(alice)
    cases = [open_case(actor=None, account=account, subject=f"Question {n}") for n in range(2)]
    hand = Hand(client, alice, "case-list")
    assert hand.does("assign", cases, owner=alice.pk) == {"changed": 2}
    assert {case.owner for case in now(*cases)} == {alice}
    assert hand.undoes() == {"restored": 2} and {case.owner for case in now(*cases)} == {None}
    assert hand.does("priority", cases, priority="P1") == {"changed": 2}
    assert hand.undoes() == {"restored": 2}
    assert set(SupportCase.objects.values_list("priority", flat=True)) == {"P3"}

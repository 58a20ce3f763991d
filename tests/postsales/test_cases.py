"""Cases: opened, answered, solved, reopened; by page and by API; seen by whom they concern."""

from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.urls import reverse

from postsales import services
from postsales.models import CaseComment, CaseStatusLog, SupportCase
from postsales.panels import cases_today
from revops.core import clock
from revops.core.errors import DomainError, IllegalState, InvalidInput, NotAllowed, StaleCopy
from revops.core.models import AuditEntry, OutboxEvent
from revops.users import services as users
from tests.accounts.builders import make_account, make_contact
from tests.builders import make_token
from tests.core.threads import together
from tests.postsales.builders import make_case


@pytest.fixture
def account(alice):
    return make_account(alice, "Northwind")


@pytest.fixture
def case(account):
    return make_case(account, "The pump leaks")


def states(case):
    return list(case.log.values_list("status", flat=True))


# Services ----------------------------------------------------------------------------------


@pytest.mark.spec("PS-06")
def test_a_case_goes_from_new_to_closed_and_every_step_is_in_its_log(case, alice):
    services.reply_case(case=case, body="We look at it.", actor=alice)
    services.ask_customer(case=case, body="Which pump?", actor=alice)
    services.customer_answered(case=case, body="The red one.", actor=alice)
    services.resolve_case(case=case, body="New seal.", actor=alice)
    services.close_case(case=case, actor=alice)
    case.refresh_from_db()
    assert states(case) == ["new", "open", "pending_customer", "open", "resolved", "closed"]
    assert case.first_replied_at and case.resolved_at and case.closed_at
    kinds = list(case.comments.values_list("kind", flat=True))
    assert kinds == ["reply", "reply", "customer", "reply"]
    names = set(OutboxEvent.objects.values_list("name", flat=True))
    assert {"postsales.CaseOpened", "postsales.CaseResolved"} <= names


def test_numbers_are_gapless_and_of_the_year(account):
    with time_machine.travel("2026-12-31T12:00:00Z", tick=False):
        assert [make_case(account).number for _ in range(2)] == ["CASE-2026-00001", "CASE-2026-00002"]
    with time_machine.travel("2027-01-01T12:00:00Z", tick=False):
        assert make_case(account).number == "CASE-2027-00001"


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("subject", {"subject": "  "}),
        ("subject", {"subject": "x" * 201}),
        ("priority", {"priority": "P9"}),
        ("channel", {"channel": "smoke"}),
    ],
)
def test_a_wrong_case_is_refused_at_its_field_and_nothing_happened(account, alice, field, values):
    with pytest.raises(InvalidInput) as refusal:
        services.open_case(**{"actor": alice, "account": account, "subject": "Hello", **values})
    assert refusal.value.errors[0].pointer == field
    assert not SupportCase.objects.exists() and not OutboxEvent.objects.filter(name="postsales.CaseOpened").exists()


def test_the_contact_belongs_to_the_account(account, alice):
    stranger = make_contact(make_account(alice, "Other"))
    with pytest.raises(InvalidInput):
        make_case(account, contact=stranger)


@pytest.mark.spec("INV-90")
def test_steps_that_the_state_does_not_allow_change_nothing(case, alice):
    before = AuditEntry.objects.count(), CaseComment.objects.count(), states(case)
    for act in (
        lambda: services.resolve_case(case=case, body="Done.", actor=alice),
        lambda: services.close_case(case=case, actor=alice),
        lambda: services.reopen_case(case=case, reason="No.", actor=alice),
    ):
        with pytest.raises(IllegalState):
            act()
    assert (AuditEntry.objects.count(), CaseComment.objects.count(), states(case)) == before
    services.ask_customer(case=case, body="Which?", actor=alice)
    with pytest.raises(IllegalState):
        services.ask_customer(case=case, body="Which?", actor=alice)


def test_an_empty_answer_is_refused_and_moves_nothing(case, alice):
    with pytest.raises(InvalidInput):
        services.reply_case(case=case, body="   ", actor=alice)
    case.refresh_from_db()
    assert (case.status, case.first_replied_at) == ("new", None)


@pytest.mark.spec("PS-06")
def test_a_solved_case_is_reopened_within_seven_days_and_not_later(case, alice):
    services.reply_case(case=case, body="Look.", actor=alice)
    services.resolve_case(case=case, body="Done.", actor=alice)
    solved = SupportCase.objects.get().resolved_at
    with time_machine.travel(solved + timedelta(days=7, seconds=1), tick=False), pytest.raises(DomainError) as late:
        services.reopen_case(case=case, reason="Again.", actor=alice)
    assert late.value.code == "too_late_to_reopen"
    with time_machine.travel(solved + timedelta(days=7), tick=False):
        services.reopen_case(case=case, reason="Again.", actor=alice)
    case.refresh_from_db()
    assert (case.status, case.resolved_at) == ("open", None)


def test_who_has_no_right_is_refused(case, erin):
    for act in (
        lambda: services.reply_case(case=case, body="Hi.", actor=erin),
        lambda: services.set_priority(case=case, priority="P1", actor=erin),
        lambda: services.open_case(actor=erin, account=case.account, subject="Hi"),
        lambda: services.set_targets(policy=case.policy, targets=(), actor=erin),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert states(case) == ["new"]


def test_a_stale_copy_is_refused(case, alice):
    services.reply_case(case=case, version=1, body="First.", actor=alice)
    with pytest.raises(StaleCopy):
        services.reply_case(case=case, version=1, body="Second.", actor=alice)
    assert case.comments.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_answer_at_once_one_is_told():
    from tests.cast import make_cast

    alice = make_cast().alice
    case = make_case(make_account(alice))
    answers = together(*[lambda: services.reply_case(case=case, version=1, body="Hi.", actor=alice)] * 2)
    assert sorted(type(answer).__name__ for answer in answers) == ["StaleCopy", "SupportCase"]
    assert states(case) == ["new", "open"]


def test_the_database_keeps_the_log_and_the_dates(case):
    with (
        pytest.raises(DatabaseError, match="case_log_append_only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE postsales_casestatuslog SET status = 'closed'")
    for wrong in ({"status": "open"}, {"status": "resolved"}, {"closed_at": clock.now()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            SupportCase.objects.filter(pk=case.pk).update(**wrong)
    assert CaseStatusLog.objects.get().status == "new"


def test_a_leavers_unsolved_cases_go_to_somebody_else(cast, case):
    solved = make_case(case.account)
    services.reply_case(case=solved, body="Look.", actor=cast.alice)
    services.resolve_case(case=solved, body="Done.", actor=cast.alice)
    users.deactivate_user(user=cast.alice, to=cast.sam, actor=cast.olga)
    case.refresh_from_db()
    solved.refresh_from_db()
    assert (case.owner, solved.owner) == (cast.sam, cast.alice)


def test_the_day_shows_ones_cases_and_not_what_waits(case, alice, cast):
    items = cases_today(alice, clock.today())
    assert [item.title for item in items] == ["The pump leaks"]
    assert cases_today(cast.charlie, clock.today()) == []
    services.ask_customer(case=case, body="Which?", actor=alice)
    assert cases_today(alice, clock.today()) == []


# Pages -------------------------------------------------------------------------------------


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


def act(client, case, key, **data):
    case.refresh_from_db()
    return client.post(reverse("case-act", args=[case.pk, key]), {"version": case.version, **data})


def test_a_case_is_opened_from_the_account_and_worked_on_its_page(page, account, alice):
    contact = make_contact(account, "Reyes")
    assert page.get(reverse("case-new") + f"?account={account.pk}").status_code == 200
    values = {"account": account.pk, "contact": contact.pk, "subject": "It hums", "channel": "phone", "priority": "P2"}
    response = page.post(reverse("case-new"), {**values, "owner": alice.pk})
    case = SupportCase.objects.get()
    assert response["Location"] == case.get_absolute_url()
    assert act(page, case, "reply", body="On it.").status_code == 302
    assert act(page, case, "priority", priority="P3").status_code == 302
    assert act(page, case, "resolve", body="New bolt.").status_code == 302
    text = page.get(case.get_absolute_url()).content.decode()
    assert all(word in text for word in (case.number, "It hums", "On it.", "New bolt.", "First answer", "Solution"))
    assert act(page, case, "close").status_code == 302
    assert page.get(reverse("case-list") + "?unsolved=false").content.decode().count(case.number)


def test_a_form_with_errors_says_which_field(page, account, case):
    assert page.post(reverse("case-new"), {"account": account.pk}).status_code == 422
    response = act(page, case, "reply", body="")
    assert response.status_code == 422 and states(case) == ["new"]
    assert act(page, case, "dance").status_code == 404
    assert page.post(reverse("case-act", args=[case.pk, "reply"]), {"body": "x"}).status_code == 400


def test_a_stale_page_is_409_and_a_wrong_state_goes_back_with_the_reason(page, case):
    act(page, case, "reply", body="First.")
    stale = page.post(reverse("case-act", args=[case.pk, "reply"]), {"version": 1, "body": "Second."})
    assert stale.status_code == 409 and case.comments.count() == 1
    assert act(page, case, "close").status_code == 409


def test_times_are_shown_in_the_time_zone_of_who_looks(page, account, alice):
    with time_machine.travel("2027-01-08T16:30:00Z", tick=False):
        page.force_login(alice)  # a session of November has ended by then
        case = make_case(account, priority="P2")
        assert "8 Jan 2027, 16:30" in page.get(case.get_absolute_url()).content.decode()
        users.update_user(user=alice, actor=None, time_zone="America/New_York")
        text = page.get(case.get_absolute_url()).content.decode()
    assert "8 Jan 2027, 11:30" in text and "due 11 Jan 2027, 04:30" in text


def test_what_is_written_is_shown_as_text(page, account):
    case = make_case(account, "<script>alert(1)</script>", description="<b>bold</b>")
    act(page, case, "note", body="<img src=x onerror=alert(1)>")
    text = page.get(case.get_absolute_url()).content.decode()
    assert "<script>alert(1)" not in text and "<img src=x" not in text and "<b>bold" not in text


def test_the_cases_stand_on_the_accounts_page(page, case):
    text = page.get(case.account.get_absolute_url()).content.decode()
    address = f"{reverse('case-list')}?account={case.account_id}"
    assert address in text
    assert "The pump leaks" in page.get(address + "&panel=1").content.decode()


def test_an_outsider_finds_no_case(client, case, charlie):
    client.force_login(charlie)
    assert client.get(case.get_absolute_url()).status_code == 404
    assert act(client, case, "reply", body="Hi.").status_code == 404
    assert "The pump leaks" not in client.get(reverse("case-list")).content.decode()
    assert client.post(reverse("case-new"), {"account": case.account_id, "subject": "x"}).status_code == 422
    assert states(case) == ["new"]


def test_the_list_costs_the_same_with_more_rows(page, account, django_assert_max_num_queries):
    make_case(account)
    page.get(reverse("case-list"))
    for _ in range(20):
        make_case(account)
    with django_assert_max_num_queries(25):
        assert page.get(reverse("case-list")).status_code == 200


def test_the_list_is_exported_with_its_filter(page, case):
    text = b"".join(page.get(reverse("case-list") + "?export=csv&priority=P3").streaming_content).decode()
    assert "The pump leaks" in text and "Northwind" in text


# API ---------------------------------------------------------------------------------------


@pytest.fixture
def api(client, alice):
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {make_token(alice)}"
    return client


def send(client, url, body=None, **headers):
    return client.post(url, body or {}, content_type="application/json", headers=headers)


def test_a_case_by_api_from_new_to_reopened(api, account):
    with time_machine.travel("2027-01-08T16:30:00Z", tick=False):
        made = send(api, "/api/v1/cases", {"account": account.pk, "subject": "It hums", "priority": "P2"})
        assert made.status_code == 201
        assert made.json()["sla"]["response"] == {
            "due_at": "2027-01-11T09:30:00Z", "state": "running", "allowed_minutes": 60, "remaining_minutes": 60,
        }  # fmt: skip
        url = made["Location"]
        assert send(api, f"{url}/ask", {"body": "Which?"}, if_match=made["ETag"]).json()["status"] == "pending_customer"
        assert send(api, f"{url}/ask", {"body": "Which?"}, if_match=made["ETag"]).status_code == 412
        assert api.get(url).json()["sla"]["resolution"]["due_at"] is None
        assert send(api, f"{url}/customer-answered", {"body": "This."}).json()["status"] == "open"
        assert send(api, f"{url}/note", {"body": "Hm."}).status_code == 200
        assert send(api, f"{url}/assign", {"owner": None}).json()["owner"] is None
        assert send(api, f"{url}/priority", {"priority": "P1"}).json()["priority"] == "P1"
        assert send(api, f"{url}/resolve", {"body": "Done."}).json()["status"] == "resolved"
        assert send(api, f"{url}/resolve", {"body": "Done."}).status_code == 409
        assert send(api, f"{url}/reopen", {"reason": "No."}).json()["status"] == "open"
        patched = api.patch(url, {"subject": "It hums loudly"}, content_type="application/json")
        assert patched.json()["subject"] == "It hums loudly"
        assert api.patch(url, {"status": "closed"}, content_type="application/json").status_code == 422
    assert api.get("/api/v1/cases?unsolved=true&count=exact").json()["count"] == 1


def test_the_api_hides_the_cases_of_others(client, case, charlie, cast):
    raw = {"authorization": f"Bearer {make_token(charlie)}"}
    assert client.get("/api/v1/cases", headers=raw).json()["results"] == []
    assert client.get(f"/api/v1/cases/{case.pk}", headers=raw).status_code == 404
    assert send(client, f"/api/v1/cases/{case.pk}/reply", {"body": "Hi."}, **raw).status_code == 404
    body = {"account": case.account_id, "subject": "Mine"}
    assert send(client, "/api/v1/cases", body, **raw).status_code == 422
    manager = {"authorization": f"Bearer {make_token(cast.bob)}"}
    assert client.get(f"/api/v1/cases/{case.pk}", headers=manager).status_code == 200


def test_policies_are_changed_in_admin_through_the_service(client, olga, case):
    client.force_login(olga)
    address = reverse("admin:postsales_slapolicy_change", args=[case.policy_id])
    page = client.get(address)
    formset = page.context["inline_admin_formsets"][0].formset
    rows = [row for form in formset.forms for row in (form[name] for name in form.fields)]
    head = page.context["adminform"].form
    fields = [*formset.management_form, *rows, *(head[name] for name in head.fields)]
    shown = ((field.html_name, field.value()) for field in fields)
    values = {name: value for name, value in shown if value is not None and value is not False}
    values["targets-1-response_minutes"] = 30
    assert client.post(address, values).status_code == 302
    assert case.policy.targets.get(priority="P2").response_minutes == 30
    assert AuditEntry.objects.filter(action="sla_policy.targets_set").exists()
    for name in ("slapolicy", "slabreach"):
        assert client.get(reverse(f"admin:postsales_{name}_changelist")).status_code == 200

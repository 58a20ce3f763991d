"""Sequences: who may be in one, when a step is done, what ends it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from time_machine import travel

from accounts.models import Activity
from leads import services
from leads.models import ContactPolicy, DisqualifyReason, Enrollment, Lead, SentMessage, Sequence
from leads.selectors.sequences import preview, unread_replies
from leads.selectors.windows import Hours, next_moment
from leads.services.stepping import run_due_steps
from revops.core.errors import DomainError, IllegalState, InvalidInput, MissingFields, NotAllowed, StaleCopy
from revops.core.models import AuditEntry, OutboxEvent
from tests.accounts.builders import make_account, make_contact
from tests.cast import Cast
from tests.leads.builders import enrolled, make_lead, make_sequence, make_template

TUESDAY = datetime(2026, 6, 9, 10, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
Status = Enrollment.Status


def clock_of(lead: Lead, zone: str, actor: Any, **hours: Any) -> ContactPolicy:
    return services.set_policy(lead=lead, time_zone=zone, actor=actor, **hours)


# Drawing up ----------------------------------------------------------------------------------


def test_a_template_refuses_what_it_does_not_know_and_says_what_it_knows(cast: Cast) -> None:
    with pytest.raises(InvalidInput) as refused:
        make_template(cast.bob, body="Dear {fist_name}")
    assert "{fist_name}" in refused.value.message and "{first_name}" in refused.value.message
    template = make_template(cast.bob, subject="{company}", body="{name}: {sender}")
    lead = make_lead(cast.alice, first_name="Ann", last_name="{company}", company="Line\r\nBcc: all@x.example")
    seen = preview(template, lead, cast.alice)
    assert seen.subject == "Line Bcc: all@x.example"
    assert seen.body.startswith("Ann {company}: ")  # a name that looks like a placeholder is a name


def test_a_sequence_is_drawn_up_used_paused_and_put_away(cast: Cast) -> None:
    sequence = services.create_sequence(actor=cast.bob, name="New")
    with pytest.raises(MissingFields):
        services.activate_sequence(sequence=sequence, version=None, actor=cast.bob)
    with pytest.raises(NotAllowed):
        services.create_sequence(actor=cast.erin, name="Mine")
    template = make_template(cast.bob)
    steps = [
        {"day_offset": 0, "kind": "email", "template": template},
        {"day_offset": 4, "kind": "call", "subject": "Ring"},
    ]
    stale = sequence.version
    sequence = services.set_steps(sequence=sequence, steps=steps, version=sequence.version, actor=cast.bob)
    with pytest.raises(StaleCopy):
        services.set_steps(sequence=sequence, steps=steps, version=stale, actor=cast.bob)
    with pytest.raises(InvalidInput) as refused:
        services.set_steps(sequence=sequence, steps=steps[::-1], version=None, actor=cast.bob)
    assert refused.value.errors[0].pointer == "steps.1.day_offset"
    services.activate_sequence(sequence=sequence, version=None, actor=cast.bob)
    with pytest.raises(IllegalState):
        services.set_steps(sequence=sequence, steps=steps, version=None, actor=cast.bob)
    with pytest.raises(IllegalState):
        services.archive_template(template=template, version=None, actor=cast.bob)
    one = enrolled(sequence, make_lead(cast.alice), cast.alice)
    services.archive_sequence(sequence=sequence, version=None, actor=cast.bob)
    one.refresh_from_db()
    assert (one.status, one.next_at) == (Status.STOPPED, None)
    assert sequence.steps.count() == 2


# Enrolling -----------------------------------------------------------------------------------


@pytest.mark.spec("SD-09")
def test_a_lead_that_may_not_be_contacted_is_not_enrolled(cast: Cast, client: Client) -> None:
    sequence, lead = make_sequence(cast.bob), make_lead(cast.alice)
    services.set_policy(lead=lead, do_not_contact=True, reason="By phone", actor=cast.alice)
    with pytest.raises(DomainError) as refused:
        services.enroll(sequence=sequence, leads=[lead], actor=cast.alice)
    assert (refused.value.status, refused.value.code) == (422, "do_not_contact")
    client.force_login(cast.alice)
    body = {"leads": [lead.pk]}
    answer: Any = client.post(f"/api/v1/sequences/{sequence.pk}/enroll", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (422, "do_not_contact")
    assert not Enrollment.objects.exists()
    free = make_lead(cast.alice)
    both = {"leads": [lead.pk, free.pk]}
    answer = client.post(f"/api/v1/sequences/{sequence.pk}/enroll", both, content_type="application/json")
    assert [row["lead"] for row in answer.json()["enrolled"]] == [free.pk]
    assert [(row["lead"], row["code"]) for row in answer.json()["refused"]] == [(lead.pk, "do_not_contact")]


def test_of_many_each_who_cannot_be_enrolled_is_named_with_the_reason(cast: Cast) -> None:
    sequence = make_sequence(cast.bob)
    good, silent = make_lead(cast.alice), make_lead(cast.alice, email="")
    closed = make_lead(cast.alice)
    reason = DisqualifyReason.objects.filter(is_active=True)[0]
    services.disqualify_lead(lead=closed, version=None, actor=cast.alice, reason=reason)
    closed.refresh_from_db()
    objector = make_lead(cast.alice)
    services.set_policy(lead=objector, do_not_contact=True, actor=cast.alice)
    twin = make_lead(cast.alice, email=objector.email, allow_duplicate=True)
    inside = make_lead(cast.alice)
    enrolled(sequence, inside, cast.alice)
    people = [good, silent, closed, twin, inside, good]
    done = services.enroll(sequence=sequence, leads=people, actor=cast.alice)
    assert [row.lead for row in done.enrollments] == [good]
    assert {(row.person.pk, row.code) for row in done.refused} == {
        (silent.pk, "no_email"), (closed.pk, "closed"), (twin.pk, "do_not_contact"), (inside.pk, "already_enrolled"),
    }  # fmt: skip
    assert OutboxEvent.objects.filter(name="leads.EnrollmentStarted").count() == 2
    services.pause_sequence(sequence=sequence, version=None, actor=cast.bob)
    with pytest.raises(IllegalState):
        services.enroll(sequence=sequence, leads=[make_lead(cast.alice)], actor=cast.alice)


def test_an_outsider_neither_sees_nor_stops_an_enrolment(cast: Cast, client: Client) -> None:
    one = enrolled(make_sequence(cast.bob), make_lead(cast.alice), cast.alice)
    client.force_login(cast.charlie)
    assert client.get(f"/api/v1/enrollments/{one.pk}").status_code == 404
    assert client.post(f"/api/v1/enrollments/{one.pk}/stop", headers={"If-Match": '"1"'}).status_code == 404
    one.refresh_from_db()
    assert one.status == Status.ACTIVE


# When ----------------------------------------------------------------------------------------


@pytest.mark.spec("SD-09")
def test_a_step_due_at_three_in_the_night_of_the_person_runs_at_nine(cast: Cast) -> None:
    lead, sequence = make_lead(cast.alice), make_sequence(cast.bob)
    clock_of(lead, "America/Los_Angeles", cast.alice)
    with travel(TUESDAY, tick=False):  # 03:00 in California
        one = enrolled(sequence, lead, cast.alice)
        assert one.next_at == datetime(2026, 6, 9, 16, 0, tzinfo=UTC)  # 09:00 there
        assert run_due_steps() == 0 and not SentMessage.objects.exists()
    with travel(one.next_at - timedelta(seconds=1), tick=False):
        assert run_due_steps() == 0
    with travel(one.next_at, tick=False):
        assert run_due_steps() == 1 and run_due_steps() == 0
    one.refresh_from_db()
    # Three days later is Friday, at nine of their morning again: it was enrolled at three in the night.
    assert (one.next_position, one.next_at) == (2, datetime(2026, 6, 12, 16, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("wanted", "opens", "expected"),
    [
        (
            "2026-03-29T00:30+00:00",
            time(9),
            "2026-03-29T07:00+00:00",
        ),  # nine comes an hour sooner
        ("2026-10-25T00:30+00:00", time(9), "2026-10-25T08:00+00:00"),  # an hour twice: nine comes an hour later
        ("2026-03-29T00:30+00:00", time(2, 30), "2026-03-29T01:30+00:00"),  # half past two is left out: half past three
        ("2026-10-25T00:45+00:00", time(2, 30), "2026-10-25T00:45+00:00"),  # the first half past two
        ("2026-10-25T01:45+00:00", time(2, 30), "2026-10-25T01:45+00:00"),  # and the second
        (
            "2026-10-25T01:15+00:00",
            time(2, 30),
            "2026-10-26T01:30+00:00",
        ),  # a quarter past two again
    ],
)
def test_hours_are_those_of_the_wall_clock_when_the_clocks_change(wanted: str, opens: time, expected: str) -> None:
    hours = Hours(BERLIN, opens, time(17), weekends=True)
    assert next_moment(datetime.fromisoformat(wanted), hours) == datetime.fromisoformat(expected)


@settings(max_examples=15)
@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia"]),
    st.integers(0, 22),
    st.booleans(),
)
def test_the_next_moment_is_never_early_and_always_within_the_hours(
    wanted: datetime, zone: str, opens: int, weekends: bool
) -> None:
    hours = Hours(ZoneInfo(zone), time(opens), time(opens + 1), weekends)
    found = next_moment(wanted, hours)
    local = found.astimezone(hours.zone)
    assert found >= wanted and hours.opens <= local.time() < hours.closes
    assert weekends or local.weekday() < 5
    assert next_moment(found, hours) == found


def test_weekends_wait_unless_the_sequence_runs_at_weekends(cast: Cast) -> None:
    saturday = datetime(2026, 6, 13, 10, 0, tzinfo=UTC)
    with travel(saturday, tick=False):
        one = enrolled(make_sequence(cast.bob), make_lead(cast.alice), cast.alice)
        assert one.next_at == datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
        always = make_sequence(cast.bob, name="Always", on_weekends=True)
        assert enrolled(always, make_lead(cast.alice), cast.alice).next_at == saturday


# Steps ---------------------------------------------------------------------------------------


def test_each_step_comes_once_mails_are_written_and_tasks_planned(cast: Cast) -> None:
    sequence, lead = (
        make_sequence(cast.bob, (0, "email"), (0, "call"), (2, "visit"), (2, "task")),
        make_lead(cast.alice),
    )
    with travel(TUESDAY, tick=False):
        one = enrolled(sequence, lead, cast.alice)
        while run_due_steps():
            pass
        assert SentMessage.objects.get().status == "waiting"
        call = Activity.objects.get(lead_link__lead=lead, status="planned")
        assert (call.kind, call.owner, call.subject) == ("call", cast.alice, "The call of day 0")
    with travel(TUESDAY + timedelta(days=2), tick=False):
        while run_due_steps():
            pass
    one.refresh_from_db()
    assert (one.status, one.next_at) == (Status.FINISHED, None)
    assert sorted(Activity.objects.filter(lead_link__lead=lead).values_list("kind", flat=True)) == [
        "call",
        "task",
        "visit",
    ]
    assert OutboxEvent.objects.filter(name="leads.EnrollmentEnded").count() == 1


def test_a_thousand_due_at_once_cost_as_many_statements_as_ten(cast: Cast) -> None:
    sequence = make_sequence(cast.bob)

    def enroll(number: int, start: int) -> None:
        rows = Lead.objects.bulk_create(
            Lead(
                last_name=f"N{n}",
                company="Many",
                owner=cast.alice,
                email=f"n{n}@many.example",
                email_key=f"n{n}@many.example",
            )
            for n in range(start, start + number)
        )
        with travel(TUESDAY, tick=False):
            services.enroll(sequence=sequence, leads=rows, actor=cast.alice)

    def statements(number: int, start: int) -> int:
        enroll(number, start)
        with (
            travel(TUESDAY, tick=False),
            CaptureQueriesContext(
                connection,
            ) as seen,
        ):
            assert run_due_steps(most=1000) == number
        return len(seen)

    few, many = statements(10, 0), statements(1000, 10)
    assert many <= few + 2  # rows are written in batches of 500
    assert SentMessage.objects.count() == 1010 == len(set(SentMessage.objects.values_list("message_id", flat=True)))


@pytest.mark.django_db(transaction=True)
@pytest.mark.spec("SD-09")
def test_two_jobs_at_once_make_one_mail_of_a_step(cast: Cast) -> None:
    sequence = make_sequence(cast.bob, (0, "email"), on_weekends=True)
    for _number in range(6):
        lead = make_lead(cast.alice)
        clock_of(lead, "UTC", cast.alice, window_from=time(0), window_to=time(23, 59, 59))
        enrolled(sequence, lead, cast.alice)

    def run(_number: int) -> int:
        try:
            return run_due_steps(most=4)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=3) as pool:
        while sum(pool.map(run, range(3))):
            pass
    assert sorted(SentMessage.objects.values_list("enrollment__lead__email_key", flat=True)) == sorted(
        Lead.objects.values_list("email_key", flat=True)
    )


def test_a_paused_person_and_a_paused_sequence_wait_and_go_on(cast: Cast) -> None:
    sequence, lead = make_sequence(cast.bob), make_lead(cast.alice)
    with travel(TUESDAY, tick=False):
        one = services.pause_enrollment(enrollment=enrolled(sequence, lead, cast.alice), version=None, actor=cast.alice)
        services.pause_sequence(sequence=sequence, version=None, actor=cast.bob)
        assert run_due_steps() == 0
        services.resume_enrollment(enrollment=one, version=None, actor=cast.alice)
        assert run_due_steps() == 0
    with travel(TUESDAY + timedelta(hours=12), tick=False):
        services.activate_sequence(sequence=sequence, version=None, actor=cast.bob)
        run_due_steps()  # it is ten at night: the step waits for the morning
        one.refresh_from_db()
        assert one.next_at == datetime(2026, 6, 10, 9, 0, tzinfo=UTC) and not SentMessage.objects.exists()


# What ends it --------------------------------------------------------------------------------


def test_a_lead_that_is_no_lead_any_more_is_written_to_no_more(cast: Cast) -> None:
    sequence, lead = make_sequence(cast.bob), make_lead(cast.alice)
    with travel(TUESDAY, tick=False):
        one = enrolled(sequence, lead, cast.alice)
        run_due_steps()
        reason = DisqualifyReason.objects.filter(is_active=True)[0]
        services.disqualify_lead(lead=lead, version=None, actor=cast.alice, reason=reason)
    one.refresh_from_db()
    assert (one.status, one.messages.get().status) == (Status.STOPPED, "cancelled")
    assert AuditEntry.objects.filter(action="enrollment.ended", object_id=str(one.pk)).exists()


def test_an_objection_ends_everything_for_this_address_and_a_contact_inherits_it(cast: Cast) -> None:
    sequence, lead = make_sequence(cast.bob), make_lead(cast.alice)
    contact = make_contact(make_account(cast.alice), email=lead.email)
    other = make_sequence(cast.bob, name="Other")
    with travel(TUESDAY, tick=False):
        mine = enrolled(sequence, lead, cast.alice)
        theirs = services.enroll(sequence=other, contacts=[contact], actor=cast.alice).enrollments[0]
        run_due_steps()
        services.set_policy(lead=lead, do_not_contact=True, actor=cast.alice)
    for one in (mine, theirs):
        one.refresh_from_db()
        assert (one.status, one.messages.get().status) == (Status.OPTED_OUT, "cancelled")
    inherited = services.inherit_policy(lead=lead, contact=contact, actor=cast.alice)
    assert inherited is not None and inherited.do_not_contact_at is not None
    with pytest.raises(DomainError):
        services.enroll(sequence=sequence, contacts=[contact], actor=cast.alice)


class Story:
    """Days in which people are enrolled, written to, and object; it notes who objected when."""

    def __init__(self, cast: Cast, data: Any) -> None:
        self.cast, self.data, self.told, self.now = cast, data, dict[str, datetime](), TUESDAY
        steps = ((0, "email"), (1, "email"), (2, "email"))
        self.sequence = make_sequence(cast.bob, *steps, name=f"S{Lead.objects.count()}", on_weekends=True)
        self.leads = [make_lead(cast.alice), make_lead(cast.alice)]
        self.leads.append(make_lead(cast.alice, email=self.leads[0].email, allow_duplicate=True))

    def objection(self) -> None:
        lead = self.data.draw(st.sampled_from(self.leads))
        services.set_policy(lead=lead, do_not_contact=True, actor=None)
        self.told.setdefault(lead.email_key, self.now)

    def send(self) -> None:
        for parcel in services.claim_mails(most=self.data.draw(st.integers(1, 4))):
            if self.data.draw(st.booleans()):  # between the claim and the last byte
                self.objection()
            handed = services.hand_mail(parcel=parcel)
            assert handed is None or parcel.to not in self.told
            if handed is not None:
                services.settle_mail(parcel=handed)

    def enroll(self) -> None:
        services.enroll(sequence=self.sequence, leads=self.leads, actor=self.cast.alice)

    def steps(self) -> None:
        run_due_steps()

    def live(self) -> None:
        self.now += timedelta(hours=self.data.draw(st.integers(1, 30)))
        with travel(self.now, tick=False):
            self.data.draw(st.sampled_from([self.enroll, self.steps, self.send, self.send, self.objection]))()


@pytest.mark.spec("INV-75")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_after_an_objection_no_step_ever_leaves(cast: Cast, data: Any) -> None:
    with transaction.atomic():
        story = Story(cast, data)
        with travel(story.now, tick=False):
            story.enroll()
            story.steps()
        for _turn in range(data.draw(st.integers(4, 10))):
            story.live()
        for row in SentMessage.objects.filter(to__in=story.told, handed_at__isnull=False):
            assert row.handed_at is not None and row.handed_at <= story.told[row.to]
        transaction.set_rollback(True)  # what still waits is no part of the next story


@pytest.mark.spec("INV-75")
@pytest.mark.django_db(transaction=True)
def test_a_sender_waits_for_an_objection_that_is_being_written_and_hears_it(cast: Cast) -> None:
    sequence, lead = make_sequence(cast.bob, (0, "email")), make_lead(cast.alice)
    with travel(TUESDAY, tick=False):
        enrolled(sequence, lead, cast.alice)
        run_due_steps()
        parcel = services.claim_mails(most=1)[0]

        def hand() -> Any:
            try:
                return services.hand_mail(parcel=parcel)
            finally:
                connection.close()

        with ThreadPoolExecutor(max_workers=1) as pool:
            with transaction.atomic():
                services.set_policy(lead=lead, do_not_contact=True, actor=None)
                sender = pool.submit(hand)
                while not _somebody_waits():
                    assert not sender.done()  # it must not go past what is being written
            assert sender.result(20) is None
    assert SentMessage.objects.get().status == SentMessage.Status.CANCELLED


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)")
        return bool(cursor.fetchone()[0])


def test_who_leaves_hands_sequences_and_people_over(cast: Cast) -> None:
    sequence = make_sequence(cast.bob)
    one = enrolled(sequence, make_lead(cast.alice), cast.alice)
    assert services.hand_over_sequences(user=cast.bob, to=cast.alice, actor=cast.olga) == 1
    assert services.hand_over_enrollments(user=cast.alice, to=cast.bob, actor=cast.olga) == 1
    one.refresh_from_db()
    assert (one.sender, Sequence.objects.get(pk=sequence.pk).owner) == (cast.bob, cast.alice)
    assert not unread_replies(cast.alice).exists()

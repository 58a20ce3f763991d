"""Working time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from revops.core.errors import DomainError, InvalidInput, NotAllowed
from revops.users import services
from revops.users.calendars import (
    AROUND_THE_CLOCK,
    OpeningHours,
    default_calendar,
    due_after,
    is_business_day,
    opening_hours,
    working_minutes,
    working_time,
)

ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")]
FRIDAY = datetime(2027, 1, 8, 16, 30, tzinfo=UTC)


def office(zone="UTC", holidays=()):
    hours = {day: ((time(9), time(17)),) for day in range(5)}
    return OpeningHours(ZoneInfo(zone), hours, frozenset(holidays))


def test_an_hour_begun_on_friday_at_half_past_four_ends_on_monday(calendar):
    assert due_after(FRIDAY, 60, calendar) == datetime(2027, 1, 11, 9, 30, tzinfo=UTC)
    services.add_holiday(calendar=calendar, on=date(2027, 1, 11), name="Founders' day", actor=None)
    assert due_after(FRIDAY, 60, calendar) == datetime(2027, 1, 12, 9, 30, tzinfo=UTC)


def test_what_ends_with_the_day_is_due_at_closing_and_not_on_the_next_morning(calendar):
    assert due_after(FRIDAY, 30, calendar) == datetime(2027, 1, 8, 17, tzinfo=UTC)


def test_nothing_to_do_is_due_at_once(calendar):
    assert due_after(FRIDAY, 0, calendar) == FRIDAY


def test_around_the_clock_is_plain_time():
    assert due_after(FRIDAY, 90, None) == FRIDAY + timedelta(minutes=90)
    assert working_minutes(FRIDAY, FRIDAY + timedelta(days=7), None) == 7 * 24 * 60


def test_summer_time_neither_gives_nor_takes_working_time():
    # Clocks go forward in the night to Sunday 2027-03-28; office hours stay eight hours long.
    friday = datetime(2027, 3, 26, 16, tzinfo=ZoneInfo("Europe/Berlin"))
    due = due_after(friday, 120, office("Europe/Berlin"))
    assert due == datetime(2027, 3, 29, 10, tzinfo=ZoneInfo("Europe/Berlin"))
    assert due.astimezone(UTC).hour == 8


def test_a_night_shift_works_the_hours_that_there_are():
    nights = OpeningHours(ZoneInfo("Europe/Berlin"), {6: ((time(0), time(6)),)}, frozenset())
    day = lambda d: datetime(2027, *d, tzinfo=ZoneInfo("Europe/Berlin"))  # noqa: E731
    assert working_minutes(day((3, 28)), day((3, 29)), nights) == 5 * 60
    assert working_minutes(day((10, 31)), day((11, 1)), nights) == 7 * 60


def test_overlapping_stretches_count_once():
    twice = OpeningHours(ZoneInfo("UTC"), {0: ((time(9), time(13)), (time(12), time(17)))}, frozenset())
    assert working_minutes(datetime(2027, 1, 11, tzinfo=UTC), datetime(2027, 1, 12, tzinfo=UTC), twice) == 8 * 60


def test_a_calendar_that_never_opens_says_so():
    with pytest.raises(DomainError, match="no working hours"):
        due_after(FRIDAY, 1, OpeningHours(ZoneInfo("UTC"), {}, frozenset()))


stretches = st.tuples(st.integers(0, 23), st.integers(1, 24)).filter(lambda s: s[0] < s[1])
calendars = st.builds(
    lambda zone, weeks, off: OpeningHours(
        zone,
        {
            day: tuple(sorted((time(a), time(b) if b < 24 else time(23, 59)) for a, b in rows))
            for day, rows in weeks.items()
        },
        frozenset(off),
    ),
    st.sampled_from(ZONES),
    st.dictionaries(st.integers(0, 6), st.lists(stretches, min_size=1, max_size=3), min_size=1),
    st.lists(st.dates(date(2026, 1, 1), date(2028, 12, 31)), max_size=5),
)
instants = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))


@settings(max_examples=150, deadline=None)
@given(calendars, instants, st.integers(0, 10_000))
def test_exactly_the_asked_minutes_pass_until_something_is_due(hours, start, minutes):
    due = due_after(start, minutes, hours)
    assert working_time(start, due, hours) == timedelta(minutes=minutes)
    assert timedelta(minutes=minutes) <= due - start


@settings(max_examples=100, deadline=None)
@given(calendars, instants, st.integers(1, 5000), st.integers(1, 5000))
def test_working_time_adds_up_and_due_dates_keep_their_order(hours, start, first, second):
    middle = due_after(start, first, hours)
    assert due_after(middle, second, hours) == due_after(start, first + second, hours)
    end = middle + timedelta(minutes=second)
    assert working_time(start, middle, hours) + working_time(middle, end, hours) == working_time(start, end, hours)


def test_business_days_are_open_days_that_are_no_holidays():
    hours = office(holidays=[date(2027, 1, 11)])
    assert [is_business_day(date(2027, 1, day), hours) for day in (8, 9, 11, 12)] == [True, False, False, True]
    assert is_business_day(date(2027, 1, 9), AROUND_THE_CLOCK)


@pytest.mark.django_db
def test_there_is_one_default_calendar():
    assert default_calendar() == default_calendar()
    other = services.create_calendar(actor=None, name="Manila", time_zone="Asia/Manila", is_default=True)
    assert default_calendar() == other


@pytest.mark.django_db
def test_a_countrys_holidays_fill_a_calendar_once(calendar):
    added = services.fill_holidays(calendar=calendar, country="de", years=[2027], actor=None)
    assert added >= 9
    assert services.fill_holidays(calendar=calendar, country="DE", years=[2027], actor=None) == 0
    assert not is_business_day(date(2027, 5, 1), opening_hours(calendar))
    with pytest.raises(InvalidInput):
        services.fill_holidays(calendar=calendar, country="ZZ", years=[2027], actor=None)


def test_a_rep_may_not_touch_calendars(calendar, alice):
    with pytest.raises(NotAllowed):
        services.set_hours(calendar=calendar, hours=(), actor=alice)
    assert calendar.hours.count() == 5


def test_absences_of_one_person_do_not_overlap(alice, olga):
    from revops.core.errors import IllegalState
    from revops.users.selectors import away

    services.add_absence(user=alice, first=date(2027, 1, 4), last=date(2027, 1, 8), actor=alice)
    with pytest.raises(IllegalState):
        services.add_absence(user=alice, first=date(2027, 1, 8), last=date(2027, 1, 9), actor=olga)
    assert away([alice, olga], date(2027, 1, 8)) == {alice.pk}
    assert away([alice, olga], date(2027, 1, 9)) == set()
    with pytest.raises(NotAllowed):
        services.add_absence(user=olga, first=date(2027, 1, 4), last=date(2027, 1, 8), actor=alice)

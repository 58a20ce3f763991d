"""Fiscal calendar, exchange rates, and who may set them."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revops.core import company, organisation
from revops.core.errors import InvalidInput, MissingRate, NotAllowed, StaleCopy
from revops.core.models import AuditEntry, ExchangeRate, LegalEntity
from revops.core.money import Money
from revops.users.calendars import default_calendar
from tests.core.threads import together

D = Decimal


@pytest.mark.parametrize(
    ("day", "starts_in", "first", "last", "label"),
    [
        (date(2026, 11, 22), 1, date(2026, 10, 1), date(2026, 12, 31), "2026-Q4"),
        (date(2026, 11, 22), 2, date(2026, 11, 1), date(2027, 1, 31), "2027-Q4"),
        (date(2027, 1, 31), 2, date(2026, 11, 1), date(2027, 1, 31), "2027-Q4"),
        (date(2027, 2, 1), 2, date(2027, 2, 1), date(2027, 4, 30), "2028-Q1"),
        (date(2026, 3, 31), 4, date(2026, 1, 1), date(2026, 3, 31), "2026-Q4"),
        (date(2024, 2, 29), 12, date(2023, 12, 1), date(2024, 2, 29), "2024-Q1"),
    ],
)
def test_fiscal_quarters(day, starts_in, first, last, label):
    assert organisation.quarter_of(day, starts_in) == (first, last, label)


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(1, 12))
def test_every_day_is_in_its_month_quarter_and_year_and_they_nest(day, starts_in):
    month, quarter = organisation.month_of(day), organisation.quarter_of(day, starts_in)
    year = organisation.year_of(day, starts_in)
    assert year.first <= quarter.first <= month.first <= day <= month.last <= quarter.last <= year.last
    assert (
        organisation.quarter_of(quarter.first, starts_in) == quarter == organisation.quarter_of(quarter.last, starts_in)
    )
    assert quarter.label.startswith(year.label)


@pytest.fixture
def rates(db):
    for on, rate in ((date(2026, 1, 1), "1.10"), (date(2026, 2, 1), "1.20")):
        company.set_rate(source="EUR", target="USD", on=on, rate=D(rate), actor=None, provider="ECB")


def test_a_missing_rate_is_an_error_and_never_one(rates):
    for source, target, on in (
        ("EUR", "USD", date(2025, 12, 31)),
        ("USD", "EUR", date(2026, 2, 1)),
        ("GBP", "USD", date(2026, 2, 1)),
    ):
        with pytest.raises(MissingRate):
            organisation.convert(Money(D(1), source), target, on)


@pytest.mark.spec("INV-04")
def test_a_converted_amount_says_rate_day_and_source(rates):
    converted = organisation.convert(Money(D("10.05"), "EUR"), "USD", date(2026, 1, 31))
    assert converted == (Money(D("11.06"), "USD"), D("1.10"), date(2026, 1, 1), "ECB")
    assert organisation.convert(Money(D("10.05"), "EUR"), "USD", date(2026, 2, 1)).rate == D("1.20")
    same = organisation.convert(Money(D("10.05"), "EUR"), "EUR", date(1999, 1, 1))
    assert same.money == Money(D("10.05"), "EUR")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("source", "target", "rate"), [("EUR", "EUR", "1"), ("EUR", "USD", "0"), ("EUR", "USD", "-1"), ("EUR", "???", "1")]
)
def test_a_rate_that_is_none_is_refused(source, target, rate):
    with pytest.raises(InvalidInput):
        company.set_rate(source=source, target=target, on=date(2026, 1, 1), rate=D(rate), actor=None)
    assert not ExchangeRate.objects.exists()


@pytest.mark.spec("INV-91")
def test_a_corrected_rate_leaves_before_and_after(rates, erin):
    company.set_rate(source="EUR", target="USD", on=date(2026, 1, 1), rate=D("1.15"), actor=erin)
    row = AuditEntry.objects.filter(action="rate.set").latest("pk")
    assert (row.actor, row.before["rate"][:4], row.after["rate"]) == (erin, "1.10", "1.15")


def test_a_rep_sets_neither_rates_nor_the_company(alice):
    with pytest.raises(NotAllowed):
        company.set_rate(source="EUR", target="USD", on=date(2026, 1, 1), rate=D(1), actor=alice)
    with pytest.raises(NotAllowed):
        company.update_organisation(actor=alice, name="Mine")
    with pytest.raises(NotAllowed):
        company.create_entity(actor=alice, name="Mine", code="M")


def test_the_organisation_is_one_row_with_a_version(olga):
    org = organisation.organisation()
    changed = company.update_organisation(version=org.version, actor=olga, fiscal_year_starts_in=2)
    assert (changed.pk, changed.fiscal_year_starts_in) == (org.pk, 2)
    with pytest.raises(StaleCopy):
        company.update_organisation(version=org.version, actor=olga, fiscal_year_starts_in=3)
    with pytest.raises(InvalidInput):
        company.update_organisation(actor=olga, fiscal_year_starts_in=13)


def test_one_entity_is_the_default(olga):
    first = organisation.default_entity()
    second = company.create_entity(actor=olga, name="GmbH", code="DE", currency="EUR", is_default=True)
    assert organisation.default_entity() == second
    assert LegalEntity.objects.filter(is_default=True).count() == 1
    company.update_entity(entity=first, actor=olga, is_default=True)
    assert organisation.default_entity() == first


@pytest.mark.django_db(transaction=True)
def test_what_is_made_on_first_use_is_made_once_however_many_ask():
    answers = together(*[organisation.default_entity] * 3, *[organisation.organisation] * 3, *[default_calendar] * 3)
    assert len({(type(answer), answer.pk) for answer in answers}) == 3

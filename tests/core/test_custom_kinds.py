"""What each kind of custom field takes, keeps and says."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from leads.models import Lead
from revops.core.custom import values
from revops.core.custom.kinds import BadValue
from revops.core.custom.registry import KINDS, kind_of
from revops.core.errors import InvalidInput
from revops.core.models import CustomField
from revops.core.money import Money

K = CustomField.Kind
CHOICES = [
    {"value": "low", "label": "Low"},
    {"value": "high", "label": "High"},
    {"value": "old", "label": "Old", "retired": True},
]


def a_field(kind: str, **facts: Any) -> CustomField:
    choices = CHOICES if kind in (K.CHOICE, K.CHOICES) else []
    return CustomField(model="leads.lead", key="x", label="X", kind=kind, choices=choices, **facts)


def clean(kind: str, value: Any, before: Any = None) -> Any:
    return values.clean_one(a_field(kind), value, before=before)


def test_every_kind_of_the_model_has_its_rules() -> None:
    assert set(KINDS) == set(K.values)


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        (K.TEXT, "  North ", "North"),
        (K.TEXT, "   ", None),
        (K.LONG_TEXT, "one\ntwo", "one\ntwo"),
        (K.INTEGER, 5, 5),
        (K.INTEGER, "-12", -12),
        (K.INTEGER, Decimal("7"), 7),
        (K.DECIMAL, "12.500", "12.5"),
        (K.DECIMAL, 3, "3"),
        (K.DECIMAL, "1e3", "1000"),
        (K.DECIMAL, "-0.0", "0"),
        (K.DECIMAL, "0.1", "0.1"),
        (K.PERCENT, "60 %", "60"),
        (K.MONEY, {"amount": "12", "currency": "EUR"}, {"amount": "12.00", "currency": "EUR"}),
        (K.MONEY, {"amount": "12.5"}, {"amount": "12.50", "currency": "USD"}),
        (K.MONEY, Money(Decimal("3"), "JPY"), {"amount": "3", "currency": "JPY"}),
        (K.MONEY, {"amount": "", "currency": "EUR"}, None),
        (K.FLAG, True, True),
        (K.FLAG, "no", False),
        (K.DATE, "2026-02-28", "2026-02-28"),
        (K.DATE, date(2026, 1, 2), "2026-01-02"),
        (K.DATETIME, "2026-11-17T14:30:15+02:00", "2026-11-17T12:30:15Z"),
        (K.DATETIME, "2026-11-17T14:30Z", "2026-11-17T14:30:00Z"),
        (K.DATETIME, "0999-01-01T00:00:00Z", "0999-01-01T00:00:00Z"),
        (K.CHOICE, "low", "low"),
        (K.CHOICE, "LOW", "low"),
        (K.CHOICES, ["high", "low", "high"], ["low", "high"]),
        (K.CHOICES, "High; low", ["low", "high"]),
        (K.CHOICES, [], None),
        (K.EMAIL, " ann@example.com ", "ann@example.com"),
        (K.PHONE, "+49 (30) 123-45 ext 6", "+49 (30) 123-45 ext 6"),
        (K.URL, "example.com/a?b=c", "https://example.com/a?b=c"),
        (K.URL, "http://example.com", "http://example.com"),
    ],
)
def test_a_value_is_kept_in_one_form(kind: str, given: Any, kept: Any) -> None:
    stored = clean(kind, given)
    assert stored == kept
    assert type(stored) is type(kept)
    assert kept is None or clean(kind, stored) == kept  # what is stored is a value itself


NONSENSE: list[Any] = [{"a": 1}, [["x"]], [1], object(), b"x", 1.5j]
BAD = [
    (K.TEXT, ["a\x00b", "\ud800", "x" * 256, 5, True, *NONSENSE]),
    (K.LONG_TEXT, ["x" * 10_001, "\x00", 5]),
    (K.INTEGER, ["5.5", 10**15, "1" * 300, True, "NaN", "Infinity", "abc", *NONSENSE]),
    (K.DECIMAL, ["1.1234567", "1e400", "sNaN", "--1", "1,5", False, *NONSENSE]),
    (K.PERCENT, ["1000", "x %"]),
    (K.MONEY, ["12", {"amount": "1.001", "currency": "USD"}, {"amount": "1", "currency": "usd"}, {"currency": "USD"},
               {"amount": "-1"}, {"amount": "1", "currency": ["USD"]}, {"amount": "1", "x": 1}, {"amount": {}}]),
    (K.FLAG, ["perhaps", 2, 0, [True], *NONSENSE]),
    (K.DATE, ["2026-02-30", "17.11.2026", "20261117", "2026-W01-1", 20261117, *NONSENSE]),
    (K.DATETIME, ["2026-11-17", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-13-01T00:00", 5]),
    (K.CHOICE, ["middle", "old", 5, ["low"], *NONSENSE]),
    (K.CHOICES, [["low", "middle"], ["old"], {"low": True}, [None], ["low"] * 200, 5]),
    (K.EMAIL, ["nobody", "a@b@c", "a" * 300 + "@example.com"]),
    (K.PHONE, ["12", "call me", "<script>", "1" * 50]),
    (K.URL, ["javascript:alert(1)", "data:text/html,x", "http://", "ftp://example.com", "https://" + "a" * 500]),
    (K.PERSON, ["alice", 0, -1, 2**40, True, "1" * 12, *NONSENSE]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, given in BAD for value in given])
def test_what_is_no_value_is_refused_with_a_word(kind: str, value: Any) -> None:
    with pytest.raises(BadValue) as refused:
        clean(kind, value)
    assert str(refused.value)


def test_a_retired_choice_stays_where_it_stands_and_is_not_chosen_anew() -> None:
    assert clean(K.CHOICE, "old", before="old") == "old"
    assert clean(K.CHOICES, ["old", "low"], before=["old"]) == ["low", "old"]


@pytest.mark.parametrize(
    ("kind", "stored", "said"),
    [
        (K.DECIMAL, "1234.5", "1,234.5"),
        (K.PERCENT, "60", "60 %"),
        (K.MONEY, {"amount": "12.50", "currency": "EUR"}, "€12.50"),
        (K.FLAG, False, "no"),
        (K.DATE, "2026-11-17", "17 Nov 2026"),
        (K.CHOICE, "old", "Old"),
        (K.CHOICE, "gone", "gone"),
        (K.CHOICES, ["low", "high"], "Low; High"),
    ],
)
def test_a_value_is_said_in_words(kind: str, stored: Any, said: str) -> None:
    assert values.said(a_field(kind), stored) == said


def test_a_value_of_a_former_kind_is_said_as_it_stands() -> None:
    assert values.said(a_field(K.DATE), "soon") == "soon"
    assert values.said(a_field(K.MONEY), "12") == "12"


@pytest.mark.django_db
def test_a_person_is_a_colleague_who_is_with_us(alice: Any, charlie: Any) -> None:
    assert clean(K.PERSON, alice.pk) == alice.pk
    assert clean(K.PERSON, str(alice.pk)) == alice.pk
    assert clean(K.PERSON, alice) == alice.pk
    type(charlie).objects.filter(pk=charlie.pk).update(is_active=False)
    with pytest.raises(BadValue):
        clean(K.PERSON, charlie.pk)
    assert clean(K.PERSON, charlie.pk, before=charlie.pk) == charlie.pk
    assert values.said(a_field(K.PERSON), charlie.pk) == str(charlie)


@pytest.mark.django_db
@pytest.mark.parametrize("given", [[], "text", 5, None, {"nobody": 1}, {"a\x00b": 1}, {"\ud800": 1}, {"x" * 5000: 1}])
def test_unknown_keys_are_refused_by_name(given: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        values.clean(Lead, given)
    pointer = refused.value.errors[0].pointer
    assert pointer.startswith("custom")
    assert len(pointer) < 80
    assert "\x00" not in pointer


def test_typed_values_come_back_as_they_went_in() -> None:
    assert kind_of(a_field(K.DECIMAL)).typed(a_field(K.DECIMAL), "0.1") == Decimal("0.1")
    assert kind_of(a_field(K.MONEY)).typed(a_field(K.MONEY), {"amount": "1.00", "currency": "USD"}) == Money(
        Decimal(1), "USD"
    )

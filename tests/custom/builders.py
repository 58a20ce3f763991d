"""Custom fields for tests, and one example of each kind."""

from typing import Any

from revops.core.custom import services
from revops.core.models import CustomField

K = CustomField.Kind
LEVELS = [{"value": "low", "label": "Low"}, {"value": "mid", "label": "Medium"}, {"value": "high", "label": "High"}]


def make_field(model: str, key: str, kind: str = K.TEXT, **facts: Any) -> CustomField:
    """Made by nobody, as a set-up would; the label is the key unless it is named."""
    if kind in (K.CHOICE, K.CHOICES):
        facts.setdefault("choices", LEVELS)
    facts.setdefault("label", key.replace("_", " ").capitalize())
    return services.create_field(actor=None, model=model, key=key, kind=kind, **facts)


def examples(person: Any) -> dict[str, tuple[str, Any, Any]]:
    """key -> (kind, a value as the API takes it, another one that comes after it)."""
    return {
        "district": (K.TEXT, "North", "South"),
        "notes": (K.LONG_TEXT, "First line\nsecond", "Zulu"),
        "seats": (K.INTEGER, 12, 340),
        "weight": (K.DECIMAL, "0.1", "12.75"),
        "budget": (K.MONEY, {"amount": "1200.50", "currency": "EUR"}, {"amount": "90000.00", "currency": "USD"}),
        "likelihood": (K.PERCENT, "7.5", "60"),
        "newsletter": (K.FLAG, False, True),
        "renewal": (K.DATE, "2026-03-01", "2027-01-31"),
        "met_at": (K.DATETIME, "2026-11-17T12:30:15Z", "2026-12-01T08:00:00Z"),
        "level": (K.CHOICE, "low", "high"),
        "interests": (K.CHOICES, ["low", "high"], ["mid"]),
        "second_mail": (K.EMAIL, "ann@example.com", "zoe@example.com"),
        "hotline": (K.PHONE, "+49 30 12345", "+49 40 99999"),
        "wiki": (K.URL, "https://example.com/a", "https://example.com/z"),
        "engineer": (K.PERSON, person.pk, person.pk),
        "vat_number": (K.VAT, "ATU14243102", "DE136695976"),
        "bank_account": (K.IBAN, "AD1200012030200359100100", "DE89370400440532013000"),
    }


def make_one_of_each(model: str, person: Any, prefix: str = "", **facts: Any) -> dict[str, CustomField]:
    """A field of every kind."""
    return {key: make_field(model, prefix + key, kind, **facts) for key, (kind, _a, _b) in examples(person).items()}

"""Every kind under its name."""

from collections.abc import Mapping

from revops.core.custom import identifiers, kinds, numbers
from revops.core.models import CustomField

KINDS: Mapping[str, kinds.Kind] = {
    CustomField.Kind.TEXT: kinds.Text(),
    CustomField.Kind.LONG_TEXT: kinds.LongText(),
    CustomField.Kind.INTEGER: numbers.Integer(),
    CustomField.Kind.DECIMAL: numbers.DecimalNumber(),
    CustomField.Kind.MONEY: numbers.MoneyKind(),
    CustomField.Kind.PERCENT: numbers.Percent(),
    CustomField.Kind.FLAG: kinds.Flag(),
    CustomField.Kind.DATE: numbers.Date(),
    CustomField.Kind.DATETIME: numbers.Instant(),
    CustomField.Kind.CHOICE: kinds.Choice(),
    CustomField.Kind.CHOICES: kinds.Choices(),
    CustomField.Kind.EMAIL: kinds.Email(),
    CustomField.Kind.PHONE: kinds.Phone(),
    CustomField.Kind.URL: kinds.Url(),
    CustomField.Kind.PERSON: kinds.Person(),
    CustomField.Kind.VAT: identifiers.VatNumber(),
    CustomField.Kind.IBAN: identifiers.Iban(),
}


def kind_of(field: CustomField) -> kinds.Kind:
    return KINDS[field.kind]

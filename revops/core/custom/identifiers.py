"""The kinds of custom field whose values check themselves: VAT numbers of the European Union, bank accounts."""

from typing import Any

from django.utils.translation import gettext as _
from stdnum import iban
from stdnum.eu import vat
from stdnum.exceptions import ValidationError

from revops.core.custom.kinds import BadValue, Text
from revops.core.models import CustomField


class VatNumber(Text):
    """With its country in front, in its one form: "ATU 142 43 102" is ATU14243102."""

    limit = 40

    def check(self, text: str) -> str:
        if not text:
            return text
        try:
            return str(vat.validate(text))
        except ValidationError as error:
            text = _("This is no VAT number of the European Union. Write it with its country: DE136695976.")
            raise BadValue(text) from error


class Iban(Text):
    """Without blanks; shown in groups of four."""

    limit = 60

    def check(self, text: str) -> str:
        if not text:
            return text
        try:
            return str(iban.validate(text))
        except ValidationError as error:
            raise BadValue(_("This is no IBAN: its country, length or check digits are wrong.")) from error

    def words(self, field: CustomField, value: Any) -> str:
        return str(iban.format(str(value)))

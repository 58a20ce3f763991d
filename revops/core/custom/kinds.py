"""The base of every kind of custom field, and the kinds that are texts, choices, people.

A kind knows everything about its values: which ones it takes, how they are stored, said, shown in a column, asked for
in a form, compared in the database. Stored values are JSON: texts, whole numbers, true and false, lists; a number with
a fraction is a text, so that no digit is lost.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db.models import Expression, Func, IntegerField, Value
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Left
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email

from revops.core.custom import people
from revops.core.models import CustomField

TEXT_LENGTH, LONG_LENGTH, URL_LENGTH, EMAIL_LENGTH, PHONE_LENGTH = 255, 10_000, 400, 254, 40
_PHONE = re.compile(r"[+(\d][\d\s()./+-]*(?:(?:x|ext\.?)\s*\d{1,6})?$", re.IGNORECASE)
_URL = URLValidator(schemes=["http", "https"])
BEGINNING = 200  # letters of a long text by which it is sorted
SEPARATOR = "; "


class BadValue(ValueError):
    """The field does not take this value; the message is for people."""


class Kind:
    """What all kinds have in common."""

    sortable: ClassVar[bool] = True
    column: ClassVar[str] = "text"
    json: ClassVar[Mapping[str, Any]] = {"type": "string"}
    # Comparisons that filters offer: "" is equal; isnull every kind has.
    operators: ClassVar[Sequence[str]] = ("", "in")
    import_type: ClassVar[str] = "text"
    index: ClassVar[str] = "btree"

    def clean(self, field: CustomField, value: Any, *, before: Any = None) -> Any:
        """The value as it is stored. Raises BadValue. `before` is what the record holds now."""
        raise NotImplementedError

    def typed(self, field: CustomField, value: Any) -> Any:
        """A stored value as columns and forms want it."""
        return value

    def words(self, field: CustomField, value: Any) -> str:
        """A stored value as people read it."""
        return str(value)

    def export(self, field: CustomField, value: Any) -> Any:
        """A stored value in a column of a list or file."""
        return self.typed(field, value)

    def compared(self, key: str) -> Expression:
        """What filters compare; an index over it serves them."""
        return text_of(key)

    def ordered(self, field: CustomField) -> Expression:
        """What lists sort by."""
        return self.compared(field.key)

    def operand(self, field: CustomField, value: Any) -> Any:
        """A cleaned value as `compared` is compared with it."""
        return value

    def asked(self, field: CustomField, text: str) -> Any:
        """What a filter's text stands for, ready to be compared; also what may not be stored any more."""
        return self.operand(field, self.clean(field, text))

    def asked_words(self, field: CustomField, text: str) -> str:
        """The same as the filter's chip says it."""
        return self.words(field, self.clean(field, text))

    def control(self, field: CustomField, viewer: Any) -> forms.Field:
        """The form's field; it is checked once more by `clean`."""
        raise NotImplementedError


def text_of(key: str) -> Expression:
    return KeyTextTransform(key, "custom")


def read_text(value: Any, limit: int) -> str:
    """A text that the database can hold."""
    if not isinstance(value, str):
        raise BadValue(_("Send a text."))
    if len(value) > limit:
        raise BadValue(_("This has %(n)s characters; at most %(limit)s fit.") % {"n": len(value), "limit": limit})
    if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise BadValue(_("This text holds a character that cannot be stored."))
    return value.replace("\r\n", "\n").replace("\r", "\n").strip()  # browsers send lines their own way


class Text(Kind):
    """One line."""

    limit: ClassVar[int] = TEXT_LENGTH
    operators: ClassVar[Sequence[str]] = ("", "contains", "in")
    widget: ClassVar[type[forms.Widget]] = forms.TextInput

    def clean(self, field: CustomField, value: Any, *, before: Any = None) -> Any:
        text = self.check(read_text(value, self.limit))
        return text or None

    def check(self, text: str) -> str:
        return text

    def control(self, field: CustomField, viewer: Any) -> forms.Field:
        return forms.CharField(max_length=self.limit, widget=self.widget)


class LongText(Text):
    """Lines; found by what they contain, sorted by how they begin."""

    limit = LONG_LENGTH
    operators = ("contains",)
    index = ""

    def ordered(self, field: CustomField) -> Expression:
        return Left(text_of(field.key), BEGINNING)

    def control(self, field: CustomField, viewer: Any) -> forms.Field:
        return forms.CharField(max_length=self.limit, widget=forms.Textarea(attrs={"rows": 3}))


class Email(Text):
    limit = EMAIL_LENGTH
    import_type = "email"
    json = {"type": "string", "format": "email"}
    widget = forms.EmailInput

    def check(self, text: str) -> str:
        if text:
            try:
                validate_email(text, check_deliverability=False)
            except EmailNotValidError:
                raise BadValue(_("This is no e-mail address."))
        return text


class Phone(Text):
    limit = PHONE_LENGTH

    def check(self, text: str) -> str:
        if text and (not _PHONE.match(text) or sum(char.isdigit() for char in text) < 3):
            raise BadValue(_("This is no phone number."))
        return text


class Url(Text):
    """http and https only: it becomes a link."""

    limit = URL_LENGTH
    column = "link"
    json = {"type": "string", "format": "uri"}

    def check(self, text: str) -> str:
        if not text:
            return ""
        address = text if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", text) else f"https://{text}"
        try:
            _URL(address)
        except ValidationError:
            raise BadValue(_("This is no web address: it starts with https:// or http://."))
        if len(address) > self.limit:
            raise BadValue(_("This address is too long."))
        return address


class Flag(Kind):
    """Yes, no, or not answered."""

    json = {"type": "boolean"}
    import_type = "flag"
    operators = ("",)
    WORDS: ClassVar[Mapping[str, bool]] = {
        "true": True,
        "yes": True,
        "1": True,
        "false": False,
        "no": False,
        "0": False,
    }

    def clean(self, field: CustomField, value: Any, *, before: Any = None) -> Any:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().casefold() in self.WORDS:
            return self.WORDS[value.strip().casefold()]
        raise BadValue(_("Say yes or no: true or false."))

    def words(self, field: CustomField, value: Any) -> str:
        return _("yes") if value else _("no")

    def export(self, field: CustomField, value: Any) -> Any:
        return self.words(field, value)

    def operand(self, field: CustomField, value: Any) -> Any:
        return "true" if value else "false"

    def control(self, field: CustomField, viewer: Any) -> forms.Field:
        return forms.TypedChoiceField(
            choices=[("", "–"), ("true", _("yes")), ("false", _("no"))],
            coerce=lambda text: text == "true",
            empty_value=None,
        )


def labels_of(field: CustomField) -> dict[str, str]:
    """value -> label, retired ones too."""
    return {row["value"]: row["label"] for row in field.choices}


def offered(field: CustomField) -> dict[str, str]:
    """value -> label of those that may be chosen."""
    return {row["value"]: row["label"] for row in field.choices if not row.get("retired")}


class _ArrayPosition(Func):
    function = "array_position"
    output_field = IntegerField()


def _place(field: CustomField, value: Expression) -> Expression:
    """Where a choice stands: in the order of the list, not of the alphabet."""
    values = [row["value"] for row in field.choices]
    return _ArrayPosition(Func(Value(values), template="%(expressions)s::text[]"), value)


class Choice(Kind):
    """One of a list. A retired choice stays where it stands and is not chosen anew."""

    import_type = "choice"

    def clean(self, field: CustomField, value: Any, *, before: Any = None) -> Any:
        return pick(field, value, {before} if isinstance(before, str) else set())

    def words(self, field: CustomField, value: Any) -> str:
        return labels_of(field).get(value, str(value))

    def export(self, field: CustomField, value: Any) -> Any:
        return self.words(field, value)

    def asked(self, field: CustomField, text: str) -> Any:
        return pick(field, text, set(labels_of(field)))

    def asked_words(self, field: CustomField, text: str) -> str:
        return self.words(field, self.asked(field, text))

    def ordered(self, field: CustomField) -> Expression:
        return _place(field, text_of(field.key))

    def control(self, field: CustomField, viewer: Any) -> forms.Field:
        return forms.ChoiceField(choices=[("", "–"), *offered(field).items()])


def pick(field: CustomField, value: Any, kept: set[str]) -> str | None:
    """The choice that is meant: by its value, or by its label as people write it."""
    text = read_text(value, TEXT_LENGTH)
    if not text:
        return None
    labels = labels_of(field)
    known = offered(field) | {value: labels.get(value, value) for value in kept}
    if text in known:
        return text
    meant = [one for one, label in known.items() if label.casefold() == text.casefold()]
    if len(meant) == 1:
        return meant[0]
    raise BadValue(_("Use one of: %(options)s.") % {"options": ", ".join(list(known.values())[:20])})


class Choices(Kind):
    """Several of a list, stored in the order of the list, and sorted by the first of them."""

    json = {"type": "array", "items": {"type": "string"}}
    operators = ("", "in")
    index = "gin"

    def clean(self, field: CustomField, value: Any, *, before: Any = None) -> Any:
        parts = re.split(r"[;|\n]", value) if isinstance(value, str) else value
        if not isinstance(parts, list | tuple):
            raise BadValue(_("Send a list of choices."))
        if len(parts) > len(field.choices) + 100:
            raise BadValue(_("These are more choices than there are."))
        kept = set(before) if isinstance(before, list) else set()
        chosen = {pick(field, part, kept) for part in parts} - {None}
        return [value for value in labels_of(field) if value in chosen] or None

    def words(self, field: CustomField, value: Any) -> str:
        labels = labels_of(field)
        return SEPARATOR.join(labels.get(one, str(one)) for one in value)

    def export(self, field: CustomField, value: Any) -> Any:
        return self.words(field, value)

    def asked(self, field: CustomField, text: str) -> Any:
        return pick(field, text, set(labels_of(field)))

    def asked_words(self, field: CustomField, text: str) -> str:
        return self.words(field, [self.asked(field, text)])

    def compared(self, key: str) -> Expression:
        return KeyTransform(key, "custom")

    def ordered(self, field: CustomField) -> Expression:
        return _place(field, KeyTextTransform(0, self.compared(field.key)))

    def control(self, field: CustomField, viewer: Any) -> forms.Field:
        return forms.MultipleChoiceField(
            choices=list(offered(field).items()), widget=forms.CheckboxSelectMultiple(attrs={"class": "checks-field"})
        )


class Person(Kind):
    """A colleague, by number. Who leaves stays named where they stand, and is not chosen anew."""

    sortable = False
    column = "user"
    json = {"type": "integer"}

    def clean(self, field: CustomField, value: Any, *, before: Any = None) -> Any:
        key = self._number(value.pk if hasattr(value, "_meta") else value)
        if key != before and key not in people.working([key]):
            raise BadValue(_("There is no such person, or they have left."))
        return key

    def words(self, field: CustomField, value: Any) -> str:
        return people.names().of(value)

    def export(self, field: CustomField, value: Any) -> Any:
        return self.words(field, value)

    def _number(self, value: Any) -> int:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value.strip()):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**31:
            raise BadValue(_("Send a person's number."))
        return value

    def asked(self, field: CustomField, text: str) -> Any:
        return str(self._number(text))

    def asked_words(self, field: CustomField, text: str) -> str:
        return self.words(field, self._number(text))

    def control(self, field: CustomField, viewer: Any) -> forms.Field:
        return forms.ModelChoiceField(queryset=people.everybody(), empty_label="–")

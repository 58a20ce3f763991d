"""What can be imported: each app registers its importers when it starts."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from revops.core.custom.definitions import ALWAYS, fields_of, takes_custom
from revops.core.models import CustomField
from revops.core.registries import Registry

if TYPE_CHECKING:
    from django.db.models import Model
    from django_stubs_ext import StrOrPromise

    from revops.integrations.models import ImportRow, ImportRun


PREFIX, CURRENCY = "cf.", ".currency"
Kind = CustomField.Kind
# Custom fields that the file's own rules read (order of day and month, decimal sign); the rest comes as text.
TYPES = {
    Kind.INTEGER: "integer",
    Kind.DECIMAL: "number",
    Kind.PERCENT: "number",
    Kind.DATE: "date",
    Kind.FLAG: "flag",
}


@dataclass(frozen=True)
class ImportField:
    """A field that a column can fill.

    Types: text, integer, number, money, date, instant, email, currency, flag, choice.

    `column` is the model's column that it fills straight ("" when the importer resolves it). `required` means: a new
    record needs it. `aliases` are heads that other systems use.
    """

    key: str
    label: StrOrPromise
    type: str = "text"
    column: str = ""
    required: bool = False
    aliases: tuple[str, ...] = ()
    choices: Mapping[str, str] = field(default_factory=dict)
    negative: bool = False
    help: StrOrPromise = ""


@dataclass(slots=True)
class Draft:
    """One row while it is planned."""

    number: int
    cells: dict[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, Any] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Any] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)
    errors: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    record: Any = None
    skip: str = ""
    verdict: str = ""
    changes: list[dict[str, str]] = field(default_factory=list)
    label: str = ""
    sub: str = ""
    key: int = 0  # of the staged row
    marks: list[str] = field(default_factory=list)  # by which two rows of the file stand for the same record
    called: str = ""  # how other rows of the file refer to this one
    above: int | None = None  # the row under which this one hangs

    def refuse(self, key: str, message: str) -> None:
        self.errors.append({"field": key, "value": self.cells.get(key, "")[:200], "message": str(message)})

    def set(self, column: str, value: Any, shown: str = "") -> None:
        """Fill a model's column; `shown` is how people read it (a relation's name)."""
        self.columns[column] = value
        if shown:
            self.shown[column] = shown


class Facts:
    """The columns of a row as a new record would have them; what the row does not say is empty."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self.__dict__.update(columns)

    def __getattr__(self, name: str) -> str:
        return ""


@dataclass(frozen=True)
class Stretch:
    """Rows of a run: those with a number above `after`, up to `last`."""

    run: int
    after: int
    last: int


@dataclass
class Context:
    """Who plans, for which run, and what is to be said about the file as a whole. Planned are the rows after `after`;
    `facts` (as JSON) is what the survey found out.
    """

    viewer: Any
    run: ImportRun
    remarks: dict[str, int] = field(default_factory=dict)
    after: int = 0
    facts: dict[str, Any] = field(default_factory=dict)

    def remark(self, text: str) -> None:
        """Say something about the file; equal remarks are counted, not repeated."""
        self.remarks[text] = self.remarks.get(text, 0) + 1


class Importer:
    """One kind of record. The plan only reads; `write`, `link` and `undo` call services of the app with the model."""

    key: ClassVar[str]
    label: ClassVar[Any]
    model: ClassVar[type[Model]]
    fields: ClassVar[Sequence[ImportField]]
    permission: ClassVar[str] = "integrations.import_records"
    matched_by: ClassVar[Any] = ""
    order: ClassVar[int] = 100
    icon: ClassVar[str] = "upload"
    list_url: ClassVar[str] = ""
    # What the importer makes beside the record: such rows do not count as somebody's later work on it.
    own_models: ClassVar[frozenset[str]] = frozenset()
    extras: ClassVar[frozenset[str]] = frozenset()
    custom_fields: Sequence[CustomField] = ()
    # Whether new records are made by `make`, without a row of them coming to Python.
    makes: ClassVar[bool] = False
    # The field by which a row hangs under another one of its file, and what is said where that leads in a circle.
    under: ClassVar[str] = ""
    circle: ClassVar[Any] = gettext_lazy("This would put it under itself.")

    def today(self, more: Sequence[ImportField], custom: Sequence[CustomField]) -> Importer:
        """This importer with the custom fields that its records have at this moment."""
        importer = copy.copy(self)
        importer.__dict__ |= {"fields": (*self.fields, *more), "custom_fields": custom}
        for name in ("field_of", "needed"):
            importer.__dict__.pop(name, None)
        return importer

    @cached_property
    def field_of(self) -> dict[str, str]:
        """column -> the field that fills it straight."""
        return {one.column: one.key for one in self.fields if one.column}

    @cached_property
    def needed(self) -> tuple[str, ...]:
        """The fields without which no record is made."""
        return tuple(one.key for one in self.fields if one.required)

    # A large file is planned some rows at a time: what a row owes to others of its file is found by `survey`, which
    # sees them all before the first one is planned.

    def surveyed(self, run: ImportRun) -> bool:
        """Whether the file is read through once before its rows are planned."""
        return bool(self.under) and self.under in run.mapping.values()

    def survey(self, drafts: Sequence[Draft], context: Context) -> None:
        """Say how rows are called (draft.called) and what the file says as a whole (context.facts)."""

    def resolve(self, drafts: Sequence[Draft], context: Context) -> None:
        """Look up what cells refer to, for some rows at once."""

    def identify(self, drafts: Sequence[Draft], context: Context) -> None:
        """Find the records that rows stand for (draft.record), and refuse rows that stand for the same one."""

    def relate(self, drafts: Sequence[Draft], context: Context) -> None:
        """Hang rows under other rows of the file (draft.above); all of them are called by their names by now."""

    def judge(self, draft: Draft, context: Context) -> None:
        """Refuse what the row must not do to its record; add notes."""

    def current(self, record: Any, column: str) -> Any:
        return getattr(record, column)

    def title(self, draft: Draft) -> tuple[str, str]:
        """How the row is called: a name, and a second line."""
        return next(iter(draft.cells.values()), ""), ""

    def keys(self, draft: Draft) -> dict[str, Any]:
        """What the app keeps beside the columns of a new record: the keys by which it is found."""
        return {}

    def make(self, *, stretch: Stretch, actor: Any) -> None:
        """Make the new records of a stretch of rows inside the database; only where `makes`."""
        raise NotImplementedError

    def write(self, *, rows: Sequence[ImportRow], actor: Any) -> None:
        """Write rows: what changes, and unless the importer `makes`, what is new."""
        raise NotImplementedError

    def link(self, *, run: ImportRun, actor: Any) -> None:
        """After the last row: references between rows of one file."""

    def unlink(self, *, run: ImportRun, actor: Any) -> None:
        """Before an undo: loosen references between rows of one file."""

    def undo(self, *, rows: Sequence[ImportRow], actor: Any) -> dict[int, str]:
        """Take rows back; {row number: why it was kept}."""
        raise NotImplementedError

    def field(self, key: str) -> ImportField | None:
        return next((one for one in self.fields if one.key == key), None)

    def names(self) -> Iterable[str]:
        return (one.key for one in self.fields)


def import_fields(fields: Sequence[CustomField]) -> list[ImportField]:
    """A field for each custom field; money has a second one for its currency."""
    found = []
    for one in fields:
        key = PREFIX + one.key
        needed = ALWAYS in one.required_at and one.default is None
        aliases = (one.key, one.key.replace("_", " "), key)
        kind = TYPES.get(Kind(one.kind), "text")
        found.append(ImportField(key, one.label, kind, "", needed, aliases, negative=True, help=one.help_text))
        if one.kind == Kind.MONEY:
            label = _("%(label)s currency") % {"label": one.label}
            found.append(ImportField(key + CURRENCY, label, "currency", aliases=(f"{one.key}_currency",)))
    return found


class Importers(Registry[Importer]):
    """Each importer with the custom fields that its records have at this moment."""

    def get(self, key: str) -> Importer | None:
        importer = super().get(key)
        fields = fields_of(importer.model) if importer is not None and takes_custom(importer.model) else []
        return importer.today(import_fields(fields), fields) if importer is not None and fields else importer


importers = Importers("importers")

"""The words of the screens: found in code and templates, kept in one catalogue a language, compiled when they changed.

Babel reads and writes the catalogues, so that no gettext has to be installed.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.apps import apps
from django.conf import settings
from django.db.models import Model
from django.utils.translation import gettext_lazy
from django.utils.translation.template import templatize

ROOMS = ("revops", "accounts", "leads", "opportunities", "orders", "postsales", "forecasting")
WORDS: dict[str, tuple[object, ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
DOMAIN = "django"
# What services write into the log; the timeline says it in words (`audit.action_text`).
ACTION = re.compile(r'audit\.(?:record|entry)\(\s*"([a-z_]+\.[a-z_]+)"')
ABOUT: dict[str, str] = {"project": "RevOps", "version": "1", "copyright_holder": "the authors", "header_comment": "#"}


def catalogue_path(language: str) -> Path:
    """Where the words of a language stand."""
    return Path(settings.BASE_DIR) / "locale" / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def _sources() -> Iterator[tuple[Path, bytes]]:
    """Every file that holds words: Python as it is, templates as the Python that Django makes of them."""
    root = Path(settings.BASE_DIR)
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(root), path.read_bytes()
    for path in sorted((root / "templates").rglob("*.*")):
        if path.suffix in (".html", ".txt"):
            code = templatize(path.read_text(), origin=str(path))
            # What a template is indented by means nothing to it, and something to whoever reads Python.
            yield path.relative_to(root), "\n".join(line.lstrip() for line in code.splitlines()).encode()


def wording() -> Catalog:
    """A catalogue of everything that the screens say, in the order in which it is found."""
    found = Catalog(domain=DOMAIN, fuzzy=False)
    for path, source in _sources():
        rows = extract("python", BytesIO(source), WORDS, ["Translators:"], {"encoding": "utf-8"})  # type: ignore[arg-type]
        for _line, ids, comments, context in rows:
            if ids and ids != ("", ""):
                found.add(ids, locations=[(str(path), 0)], auto_comments=comments, context=context)
    for path, source in _sources():
        for action in ACTION.findall(source.decode()):
            found.add(action.replace(".", " ").replace("_", " ").capitalize(), locations=[(str(path), 0)])
    for model in own_models():
        for name in _names(model):
            found.add(name, locations=[(model._meta.app_config.name.replace(".", "/"), 0)])
    return found


def own_models() -> list[type[Model]]:
    """The models of our rooms, history tables left out."""
    ours = (model for model in apps.get_models() if model.__module__.split(".")[0] in ROOMS)
    return [model for model in ours if not hasattr(model, "pgh_tracked_model")]


def _names(model: type[Model]) -> Iterator[str]:
    """What Django calls a model and its fields where nobody says otherwise: read off the code's own names."""
    yield from (str(model._meta.verbose_name), str(model._meta.verbose_name_plural))
    yield from (str(field.verbose_name) for field in model._meta.fields)


def translate_names() -> None:
    """Make those names translatable, once, when all models are known. Migrations never see it."""
    for model in own_models():
        options: Any = model._meta
        options.verbose_name = gettext_lazy(str(options.verbose_name))
        options.verbose_name_plural = gettext_lazy(str(options.verbose_name_plural))
        for field in options.fields:
            field.verbose_name = gettext_lazy(str(field.verbose_name))


def field_text(model: str, name: str) -> str:
    """What a model (as an audit entry names it) calls its field; the bare name where it has none such."""
    names = {one._meta.label_lower: one for one in own_models()}
    fields = {field.name: field for field in names[model]._meta.fields} if model in names else {}
    return str(fields[name].verbose_name) if name in fields else name.replace("_", " ")


def read(language: str) -> Catalog:
    """The catalogue of a language as it stands; an empty one where there is none."""
    path = catalogue_path(language)
    if not path.exists():
        return Catalog(locale=language, domain=DOMAIN, fuzzy=False, **ABOUT)
    with path.open("rb") as file:
        return read_po(file, locale=language, domain=DOMAIN)


def update(language: str) -> Catalog:
    """Bring a catalogue up to what the screens say today: new words wait for their translation, gone ones go."""
    catalogue, path = read(language), catalogue_path(language)
    written = catalogue.creation_date if path.exists() else datetime.now(UTC)
    catalogue.update(wording(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    for name, value in ABOUT.items():
        setattr(catalogue, name, value)
    catalogue.creation_date = written  # or every look at the words would change the file
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=120, include_lineno=False, omit_header=False, sort_output=True)
    return catalogue


def waiting(catalogue: Catalog) -> list[Message]:
    """What has no translation yet."""
    return [message for message in catalogue if message.id and not _said(message)]


def _said(message: Message) -> bool:
    strings = message.string if isinstance(message.string, list | tuple) else [message.string]
    return not message.fuzzy and all(strings)


def compile_stale() -> list[Path]:
    """Write what Django reads, where a catalogue is younger than it. Returns what was written."""
    written = []
    for path in sorted((Path(settings.BASE_DIR) / "locale").glob(f"*/LC_MESSAGES/{DOMAIN}.po")):
        target = path.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= path.stat().st_mtime:
            continue
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.parts[-3], domain=DOMAIN)
        # Written beside and moved: two processes that start at once never read half a file.
        beside = target.with_suffix(".new")
        with beside.open("wb") as file:
            write_mo(file, catalogue)
        beside.replace(target)
        written.append(target)
    return written

"""A language that nobody speaks: every word of the screens in brackets, so that what has none was never translated."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import translation
from django.utils.translation import trans_real

from revops.core import wording

CODE = "xx"
OPEN, CLOSE = "⟦", "⟧"
SPOKEN = ("title", "placeholder", "alt", "aria-label", "data-confirm", "data-empty")
SILENT = {"script", "style", "code", "kbd", "option"}
# Names and codes that are the same in every language.
SAME = frozenset(
    re.findall(
        r"\w+",
        """
        RevOps CSV XLSX PDF API URL HTTP JSON SHA UTC USD EUR KB MB bytes Ctrl Enter Esc Cmd Shift Alt Tab Space Deutsch
        English Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec January February March April June July August September
        October November December Mon Tue Wed Thu Fri Sat Sun Monday Tuesday Wednesday Thursday Friday Saturday Sunday
        LEAD OPP
        """,
    )
)


def write(folder: Path) -> None:
    """The catalogue, compiled into `folder`, a place for LOCALE_PATHS."""
    found = Catalog(locale=None, domain=wording.DOMAIN)
    for message in wording.wording():
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, list | tuple) else [message.id]
        said = [_bracketed(one) for one in ids]
        found.add(message.id, tuple(said) if len(ids) > 1 else said[0], context=message.context)
    target = folder / CODE / "LC_MESSAGES" / f"{wording.DOMAIN}.mo"
    target.parent.mkdir(parents=True)
    with target.open("wb") as file:
        write_mo(file, found)


def _bracketed(text: str) -> str:
    """Data that is put in stands outside of the brackets, so that it is judged by itself."""
    parts = re.split(r"(%\(\w+\)[sd]|%[sd]|%%|\{\w+\})", text)
    return "".join(part if n % 2 else f"{OPEN}{part}{CLOSE}" if part.strip() else part for n, part in enumerate(parts))


def forget() -> None:
    """Django keeps catalogues; a test that changes LOCALE_PATHS must not leave its own behind."""
    trans_real._translations = {}
    trans_real._default = None  # type: ignore[attr-defined]
    for kept in (trans_real.get_supported_language_variant, trans_real.get_languages, trans_real.check_for_language):
        getattr(kept, "cache_clear", lambda: None)()
    translation.activate("en")


# Names that programs use: sla.breached (case_id, target), *:read.
MACHINE = re.compile(r"\w+\.\w+ \([^)]*\)|\*:\w+")
# Names that people type into a template: {domain}.
PLACE = re.compile(r"\{\w+\}")
# Sentences of libraries, which have catalogues of their own.
OTHERS = {"Multiple values may be separated by commas."}


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.depth: list[str] = []
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = dict(attrs)
        self.said += [given[name] or "" for name in SPOKEN if name in given]
        if tag == "input" and given.get("type") in ("submit", "button"):
            self.said.append(given.get("value") or "")
        if tag in SILENT or given.get("hidden") is not None or "data-untranslated" in given:
            self.depth.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.depth and self.depth[-1] == tag:
            self.depth.pop()

    def handle_data(self, data: str) -> None:
        if not self.depth:
            self.said.append(data)


def untranslated(html: str, data: set[str]) -> Iterator[str]:
    """What a page says outside of brackets and what is no data."""
    page = _Page()
    page.feed(html)
    for text in page.said:
        rest = re.sub(rf"{OPEN}[^{CLOSE}]*{CLOSE}", " ", text)
        rest = PLACE.sub(" ", MACHINE.sub(" ", rest))
        if rest.strip() in OTHERS:
            continue
        words = re.findall(r"[A-Za-z][A-Za-z'’]{2,}", rest)
        if any(word not in SAME and word not in data for word in words):
            yield " ".join(text.split())[:100]


TEXTS = (models.CharField, models.TextField, ArrayField)


def words_of_the_database() -> set[str]:
    """Every word that some record holds."""
    found: set[str] = set()
    for model in apps.get_models():
        if model.__module__.split(".")[0] not in wording.ROOMS:
            continue
        names = [field.name for field in model._meta.fields if isinstance(field, TEXTS)]
        for row in model._default_manager.values_list(*names) if names else ():
            for value in row:
                text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
                found.update(re.findall(r"[A-Za-z][A-Za-z'’]{2,}", text))
    return found

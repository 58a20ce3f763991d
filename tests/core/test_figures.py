"""Figures are written as Babel writes them; a page only reads each pattern once."""

import re
from decimal import Decimal

import pytest
from babel.core import Locale
from babel.numbers import format_currency, format_decimal
from hypothesis import given
from hypothesis import strategies as st

from revops.core import figures

LOCALES = ("en", "de", "de_CH", "fr", "pl", "ja", "hi", "ar_EG", "sv", "pt_BR")


@given(
    st.sampled_from(LOCALES),
    st.sampled_from(("USD", "EUR", "JPY", "KWD", "CHF")),
    st.sampled_from((0, 2, 3)),
    st.decimals(-(10**12), 10**12, places=4, allow_nan=False, allow_infinity=False),
)
def test_every_figure_is_what_babel_makes_of_it(locale: str, code: str, places: int, value: Decimal) -> None:
    digits = "0" + ("." + "0" * places if places else "")
    bare = format_decimal(value, format=f"#,##{digits}", locale=locale).replace("-", "−")
    assert figures.number(locale, places)(value) == bare
    pattern = re.sub(r"0(\.0+)?", digits, Locale.parse(locale).currency_formats["standard"].pattern)
    said = format_currency(value, code, format=pattern, locale=locale, currency_digits=False).replace("-", "−")
    assert figures.currency(locale, code, places)(value) == re.sub(r"([A-Z])(?=\d)", "\\1\xa0", said)


@pytest.mark.parametrize(("language", "locale"), [("de", "de"), ("pt-br", "pt_BR"), ("tlh", "en"), ("xx-pseudo", "en")])
def test_a_language_that_babel_does_not_know_writes_as_english(language: str, locale: str) -> None:
    assert figures.locale_of(language) == locale

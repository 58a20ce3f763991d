"""E-mail addresses, phone numbers, VAT numbers and IBANs are read as the vectors of others' test suites say."""

import csv
from pathlib import Path

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from accounts.keys import phone_key
from revops.core.addresses import normal_email
from revops.core.custom.identifiers import Iban, VatNumber
from revops.core.custom.kinds import BadValue, Text

FOLDER = Path(__file__).parents[2] / "../shared/data/vectors"
needs_vectors = pytest.mark.skipif(not FOLDER.exists(), reason="../shared/data/vectors is not here")

# Rows of phones.csv whose national number does not say where it rings, and why.
DISAGREE: dict[str, str] = {}


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@needs_vectors
def test_each_address_is_taken_or_refused_and_kept_in_its_normal_form() -> None:
    for row in rows("emails.csv"):
        wanted = row["normalized"] if row["valid_default"] == "1" else ""
        assert normal_email(row["input"]) == wanted, row


@needs_vectors
def test_each_phone_number_has_the_e164_that_the_vectors_give() -> None:
    wrong = {}
    for row in rows("phones.csv"):
        found = {phone_key(row["national"], row["region"]), phone_key(row["international"]), phone_key(row["e164"])}
        if found != {row["e164"]}:
            wrong[row["e164"]] = found
    assert set(wrong) == set(DISAGREE), wrong


def taken(kind: Text, text: str) -> str:
    try:
        return str(kind.clean(None, text))  # type: ignore[arg-type]
    except BadValue:
        return ""


@needs_vectors
@pytest.mark.parametrize(("name", "kind"), [("vat_eu.csv", VatNumber()), ("iban.csv", Iban())])
def test_each_number_is_taken_in_its_compact_form_or_refused(name: str, kind: Text) -> None:
    for row in rows(name):
        assert taken(kind, row["raw"]) == (row["compact"] if row["valid"] == "1" else ""), row


LOCAL = st.text('abXY019._+-!"é@ ', min_size=0, max_size=70)
DOMAIN = st.lists(st.text("abZ09-é_", min_size=0, max_size=65), min_size=1, max_size=4).map(".".join)
ENDING = st.sampled_from(["com", "DE", "co.uk", "test", "local", "invalid", "c", "xn--p1ai", "123", "example"])


@given(LOCAL, DOMAIN, ENDING)
def test_the_short_way_for_plain_addresses_says_what_the_long_one_says(local: str, domain: str, ending: str) -> None:
    text = f"{local}@{domain}.{ending}"
    try:
        wanted = validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        wanted = ""
    assert normal_email(text) == wanted

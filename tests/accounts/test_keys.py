import csv
from pathlib import Path

import pytest

from accounts.keys import domain_of, email_key, name_key

VECTORS = Path(__file__).parents[2] / "../shared/data/vectors/emails.csv"


@pytest.mark.parametrize(
    ("company", "key"),
    [
        ("Acme, Inc.", "acme"),
        ("The ACME Company", "acme"),
        ("Acme GmbH & Co. KG", "acme"),
        ("Müller & Co. KG", "muller"),
        ("Moldau Freight s.r.o.", "moldau freight"),
        ("Ltd.", "ltd"),
        ("日本 KK", "日本"),
        ("", ""),
    ],
)
def test_a_company_has_one_key_whatever_its_spelling(company: str, key: str) -> None:
    assert name_key(company) == key


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("https://www.Acme.com/contact?x=1", "acme.com"),
        ("acme.com", "acme.com"),
        ("Ann.Lee@ACME.example", "acme.example"),
        ("ann@gmail.com", ""),
        ("10.0.0.1", ""),
        ("http://[::1", ""),
        ("no domain here", ""),
        ("", ""),
    ],
)
def test_a_domain_says_which_company_and_free_mail_says_nothing(address: str, domain: str) -> None:
    assert domain_of(address) == domain


def test_an_address_that_is_none_has_no_key() -> None:
    assert [email_key(text) for text in ("", "ann", "ann@", "a b@c.de", "ann@x")] == [""] * 5


def test_addresses_that_differ_in_case_and_blanks_are_the_same() -> None:
    assert email_key(" Ann.Lee@EXAMPLE.com ") == email_key("ann.lee@example.com") == "ann.lee@example.com"


def test_every_row_of_the_vectors_agrees() -> None:
    if not VECTORS.exists():
        pytest.skip(f"{VECTORS.name} is not here")
    with VECTORS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    wrong = [row["input"] for row in rows if bool(email_key(row["input"])) != (row["valid_default"] == "1")]
    assert not wrong

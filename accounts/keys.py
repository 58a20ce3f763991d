"""What makes two spellings the same: normal forms of e-mail addresses, phone numbers, web domains and names.

Search, duplicate checks, routing and imports compare these keys and never the text as typed.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import phonenumbers
from babel import Locale

from revops.core.addresses import REMEMBERED, normal_email

# fmt: off
# An address at one of these says nothing about the company.
FREE_MAIL = frozenset(
    [
        "126.com", "163.com", "aol.com", "comcast.net", "fastmail.com", "free.fr", "freenet.de", "gmail.com",
        "gmx.at", "gmx.ch", "gmx.com", "gmx.de", "gmx.net", "googlemail.com", "hey.com", "hotmail.co.uk",
        "hotmail.com", "hotmail.de", "hotmail.fr", "hotmail.it", "icloud.com", "laposte.net", "libero.it",
        "live.co.uk", "live.com", "live.de", "live.fr", "mac.com", "mail.com", "mail.ru", "me.com", "msn.com",
        "naver.com", "orange.fr", "outlook.com", "outlook.de", "pm.me", "proton.me", "protonmail.com",
        "qq.com", "rediffmail.com", "sfr.fr", "sina.com", "t-online.de", "tuta.io", "tutanota.com",
        "verizon.net", "web.de", "yahoo.ca", "yahoo.co.in", "yahoo.co.jp", "yahoo.co.uk", "yahoo.com",
        "yahoo.com.au", "yahoo.com.br", "yahoo.de", "yahoo.es", "yahoo.fr", "yahoo.it", "yandex.com",
        "yandex.ru", "ymail.com", "zoho.com",
    ]
)
LEGAL_FORMS = frozenset(
    [
        "ab", "ag", "aps", "as", "asa", "bv", "co", "company", "corp", "corporation", "cv", "doo", "eg", "ev",
        "gbr", "gesmbh", "gmbh", "gmbhco", "inc", "incorporated", "kft", "kg", "kgaa", "kk", "limited", "llc",
        "llp", "lp", "ltd", "ltda", "mbh", "nv", "ohg", "oy", "oyj", "plc", "pte", "pty", "pvt", "sa", "sarl",
        "sas", "sca", "se", "sl", "slu", "snc", "sp", "spa", "spzoo", "sro", "srl", "ug", "zoo",
    ]
)
# fmt: on
_PLUS = re.compile(r"\+[1-9][0-9 \u00a0().\-/]{6,24}")
_WORD = re.compile(r"[^\W_]+")
_DOTTED = re.compile(r"\b((?:\w\.){1,5}\w?)(?=\W|$)")


def email_key(text: str) -> str:
    """The address in its one normal form, or "" when it is none: "Ann.Lee@EXAMPLE.com " -> "ann.lee@example.com"."""
    return normal_email(text.strip(" \t")).casefold()


def domain_of(address: str) -> str:
    """The company's web domain of an e-mail address or a web address; "" for free mail and for what is neither."""
    text = address.strip().casefold()
    if "@" in text and "/" not in text:
        host = email_key(text).rpartition("@")[2]
    else:
        host = _host(text)
    host = host.removeprefix("www.").rstrip(".")
    return "" if host in FREE_MAIL or "." not in host or len(host) > 120 else host


def _host(text: str) -> str:
    try:
        host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
    except ValueError:
        return ""
    return host if re.fullmatch(r"[^\s@:/?#\[\]]+", host) and not re.fullmatch(r"[\d.]+", host) else ""


def name_key(company: str) -> str:
    """The company's name without case, accents, punctuation and legal form: "Müller & Co. KG" -> "muller"."""
    plain = _DOTTED.sub(lambda match: match.group(1).replace(".", ""), plainly(company))
    words = _WORD.findall(plain)
    core = list(words)
    while core and (core[-1] in LEGAL_FORMS or core[-1] in ("and", "und", "et")):
        core.pop()
    if len(core) > 1 and core[0] == "the":
        core.pop(0)
    return " ".join(core or words)[:200]


def plainly(text: str) -> str:
    """Without case and accents: "Müller" -> "muller"."""
    if text.isascii():
        return text.casefold()
    plain = unicodedata.normalize("NFKD", text).casefold().replace("ß", "ss")
    return "".join(char for char in plain if not unicodedata.combining(char))


def person_key(first_name: str, last_name: str) -> str:
    """The words of a person's name without case and accents, in the order of letters: first and last name are
    often swapped.
    """
    return " ".join(sorted(_WORD.findall(plainly(f"{first_name} {last_name}"))))[:200]


def phone_key(text: str, country: str = "") -> str:
    """The number as E.164, or "" when it is none or nobody can know where it rings: "+49 (0)30 1234567" ->
    "+49301234567". Without a country code the record's country decides.
    """
    text = text.strip()
    return _phone(text, "" if text.startswith("+") else region_of(country)) if text else ""


@lru_cache(maxsize=REMEMBERED)
def _phone(text: str, region: str) -> str:
    if _PLUS.fullmatch(text) and "(0)" not in text:
        digits = "".join(char for char in text if char.isdigit())
        if 8 <= len(digits) <= 15:
            return f"+{digits}"
    try:
        number = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=4096)
def region_of(country: str) -> str:
    """The two letters of a country as people write it, in English or its own language; "" when we do not know it."""
    name = country.strip()
    if len(name) == 2 and name.upper() in phonenumbers.SUPPORTED_REGIONS:
        return name.upper()
    return _regions().get(plainly(name), "")


@lru_cache(maxsize=1)
def _regions() -> dict[str, str]:
    known = phonenumbers.SUPPORTED_REGIONS
    found = {
        "usa": "US",
        "uk": "GB",
        "great britain": "GB",
        "england": "GB",
        "holland": "NL",
        "korea": "KR",
        "uae": "AE",
    }
    for language in ("de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "cs", "en"):
        names = Locale(language).territories
        found |= {plainly(name): code for code, name in names.items() if code in known}
    return found


def account_keys(account: Any) -> dict[str, str]:
    """The stored keys of an account, from its fields."""
    return {
        "name_key": name_key(account.name),
        "domain": domain_of(account.website),
        "phone_key": phone_key(account.phone, account.country),
    }


def contact_keys(contact: Any, country: str = "") -> dict[str, str]:
    """The stored keys of a contact; `country` is its account's."""
    return {
        "email_key": email_key(contact.email),
        "phone_key": phone_key(contact.phone, country),
        "person_key": person_key(contact.first_name, contact.last_name),
    }


def lead_keys(lead: Any) -> dict[str, str]:
    """The stored keys of a lead. The company's domain is the web site's, else the e-mail address's."""
    return {
        "email_key": email_key(lead.email),
        "domain": domain_of(lead.website) or domain_of(lead.email),
        "phone_key": phone_key(lead.phone, lead.country),
        "name_key": name_key(lead.company),
        "person_key": person_key(lead.first_name, lead.last_name),
    }


def take_keys(record: Any, keys: dict[str, str]) -> None:
    """Set them on an unsaved record."""
    for name, value in keys.items():
        setattr(record, name, value)


KEYS = frozenset({"name_key", "email_key", "domain", "phone_key", "person_key"})

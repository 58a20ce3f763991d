"""What makes two spellings the same: normal forms of e-mail addresses, web domains and company names.

Search, duplicate checks, routing and imports compare these keys and never the text as typed.
"""

import re
import unicodedata
from urllib.parse import urlsplit

from revops.core.addresses import normal_email

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
    plain = unicodedata.normalize("NFKD", company).casefold().replace("ß", "ss")
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    plain = _DOTTED.sub(lambda match: match.group(1).replace(".", ""), plain)
    words = _WORD.findall(plain)
    core = list(words)
    while core and (core[-1] in LEGAL_FORMS or core[-1] in ("and", "und", "et")):
        core.pop()
    if len(core) > 1 and core[0] == "the":
        core.pop(0)
    return " ".join(core or words)[:200]

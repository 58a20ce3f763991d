"""E-mail addresses in their one normal form."""

import re
from functools import lru_cache

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

# An import looks at each address a dozen times, in passes over the whole file; checking takes longer than all else.
REMEMBERED = 1 << 17
# What nearly every address looks like: nothing about it can be wrong but what `_common` looks at, and nothing changes
# but the case of its domain.
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_COMMON = re.compile(rf"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@((?:{_LABEL}\.)+[A-Za-z]{{2,63}})")
_SPECIAL = tuple(SPECIAL_USE_DOMAIN_NAMES)
_MOST, _MOST_LOCAL = 254, 64


@lru_cache(maxsize=REMEMBERED)
def normal_email(text: str) -> str:
    """The address as it is written everywhere, or "" when it is none."""
    common = _common(text)
    if common:
        return common
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        return ""


def _common(text: str) -> str:
    """The same for a plain address; "" for one that has to be looked at closely."""
    match = _COMMON.fullmatch(text)
    if match is None or len(text) > _MOST or match.start(1) - 1 > _MOST_LOCAL:
        return ""
    domain = match[1].lower()
    if "--" in domain or any(domain == name or domain.endswith(f".{name}") for name in _SPECIAL):
        return ""
    return text[: match.start(1)] + domain

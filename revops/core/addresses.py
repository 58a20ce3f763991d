"""E-mail addresses in their one normal form."""

from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

# An import looks at each address a dozen times, in passes over the whole file; checking takes longer than all else.
REMEMBERED = 1 << 17


@lru_cache(maxsize=REMEMBERED)
def normal_email(text: str) -> str:
    """The address as it is written everywhere, or "" when it is none."""
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        return ""

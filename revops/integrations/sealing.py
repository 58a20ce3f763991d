"""Secrets of webhooks: made, sealed for the database, opened to sign.

Signing needs the secret itself, so a digest would not do: it is encrypted (Fernet) with a key derived from
SECRET_KEY. A copy of the database alone signs nothing. After a change of SECRET_KEY, keep the old one in
SECRET_KEY_FALLBACKS until every secret was rotated.
"""

import base64
import hashlib
import hmac
import secrets
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PREFIX = "whsec_"
LENGTH = 32


class UnreadableSecret(Exception):
    """SECRET_KEY is another one than when the secret was sealed."""


@lru_cache(maxsize=8)
def _fernet(secret_key: str) -> Fernet:
    derived = HKDF(hashes.SHA256(), length=32, salt=None, info=b"revops.integrations.webhooks").derive(
        secret_key.encode()
    )
    return Fernet(base64.urlsafe_b64encode(derived))


def _ring() -> MultiFernet:
    return MultiFernet([_fernet(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def new_secret() -> str:
    """whsec_ and 32 random bytes in base64, as Standard Webhooks writes them."""
    return PREFIX + base64.b64encode(secrets.token_bytes(LENGTH)).decode()


def seal(secret: str) -> str:
    """As it is stored."""
    return _ring().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """The secret itself. Raises UnreadableSecret."""
    try:
        return _ring().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise UnreadableSecret from error


def signature(secret: str, message_id: str, timestamp: int, body: str) -> str:
    """v1,<base64 of HMAC-SHA256 over "id.timestamp.body">."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.new(key, f"{message_id}.{timestamp}.{body}".encode(), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"

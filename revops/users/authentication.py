"""API tokens: `Authorization: Bearer rvo_...` acts as its user and never does more."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from revops.core import clock
from revops.users import services
from revops.users.models import ApiToken, User

WORDS = (b"bearer", b"token")


class TokenAuthentication(BaseAuthentication):
    """Revoked, expired, or of somebody who left: 401. The reason is not told to strangers."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() not in WORDS:
            return None
        if len(parts) != 2:
            raise AuthenticationFailed("Send “Authorization: Bearer <token>”.")
        token = self._valid(parts[1].decode("ascii", "replace"))
        services.note_token_use(token=token, actor=token.user)
        return token.user, token

    def _valid(self, raw: str) -> ApiToken:
        token = ApiToken.objects.select_related("user").filter(digest=ApiToken.digest_of(raw)).first()
        if token is None or token.revoked_at is not None or not token.user.is_active or not token.user.can_sign_in:
            raise AuthenticationFailed("This token is not valid.")
        if token.user.is_portal:
            raise AuthenticationFailed("This token is not valid.")
        if token.expires_at is not None and token.expires_at <= clock.now():
            raise AuthenticationFailed("This token is not valid.")
        return token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class TokenScheme(OpenApiAuthenticationExtension):
    """How the API's description names it."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A personal token (Settings, API tokens)."}

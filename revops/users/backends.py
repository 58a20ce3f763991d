"""Who may sign in."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend


class SignInBackend(AuthenticationBackend):
    """By user name or e-mail. People known from imported history, and people who left, neither get in nor stay in."""

    def user_can_authenticate(self, user: Any) -> bool:
        return super().user_can_authenticate(user) and bool(getattr(user, "can_sign_in", False))

"""Who comes in by OpenID Connect: people whom we know by a verified e-mail address, and who work here."""

import re
from typing import Any, NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from revops.users import services
from revops.users.models import User


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """No sign-up by itself; with OIDC_CREATE_USERS a person whom the provider knows becomes a colleague."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def on_authentication_error(self, request: HttpRequest, provider: Any, **kwargs: Any) -> None:
        """Cancelled, a state that is not ours, a token that does not hold: back to the sign-in page, with a word."""
        _refuse(request, _("That did not work. Try again."))

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        if sociallogin.state.get("process") != "login":
            _refuse(request, _("That did not work. Try again."))
        _check_nonce(request, sociallogin)
        address = _verified_address(sociallogin)
        if address is None:
            _refuse(request, _("Your provider has not verified your e-mail address."))
        if not sociallogin.is_existing:
            user = _person(request, sociallogin, address)
            _refuse_gone(request, user)
            sociallogin.connect(request, user)
        _refuse_gone(request, sociallogin.user)

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """The first sign-in by one's own company's provider is no event to warn of."""


def _check_nonce(request: HttpRequest, sociallogin: Any) -> None:
    said = sociallogin.account.extra_data.get("id_token", {}).get("nonce", "")
    if not said or not constant_time_compare(str(said), str(sociallogin.state.get("nonce", ""))):
        _refuse(request, _("That did not work. Try again."))


def _verified_address(sociallogin: Any) -> str | None:
    """Only `true` counts: a provider that says "maybe" has not checked."""
    return next((one.email for one in sociallogin.email_addresses if one.email and one.verified is True), None)


def _person(request: HttpRequest, sociallogin: Any, address: str) -> User:
    found: User | None = User.objects.filter(email__iexact=address).first()
    if found is not None:
        return found
    if not settings.OIDC_CREATE_USERS:
        _refuse(request, _("Nobody here has the address %(email)s. Ask a RevOps administrator.") % {"email": address})
    suggested = sociallogin.user
    return services.create_user(
        actor=None,
        username=_free_name(address),
        email=address,
        first_name=suggested.first_name[:150],
        last_name=suggested.last_name[:150],
        roles=settings.OIDC_ROLES,
    )


def _free_name(address: str) -> str:
    wanted = re.sub(r"[^\w.@+-]", "", address.partition("@")[0])[:120] or "person"
    taken = User.objects.filter(username__iexact=wanted).exists()
    return address.lower()[:150] if taken else wanted.lower()


def _refuse_gone(request: HttpRequest, user: User) -> None:
    if not (user.is_active and user.can_sign_in):
        _refuse(request, _("This account is closed. Ask a RevOps administrator."))


def _refuse(request: HttpRequest, reason: str) -> NoReturn:
    messages.error(request, reason)
    answer: HttpResponse = redirect(settings.LOGIN_URL)
    raise ImmediateHttpResponse(answer)

"""API tokens of one's own."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from revops.core.errors import InvalidInput
from revops.users import selectors, services
from revops.users.forms import TokenForm


@never_cache
@login_required
def tokens(request: HttpRequest) -> HttpResponse:
    """One's tokens, and a form for another one. The new token is on the answer to the form and nowhere else."""
    form = TokenForm(request.POST or None)
    raw = ""
    if request.method == "POST" and form.is_valid():
        raw = _made(form, request.user)
        form = form if form.errors else TokenForm()
    status = 422 if form.errors else 200
    return render(request, "users/tokens.html", _context(request, form, raw), status=status)


def _made(form: TokenForm, user: Any) -> str:
    values = form.cleaned_data
    try:
        _token, raw = services.create_token(
            actor=user, name=values["name"], scopes=values["scopes"], expires_at=values["expires_at"]
        )
    except InvalidInput as error:
        for one in error.errors:
            form.add_error({"scopes": "single", "expires_at": "days"}.get(one.pointer, one.pointer), one.detail)
        return ""
    return raw


def _context(request: HttpRequest, form: TokenForm, raw: str) -> dict[str, Any]:
    title = _("API tokens")
    tokens = selectors.token_list(viewer=request.user)  # type: ignore[arg-type]
    return {"title": title, "crumbs": [(title, "")], "form": form, "raw": raw, "tokens": tokens}


@login_required
@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of one's own tokens."""
    token = get_object_or_404(selectors.token_list(viewer=request.user), pk=pk)  # type: ignore[arg-type]
    services.revoke_token(token=token, actor=request.user)  # type: ignore[arg-type]
    messages.success(request, _("The token is revoked."))
    return redirect("token-list")

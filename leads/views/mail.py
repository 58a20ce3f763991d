"""The open doors of mail: where a mail server brings what came in, and where somebody opts out."""

import secrets

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from leads import services
from leads.mail_reading import MOST_BYTES
from leads.selectors.sequences import enrollment_by_token
from leads.views.intake import visitor_address
from revops.core.errors import DomainError

OPT_OUTS_A_MINUTE = 20
_HEAD = {"headline": gettext_lazy("Mails from us")}


@csrf_exempt
@require_http_methods(["POST"])
def incoming(request: HttpRequest) -> HttpResponse:
    """One raw mail (message/rfc822). The mail server shows its token; the same mail again changes nothing."""
    if not _known_server(request):
        return _problem(401, "not_authenticated", _("Show the token as a bearer token."))
    if request.content_type not in ("message/rfc822", "application/octet-stream"):
        return _problem(415, "unsupported_media_type", _("Send one mail as message/rfc822."))
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        return _problem(413, "too_large", _("This mail is too large."))
    raw = request.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        return _problem(413, "too_large", _("This mail is too large."))
    if not raw.strip():
        return _problem(400, "malformed_mail", _("There is nothing in it."))
    try:
        message = services.receive_mail(raw=raw)
    except DomainError as error:
        return _problem(error.status, error.code, error.message)
    return JsonResponse({"id": message.pk, "kind": message.kind}, status=202)


def _known_server(request: HttpRequest) -> bool:
    """Compared in the same time, right or wrong. Without a token of ours the door is closed."""
    kind, _blank, shown = request.headers.get("Authorization", "").partition(" ")
    ours = settings.INBOUND_TOKEN
    alike = secrets.compare_digest(shown.strip().encode("utf-8", "replace"), ours.encode())
    return bool(ours) and kind.lower() == "bearer" and alike


def _problem(status: int, code: str, detail: str) -> HttpResponse:
    facts = {"status": status, "code": code, "detail": detail}
    return JsonResponse(facts, status=status, content_type="application/problem+json")


@csrf_exempt
@require_http_methods(["GET", "POST"])
def opt_out(request: HttpRequest, token: str) -> HttpResponse:
    """Asks, and on the answer nobody writes to them again; a mail program's one click (RFC 8058) posts at once.

    Whoever has the link may: no session counts here, so a forged form could do no more than the link.
    """
    if _too_fast(visitor_address(request)):
        answer = render(request, "leads/opt_out.html", {"state": "too_fast", "form": _HEAD}, status=429)
        answer["Retry-After"] = "60"
        return answer
    enrollment = enrollment_by_token(token)
    if enrollment is None:
        raise Http404
    if request.method == "POST":
        services.opt_out(enrollment=enrollment, reason=_("By the link in a mail."))
    state = "done" if request.method == "POST" else "asks"
    answer = render(request, "leads/opt_out.html", {"state": state, "form": _HEAD})
    answer["Cache-Control"] = "no-store"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


def _too_fast(address: str | None) -> bool:
    """More than some from one address in a minute. A cache that is away lets everybody pass."""
    key = f"opt-out:{address}"
    cache.add(key, 0, 60)
    try:
        return int(cache.incr(key) or 0) > OPT_OUTS_A_MINUTE
    except ValueError:
        return False

"""What people answered: the inbox of replies."""

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from leads.models import Lead, ReceivedMessage
from leads.selectors.outreach import received_shown
from leads.services import receiving as services
from leads.views.sequences import crumbs
from revops.core.errors import BadRequest
from revops.core.views.counting import bounded_count, count_text

Kind = ReceivedMessage.Kind
SHOWN = 50
TONES = {Kind.REPLY: "ok", Kind.BOUNCE: "bad", Kind.OPT_OUT: "warn"}


def _boxes(request: HttpRequest) -> dict[str, tuple[str, QuerySet[ReceivedMessage]]]:
    """The tabs by their key: words and rows."""
    rows = received_shown(viewer=request.user)
    boxes = {
        "unread": (_("Unread"), rows.unread()),  # type: ignore[attr-defined]
        "replies": (_("Replies"), rows.filter(kind=Kind.REPLY)),
        "rest": (_("Bounces and opt-outs"), rows.filter(kind__in=(Kind.BOUNCE, Kind.OPT_OUT, Kind.AUTO_REPLY))),
    }
    if request.user.has_perm("leads.manage_mail"):
        boxes["unmatched"] = (_("Belongs to nobody"), rows.filter(kind=Kind.UNMATCHED))
    return boxes


@login_required
@permission_required("leads.view_receivedmessage", raise_exception=True)
@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """Answers, newest first; `open` is read beside them."""
    boxes = _boxes(request)
    chosen = request.GET.get("box", "unread")
    if set(request.GET) - {"box", "open"} or chosen not in boxes:
        raise BadRequest("unknown_filter", _("There is no such box."))
    rows = list(boxes[chosen][1].order_by("-received_at", "-pk")[:SHOWN])
    opened = _opened(request, rows)
    context = {
        "title": _("Replies"),
        "nav_key": "replies",
        "crumbs": crumbs((_("Replies"), "")),
        "box": chosen,
        "tabs": [
            {
                "label": label,
                "url": f"?box={key}",
                "count": count_text(bounded_count(found)),
                "current": key == chosen,
            }
            for key, (label, found) in boxes.items()
        ],
        "items": [{"row": row, "tone": TONES.get(Kind(row.kind), ""), "current": row == opened} for row in rows],
        "opened": opened and _letter(request, opened),
    }
    return render(request, "leads/sequences/replies.html", context)


def _opened(request: HttpRequest, rows: list[ReceivedMessage]) -> ReceivedMessage | None:
    """The mail that is read: the one asked for, which may stand in the box no more."""
    asked = request.GET.get("open")
    if asked is None:
        return None
    key = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 12 else 0
    return next((row for row in rows if row.pk == key), None) or get_object_or_404(
        received_shown(viewer=request.user), pk=key
    )


def _letter(request: HttpRequest, row: ReceivedMessage) -> dict[str, Any]:
    """What the open mail shows besides itself: whom it is from here, and the ways to answer."""
    holder = row.enrollment or row
    person = holder.lead or holder.contact
    side = "lead" if isinstance(person, Lead) else "contact"
    writes = person is not None and request.user.has_perm("leads.add_sentmessage")
    subject = row.subject if row.subject.lower().startswith("re:") else f"Re: {row.subject}"
    return {
        "row": row,
        "tone": TONES.get(Kind(row.kind), ""),
        "person": person,
        "enrollment": row.enrollment,
        "answer_url": f"{reverse(f'{side}-write', args=[person.pk])}?answers={row.pk}"  # type: ignore[union-attr]
        if writes
        else f"mailto:{quote(row.sender, safe='@')}?subject={quote(subject)}",
        "written": row.replies.order_by("pk")[:SHOWN],
        "log_url": reverse(f"{side}-log", args=[person.pk]) if person else "",
        "may_log": person is not None and request.user.has_perm("accounts.add_activity"),
    }


@login_required
@permission_required("leads.view_receivedmessage", raise_exception=True)
@require_POST
def mark(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody has opened it. The page that shows a mail says so by itself."""
    row = get_object_or_404(received_shown(viewer=request.user), pk=pk)
    services.mark_read(message=row, actor=request.user)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    messages.success(request, _("Marked as read."))
    return redirect("reply-inbox")

"""What machines ask (alive, ready, figures), and what people read when a part of ours is away."""

from __future__ import annotations

import errno
import hmac
import sys
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError as BrokerError
from redis import RedisError

from revops.core import trace
from revops.core.metrics import exposition

LOCAL = ("127.0.0.1", "::1", "")
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
RETRY_SECONDS = "5"


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process lives. Nothing else is asked, so that a database's pause does not restart every web process."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Everything that a page needs is there; 503 names what is missing."""
    missing = [name for name, check in _CHECKS.items() if not check()]
    return JsonResponse({"ready": not missing, "missing": missing}, status=503 if missing else 200)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        connection.close()
        return False
    return True


def _valkey() -> bool:
    raw: Any = cache
    try:
        raw._cache.get_client().ping()
    except RedisError:
        return False
    return True


def _broker() -> bool:
    if settings.CELERY_BROKER_URL == settings.REDIS_URL:
        return True  # the same server, asked above
    try:
        with current_app.connection_for_read() as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=2)
    except (RedisError, OSError, BrokerError):
        return False
    return True


@lru_cache(maxsize=1)
def _newest() -> frozenset[tuple[str, str]]:
    """The migrations that this code ends with."""
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).graph.leaf_nodes())


_migrated: list[bool] = []


def _migrations() -> bool:
    """Asked of the database until they are there; code does not lose migrations while it runs."""
    if not _migrated:
        try:
            applied = set(MigrationRecorder(connection).applied_migrations())
        except (DatabaseError, InterfaceError):
            return False
        if _newest() <= applied:
            _migrated.append(True)
    return bool(_migrated)


_CHECKS: dict[str, Callable[[], bool]] = {
    "database": _database,
    "migrations": _migrations,
    "valkey": _valkey,
    "broker": _broker,
}


@require_safe
@never_cache
def figures(request: HttpRequest) -> HttpResponse:
    """Prometheus' figures: for whoever has METRICS_TOKEN; without one only for this machine itself."""
    if not _may_scrape(request):
        return HttpResponse("Send Authorization: Bearer with METRICS_TOKEN.\n", status=403, content_type="text/plain")
    return HttpResponse(exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _may_scrape(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        sent = request.headers.get("Authorization", "")
        return hmac.compare_digest(sent.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    # Behind a proxy of this machine every visitor comes from here.
    return request.META.get("REMOTE_ADDR", "") in LOCAL and "X-Forwarded-For" not in request.headers


def broken(request: HttpRequest) -> HttpResponse:
    """Django's handler500: an unexpected error, a database that is away, or a disk that is full, each in its words."""
    error = sys.exc_info()[1]
    status = status_of(error)
    if request.path.startswith("/api/") or request.headers.get("Accept", "").startswith("application/json"):
        response: HttpResponse = JsonResponse(_problem(status), status=status, content_type="application/problem+json")
    else:
        again = request.get_full_path() if request.method in ("GET", "HEAD") else ""
        # No context processor: they ask the database who is there.
        response = HttpResponse(loader.get_template(f"{status}.html").render({"again": again}), status=status)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response["Retry-After"] = RETRY_SECONDS
    return response


def status_of(error: BaseException | None) -> int:
    """What went wrong, as a status: 503 database, 507 disk, 500 anything else."""
    if isinstance(error, OperationalError | InterfaceError):
        return 503
    if isinstance(error, OSError) and error.errno in FULL:
        return 507
    return 500


def _problem(status: int) -> dict[str, Any]:
    words = {
        503: ("unavailable", _("The database does not answer just now. Nothing was changed. Try again.")),
        507: ("no_room", _("The server has no room for this file. Nothing of it was saved.")),
        500: ("broken", _("Something broke on our side. Nothing was changed.")),
    }
    code, detail = words[status]
    return {
        "type": f"/api/docs/#error-{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "errors": [],
        "request_id": trace.request_id.get(),
    }

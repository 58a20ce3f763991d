"""Idempotency-Key on every POST: the answer is stored in the transaction that did the work, both or neither."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from revops.core.api.problems import problem
from revops.core.models import IdempotencyKey

KEPT_HEADERS = ("Location", "ETag")


def replayable(request: Request, handle: Callable[[], Response]) -> Response:
    """Run `handle` once per (caller, key); later calls get the stored answer.

    Refusals (4xx) wrote nothing and are not stored.
    """
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        return handle()
    if len(key) > 200:
        return problem(400, "bad_idempotency_key", "An Idempotency-Key has at most 200 characters.")
    digest = _digest(request)
    with transaction.atomic():
        if not _claim(request.user.pk, key):
            return problem(409, "still_running", "The first request with this key is still running.")
        stored = IdempotencyKey.objects.filter(caller=request.user, key=key).first()
        if stored:
            return _replay(stored, digest)
        response = handle()
        if response.status_code >= 400:
            transaction.set_rollback(True)
        elif isinstance(response, Response):  # a file is read, not written: it is made again
            _store(request, key, digest, response)
        return response


def forget(before: datetime) -> int:
    """Drop the keys stored before a moment; returns how many."""
    return IdempotencyKey.objects.filter(created_at__lt=before).delete()[0]


def _digest(request: Request) -> str:
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if not (request.content_type or "").startswith("multipart/"):
        digest.update(request._request.body)
        return digest.hexdigest()
    # An upload is read in pieces: its body may be larger than Django keeps in memory.
    for name, values in sorted(request._request.POST.lists()):
        digest.update(json.dumps([name, values]).encode())
    files: list[tuple[str, Any]] = sorted(request._request.FILES.items())
    for name, file in files:
        digest.update(json.dumps([name, file.name]).encode())
        for piece in file.chunks():
            digest.update(piece)
        file.seek(0)
    return digest.hexdigest()


def _claim(caller: int, key: str) -> bool:
    name = int.from_bytes(hashlib.sha256(f"idempotency:{caller}:{key}".encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [name])
        return bool(cursor.fetchone()[0])


def _replay(stored: IdempotencyKey, digest: str) -> Response:
    if stored.request_hash != digest:
        return problem(422, "idempotency_key_reused", "This Idempotency-Key was used with another request.")
    headers = {**stored.headers, "Idempotent-Replayed": "true"}
    return Response(stored.body, status=stored.status, headers=headers)


def _store(request: Request, key: str, digest: str, response: Response) -> None:
    row = IdempotencyKey(
        caller_id=request.user.pk,
        key=key,
        request_hash=digest,
        status=response.status_code,
        body=_as_json(response.data),
        headers={name: response[name] for name in KEPT_HEADERS if response.has_header(name)},
    )
    row.save(force_insert=True)


def _as_json(data: Any) -> Any:
    return json.loads(json.dumps(data, cls=JSONEncoder))

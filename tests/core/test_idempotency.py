"""Idempotency-Key: a POST sent twice does its work once."""

from threading import Event

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from revops.catalog import services
from revops.catalog.models import Product
from revops.core.api import idempotency
from revops.core.models import IdempotencyKey
from tests.builders import make_token
from tests.cast import make_cast
from tests.core.threads import together

URL = "/api/v1/products"
BODY = {"sku": "A-1", "name": "Widget"}


def send(raw, key="k1", body=None):
    headers = {"Authorization": f"Bearer {raw}", "Idempotency-Key": key}
    return Client().post(URL, body or BODY, content_type="application/json", headers=headers)


def test_the_same_key_and_body_gets_the_stored_answer(olga):
    raw = make_token(olga)
    first, second = send(raw), send(raw)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert second["Idempotent-Replayed"] == "true" and "Idempotent-Replayed" not in first
    assert (first["ETag"], first["Location"]) == (second["ETag"], second["Location"])
    assert Product.objects.count() == 1


def test_the_same_key_with_another_body_is_422(olga):
    raw = make_token(olga)
    send(raw)
    response = send(raw, body={**BODY, "sku": "A-2"})
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")
    assert Product.objects.count() == 1


def test_a_refusal_is_not_stored_so_the_key_may_be_used_again(olga):
    raw = make_token(olga)
    assert send(raw, body={"sku": "A-1"}).status_code == 422
    assert not IdempotencyKey.objects.exists()
    assert send(raw).status_code == 201


def test_keys_are_each_callers_own(olga, cast):
    send(make_token(olga))
    services.retire_product(product=Product.objects.get(), actor=olga)
    other = make_token(cast.alice)
    assert send(other).status_code == 403
    assert Product.objects.count() == 1


def test_a_key_that_is_too_long_is_400(olga):
    assert send(make_token(olga), key="k" * 201).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_while_the_first_request_runs_the_second_is_409_and_later_the_stored_answer(monkeypatch):
    raw = make_token(make_cast().olga)
    inside, go_on = Event(), Event()
    create = services.create_product

    def slowly(**kwargs):
        inside.set()
        assert go_on.wait(10)
        return create(**kwargs)

    monkeypatch.setattr(services, "create_product", slowly)

    def late():
        assert inside.wait(10)
        try:
            return send(raw)
        finally:
            go_on.set()

    first, second = together(lambda: send(raw), late)
    assert (first.status_code, second.status_code, second.json()["code"]) == (201, 409, "still_running")
    assert send(raw)["Idempotent-Replayed"] == "true"
    assert Product.objects.count() == 1


@pytest.mark.spec("INV-93")
@pytest.mark.django_db(transaction=True)
def test_of_many_equal_requests_at_once_one_does_the_work():
    raw = make_token(make_cast().olga)
    answers = together(*[lambda: send(raw)] * 4)
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert Product.objects.count() == 1


@pytest.mark.django_db
def test_an_upload_larger_than_memory_is_read_in_pieces(settings, olga):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answers = []
    for content in (b"a" * 5000, b"a" * 5000, b"b" * 5000):
        plain = RequestFactory().post(
            "/api/v1/imports", {"file": SimpleUploadedFile("a.csv", content)}, headers={"Idempotency-Key": "k"}
        )
        request = Request(plain, parsers=[JSONParser(), MultiPartParser()])
        request.user = olga

        def handle(request=request):
            return Response({"size": len(request.data["file"].read())}, status=201)

        answers.append(idempotency.replayable(request, handle))
    assert [answer.status_code for answer in answers] == [201, 201, 422]
    assert [answer.data["size"] for answer in answers[:2]] == [5000, 5000]

"""What machines ask of a web process: is it alive, is it ready, what are its figures."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import OperationalError, connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from revops.core import outbox
from revops.core.models import Delivery, JobRun, OutboxEvent, TaskRun
from revops.core.views import health

pytestmark = pytest.mark.django_db


@pytest.fixture
def stranger() -> Client:
    """Asks by an address that is no host of ours, without TLS, as a container's neighbour does."""
    return Client(HTTP_HOST="web:8000")


@pytest.fixture
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "cursor", refused)


def figures(client: Client, **headers: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def value(found: dict[Any, float], name: str, **labels: str) -> float | None:
    return found.get((name, frozenset(labels.items())))


def test_alive_asks_nobody(stranger: Client, no_database: None, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = stranger.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer["Cache-Control"]


def test_ready_when_database_migrations_cache_and_broker_are_there(
    stranger: Client, django_assert_max_num_queries: Any
) -> None:
    health._migrated.clear()
    assert stranger.get("/readyz").json() == {"ready": True, "missing": []}
    with django_assert_max_num_queries(1):
        assert stranger.get("/readyz").status_code == 200


def test_not_ready_without_a_database(stranger: Client, no_database: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(health, "_migrated", [])
    monkeypatch.setattr(connection, "close", lambda: None)
    answer = stranger.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "missing": ["database", "migrations"]}


def test_not_ready_until_the_newest_migration_is_applied(stranger: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr(health, "_migrated", [])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'core' AND name = '0006_task_runs'")
        cursor.execute("DELETE FROM django_migrations WHERE app = 'forecasting'")
    assert stranger.get("/readyz").json() == {"ready": False, "missing": ["migrations"]}


def test_not_ready_without_valkey(stranger: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr(caches["default"]._cache, "get_client", lambda *_, **__: Redis(port=1))
    assert stranger.get("/readyz").json() == {"ready": False, "missing": ["valkey"]}


def test_not_ready_without_a_broker_of_its_own(stranger: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr(health.current_app, "connection_for_read", lambda: _broken_broker())
    assert settings.CELERY_BROKER_URL != settings.REDIS_URL
    assert stranger.get("/readyz").json() == {"ready": False, "missing": ["broker"]}


def _broken_broker() -> Any:
    return health.current_app.connection("redis://127.0.0.1:1/0")


def test_a_machine_with_the_token_reads_the_figures_and_nobody_else(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = "a-long-secret"
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer a-long-secre"}).status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer ä"}).status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer a-long-secret"}).status_code == 200
    assert client.post("/metrics", headers={"Authorization": "Bearer a-long-secret"}).status_code == 405


def test_without_a_token_only_this_machine_itself_reads_the_figures(client: Client) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 403
    # A proxy of this machine speaks for everybody.
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 403


def test_requests_are_counted_by_route_never_by_address(client: Client, alice: Any) -> None:
    client.force_login(alice)
    before = figures(client)
    client.get("/settings/tokens/")
    client.get("/settings/tokens/?q=helena@lindauer.example")
    client.get("/leads/987654321/")
    client.get("/no/such/helena@lindauer.example")
    client.generic("BREW", "/settings/tokens/")
    after = figures(client)

    def grown(name: str, **labels: str) -> float:
        return (value(after, name, **labels) or 0) - (value(before, name, **labels) or 0)

    assert grown("revops_requests_total", route="token-list", method="GET", status="200") == 2
    assert grown("revops_request_seconds_count", route="token-list", method="GET") == 2
    assert grown("revops_sql_statements_total", route="token-list") >= 3
    assert grown("revops_requests_total", route="lead-detail", method="GET", status="404") == 1
    assert grown("revops_requests_total", route="none", method="GET", status="404") == 1
    assert grown("revops_requests_total", route="token-list", method="other", status="200") == 1
    said = " ".join(str(labels) for _, labels in after)
    assert "987654321" not in said and "lindauer" not in said and "such" not in said


@pytest.fixture
def letters() -> Iterator[None]:
    event = OutboxEvent.objects.create(name="tests.Nothing", payload={})
    rows = [(Delivery.State.PENDING, "a"), (Delivery.State.DEAD, "b"), (Delivery.State.DONE, "c")]
    for state, handler in rows:
        Delivery.objects.create(event=event, handler=handler, state=state, next_try_at=event.created_at)
    with outbox.delivered_by_hand():
        yield


def test_outbox_jobs_tasks_queues_and_the_clock_are_told(client: Client, letters: None) -> None:
    JobRun.objects.create(kind="tests.job", state=JobRun.State.RUNNING)
    moment = OutboxEvent.objects.get().created_at
    TaskRun.objects.create(
        task="tests.task", succeeded=3, failed=1, milliseconds_total=2500, sent_at=moment, succeeded_at=moment
    )
    found = figures(client)
    assert value(found, "revops_outbox_deliveries", state="pending") == 1
    assert value(found, "revops_outbox_deliveries", state="dead") == 1
    assert 0 <= (value(found, "revops_outbox_oldest_seconds") or 0) < 60
    assert value(found, "revops_job_runs", state="running") == 1
    assert value(found, "revops_job_runs", state="failed") == 0
    assert value(found, "revops_task_runs_total", task="tests.task", outcome="succeeded") == 3
    assert value(found, "revops_task_runs_total", task="tests.task", outcome="failed") == 1
    assert value(found, "revops_task_seconds_total", task="tests.task") == 2.5
    assert value(found, "revops_beat_last_tick_timestamp_seconds") == pytest.approx(moment.timestamp())
    assert {part: value(found, "revops_up", part=part) for part in ("database", "broker", "cache")} == {
        "database": 1, "broker": 1, "cache": 1,
    }  # fmt: skip
    assert value(found, "revops_queue_messages", queue="money") == 0


def test_a_queue_that_grows_is_seen(client: Client) -> None:
    broker = Redis.from_url(settings.CELERY_BROKER_URL)
    broker.delete("reports")  # other tests may have left work there
    broker.rpush("reports", "a", "b")
    try:
        assert value(figures(client), "revops_queue_messages", queue="reports") == 2
    finally:
        broker.delete("reports")


def test_figures_without_valkey_say_so_and_keep_the_rest(client: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr(caches["default"]._cache, "get_client", lambda *_, **__: Redis(port=1))
    found = figures(client)
    assert value(found, "revops_up", part="cache") == 0
    assert value(found, "revops_up", part="database") == 1
    assert value(found, "revops_outbox_deliveries", state="pending") == 0

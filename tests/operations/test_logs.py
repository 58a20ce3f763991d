"""Log lines: one JSON object each, with the ids that lead from a page to its tasks, and nothing that is private."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from revops.core import trace
from revops.core.logs import FIELDS, JsonLines, Marks, TextLines, logging_of
from revops.users.models import User
from tests.builders import PASSWORD, make_token


class Lines:
    """What went to the log, as production writes it."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def of(self, logger: str) -> list[dict[str, Any]]:
        return [line for line in self.all() if line["logger"] == logger]


@pytest.fixture
def lines() -> Iterator[Lines]:
    written, root = Lines(), logging.getLogger()
    handler = logging.StreamHandler(written.stream)
    handler.setFormatter(JsonLines())
    handler.addFilter(Marks())
    root.addHandler(handler)
    before, root.level = root.level, logging.DEBUG
    yield written
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.mark.django_db
def test_a_request_is_one_line_with_its_id_person_route_status_and_time(
    client: Client, alice: Any, lines: Lines
) -> None:
    client.force_login(alice)
    answer = client.get("/settings/tokens/?q=secret-word")
    (line,) = lines.of("revops.request")
    assert line["request_id"] == answer["X-Request-ID"] and len(line["request_id"]) == 32
    assert (line["route"], line["method"], line["status"]) == ("token-list", "GET", 200)
    assert line["user_id"] == alice.pk
    assert line["sql"] >= 3 and line["duration_ms"] >= 0
    assert "secret-word" not in lines.text


@pytest.mark.django_db
def test_a_request_by_token_names_the_person_too(client: Client, alice: Any, lines: Lines) -> None:
    raw = make_token(alice)
    client.get("/api/v1/leads", headers={"Authorization": f"Bearer {raw}"})
    assert lines.of("revops.request")[0]["user_id"] == alice.pk
    assert raw not in lines.text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("offered", "kept"),
    [
        ("edge-7f3a9c21", True),
        ("01HF3Z8J.5-a_b", True),
        ("short", False),
        ("x" * 41, False),
        ("two words here", False),
        ('forged"} {"level": "x', False),
        ("-starts-wrong", False),
    ],
)
def test_an_id_of_a_proxy_is_kept_if_it_looks_like_one(client: Client, offered: str, kept: bool) -> None:
    answer = client.get("/healthz", headers={"X-Request-ID": offered})
    assert (answer["X-Request-ID"] == offered) is kept
    assert trace.WELL_FORMED.fullmatch(answer["X-Request-ID"])


@pytest.mark.django_db
def test_probes_and_static_files_do_not_fill_the_log(client: Client, lines: Lines) -> None:
    client.get("/healthz")
    client.get("/readyz")
    client.get("/static/css/app.css")
    assert lines.of("revops.request") == []


@pytest.mark.django_db
def test_what_people_post_never_reaches_the_log(client: Client, alice: Any, lines: Lines) -> None:
    """Signing in, a token's birth, a password's reset, a refused import of the API: none of the values appears."""
    client.post("/login/", {"login": "alice", "password": PASSWORD + "-typo"})
    client.post("/login/", {"login": "alice", "password": PASSWORD})
    client.force_login(alice)
    made = client.post(
        "/settings/tokens/", {"name": "Till", "read_all": "on", "scopes": "*:read", "single": ["leads:read"]}
    )
    raw = make_token(alice)
    body = {"first_name": "Ottilie", "email": "ottilie@personal.example", "phone": "+49 30 555 0199"}
    client.post("/api/v1/leads", body, "application/json", headers={"Authorization": f"Bearer {raw}"})
    client.post("/api/v1/leads", '{"cut', "application/json", headers={"Authorization": f"Bearer {raw}"})
    client.get("/account/password/reset/key/1-abc123-deadbeefdeadbeef/")
    assert made.status_code in (200, 422)
    assert len(lines.of("revops.request")) == 6
    for private in (
        PASSWORD,
        raw,
        "Ottilie",
        "ottilie@",
        "0199",
        "deadbeef",
        "alice@",
        client.cookies["sessionid"].value,
    ):
        assert private not in lines.text, private


def _breaks(*_: Any, **__: Any) -> None:
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("CREATE TEMP TABLE secrets (email text CHECK (email = '')) ON COMMIT DROP")
        cursor.execute("INSERT INTO secrets VALUES ('ottilie@personal.example')")


@pytest.mark.django_db
def test_an_error_tells_where_and_what_but_not_the_row(
    alice: Any, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    monkeypatch.setattr("revops.users.selectors.token_list", _breaks)
    answer = client.get("/settings/tokens/?q=ottilie")
    assert answer.status_code == 500
    (line,) = lines.of("django.request")
    assert line["level"] == "ERROR" and line["message"] == "Internal Server Error: token-list"
    assert "violates check constraint" in line["error"]
    assert "test_logs.py" in line["error"] and "in _breaks" in line["error"]
    assert line["request_id"] == answer["X-Request-ID"]
    assert "ottilie" not in lines.text and "personal.example" not in lines.text


def test_a_task_that_fails_tells_neither_its_arguments_nor_the_row(lines: Lines) -> None:
    """As Celery logs it: the exception in words, the arguments and the trace beside it."""
    try:
        raise IntegrityError("duplicate key\nDETAIL: Key (email)=(ottilie@personal.example) already exists.")
    except IntegrityError as error:
        said = {
            "name": "leads.score_lead", "id": "42", "description": "raised unexpected", "exc": repr(error),
            "args": "('ottilie',)", "kwargs": "{}", "traceback": "... ottilie ...",
        }  # fmt: skip
        logging.getLogger("celery.app.trace").error(
            "Task %(name)s[%(id)s] %(description)s: %(exc)s", said, exc_info=sys.exc_info(), extra={"data": said}
        )
    (line,) = lines.all()
    assert line["message"] == "Task leads.score_lead[42] raised unexpected: IntegrityError: duplicate key"
    assert "ottilie" not in lines.text


def test_what_a_task_returns_is_told_only_as_a_number(lines: Lines) -> None:
    log = logging.getLogger("celery.app.trace")
    log.info("Task %(name)s succeeded: %(return_value)s", {"name": "a", "return_value": "12"})
    log.info("Task %(name)s succeeded: %(return_value)s", {"name": "a", "return_value": "'ottilie'"})
    assert [line["message"] for line in lines.all()] == ["Task a succeeded: 12", "Task a succeeded: done"]


def test_lines_of_a_task_carry_its_id_its_job_and_the_request_that_sent_it(lines: Lines) -> None:
    request = trace.request_id.set("edge-7f3a9c21")
    task = trace.task.set(trace.TaskMark("core.run_job", "task-1", "job-1"))
    logging.getLogger("accounts").info("merged")
    trace.task.reset(task)
    trace.request_id.reset(request)
    logging.getLogger("accounts").info("idle")
    inside, outside = lines.all()
    assert {name: inside[name] for name in ("request_id", "task", "task_id", "job_id")} == {
        "request_id": "edge-7f3a9c21", "task": "core.run_job", "task_id": "task-1", "job_id": "job-1",
    }  # fmt: skip
    assert not {"request_id", "task", "task_id", "job_id"} & set(outside)


def test_only_fields_that_are_named_are_written(lines: Lines) -> None:
    logging.getLogger("x").info("hello", extra={"password": "hunter2", "route": "lead-list"})
    (line,) = lines.all()
    assert line["route"] == "lead-list" and "hunter2" not in lines.text
    assert set(line) <= {"at", "level", "logger", "message", "error", *FIELDS}


def test_a_terminal_gets_text_and_a_machine_gets_json() -> None:
    assert logging_of(json_lines=True, level="INFO")["formatters"]["lines"]["()"].endswith("JsonLines")
    assert logging_of(json_lines=False, level="INFO")["formatters"]["lines"]["()"].endswith("TextLines")
    record = logging.LogRecord("leads", logging.INFO, __file__, 1, "scored %s", (3,), None)
    assert TextLines().format(record).endswith("INFO leads scored 3")
    assert json.loads(JsonLines().format(record))["message"] == "scored 3"


@pytest.mark.django_db
def test_nobody_is_looked_up_for_the_log(client: Client, lines: Lines, django_assert_num_queries: Any) -> None:
    assert User.objects.count() == 0
    with django_assert_num_queries(0):
        client.get("/offline/")
    assert "user_id" not in lines.of("revops.request")[0]

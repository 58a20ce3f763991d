"""Jobs by token: how far they are, what was left out, the file, cancel and undo; exports that take longer."""

import json
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from python_calamine import CalamineWorkbook

from leads.models import Lead
from revops.core import jobs
from revops.core.models import JobRun
from revops.users.models import User
from tests.accounts.builders import make_account
from tests.builders import make_token

pytestmark = pytest.mark.django_db
LEADS = b"Id,Last name,Company,E-mail\nL-1,Lee,Acme,lee@acme.example\nL-2,Ek,Base,nothing\n"


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_enqueue", [lambda job, queue: None])


def head(user: User) -> dict[str, str]:
    return {"Authorization": f"Bearer {make_token(user)}"}


def post(client: Client, path: str, body: Any, user: User) -> Any:
    return client.post(path, json.dumps(body), content_type="application/json", headers=head(user))


def committed(client: Client, sam: User) -> str:
    """The address of the job that wrote an import with one refused row."""
    file = SimpleUploadedFile("fair.csv", LEADS, "text/csv")
    made = client.post("/api/v1/imports", {"kind": "leads", "file": file, "system": "fair"}, headers=head(sam))
    path = f"/api/v1/imports/{made.json()['id']}"
    assert post(client, f"{path}/check", {}, sam).status_code == 200
    job = post(client, f"{path}/commit", {}, sam)
    assert job.status_code == 202
    return str(job["Location"])


def test_an_import_is_followed_and_taken_back_by_its_job(client: Client, sam: User, alice: User) -> None:
    path = committed(client, sam)
    waiting = client.get(path, headers=head(sam)).json()
    assert (waiting["state"], waiting["can_cancel"], waiting["can_undo"]) == ("queued", True, False)
    assert post(client, f"{path}/undo", {}, sam).json()["code"] == "job_running"
    jobs.run(waiting["id"])
    over = client.get(path, headers=head(sam)).json()
    assert (over["state"], over["can_cancel"], over["can_undo"]) == ("done", False, True)
    errors = client.get(over["error_file"], headers=head(sam))
    lines = b"".join(errors.streaming_content).decode().splitlines()
    assert (errors["Content-Type"], len(lines)) == ("text/csv; charset=utf-8", 2)
    assert lines[1].startswith("L-2,Ek,Base,nothing,")
    assert post(client, f"{path}/undo", {}, alice).status_code == 404 and Lead.objects.count() == 1
    undo = post(client, f"{path}/undo", {}, sam)
    assert undo.status_code == 202 and undo["Location"] != path
    jobs.run(undo.json()["id"])
    assert not Lead.objects.exists()
    again = post(client, f"{path}/undo", {}, sam)
    assert (again.status_code, again.json()["code"]) == (409, "cannot_undo")


def test_a_job_that_waits_is_cancelled_once(client: Client, sam: User) -> None:
    path = committed(client, sam)
    assert post(client, f"{path}/cancel", {}, sam).status_code == 202
    jobs.run(path.rsplit("/", 1)[-1])
    assert client.get(path, headers=head(sam)).json()["state"] == "cancelled"
    assert post(client, f"{path}/cancel", {}, sam).status_code == 409
    assert not Lead.objects.exists()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_by_a_job_is_fetched_from_it(client: Client, alice: User, bob: User, kind: str) -> None:
    make_account(alice, name="Acme", industry="retail")
    make_account(alice, name="Base", industry="media")
    asked = {"list": "accounts", "query": {"industry": "retail"}, "format": kind, "job": True}
    answer = post(client, "/api/v1/exports", asked, alice)
    assert answer.status_code == 202
    path = answer["Location"]
    assert client.get(f"{path}/file", headers=head(alice)).status_code == 404
    jobs.run(answer.json()["id"])
    over = client.get(path, headers=head(alice)).json()
    file: Any = client.get(over["file"], headers=head(alice))
    content = b"".join(file.streaming_content)
    if kind == "csv":
        assert b"Acme" in content and b"Base" not in content
    else:
        rows = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()
        assert any("Acme" in row for row in rows) and not any("Base" in row for row in rows)
    assert client.get(f"{path}/file", headers=head(bob)).status_code == 404
    assert client.get(f"{path}/errors", headers=head(alice)).status_code == 404


def test_an_export_that_cannot_be_made_starts_no_job(client: Client, alice: User) -> None:
    wrong: list[tuple[dict[str, Any], int]] = [
        ({"list": "accounts", "query": {"no_such": "1"}, "job": True}, 400),
        ({"list": "nothing", "job": True}, 422),
        ({"list": "accounts", "format": "pdf"}, 422),
        ({"list": "change-requests", "format": "xlsx"}, 422),
    ]
    for body, status in wrong:
        assert post(client, "/api/v1/exports", body, alice).status_code == status, body
    assert not JobRun.objects.exists()

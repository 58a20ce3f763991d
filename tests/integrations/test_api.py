"""Imports, exports and change requests by token."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from leads.models import Lead
from revops.core import clock, jobs
from revops.core.registries import day_for
from revops.users.models import User
from tests.accounts.builders import make_account
from tests.builders import make_token

pytestmark = pytest.mark.django_db
API = "/api/v1"
LEADS = b"Id,Last name,Company,E-mail\nL-1,Lee,Acme,lee@acme.example\nL-2,Ek,Base,nothing\n"


def token(user: User) -> dict[str, str]:
    return {"Authorization": f"Bearer {make_token(user)}"}


def sent(client: Client, path: str, body: Any, headers: dict[str, str], method: str = "post") -> Any:
    return getattr(client, method)(f"{API}{path}", json.dumps(body), content_type="application/json", headers=headers)


@pytest.mark.spec("RO-04")
def test_a_file_goes_in_and_out_again_by_token(client: Client, sam: User) -> None:
    head = token(sam)
    file = SimpleUploadedFile("fair.csv", LEADS, "text/csv")
    answer = client.post(f"{API}/imports", {"kind": "leads", "file": file, "system": "fair"}, headers=head)
    assert answer.status_code == 201, answer.content
    run = answer.json()
    assert run["mapping"] == {"0": "external_id", "1": "last_name", "2": "company", "3": "email"}
    path = f"/imports/{run['id']}"
    answer = sent(client, path, {"mapping": run["mapping"]}, head | {"If-Match": answer.headers["ETag"]}, "patch")
    assert answer.status_code == 200
    stale = sent(client, f"{path}/check", {}, head | {"If-Match": '"1"'})
    assert stale.status_code == 412
    answer = sent(client, f"{path}/check", {}, head)
    assert answer.json()["counts"]["create"] == 1 and answer.json()["counts"]["error"] == 1
    rows = client.get(f"{API}{path}/rows?verdict=error", headers=head).json()["results"]
    assert rows[0]["errors"] == [{"field": "email", "value": "nothing", "message": "This is no e-mail address."}]
    stopped = sent(client, f"{path}/commit", {"go_on": False}, head)
    assert stopped.status_code == 422
    answer = sent(client, f"{path}/commit", {}, head)
    assert answer.status_code == 202 and answer.headers["Location"].startswith(f"{API}/jobs/")
    jobs.run(answer.json()["id"])
    job = client.get(answer.headers["Location"], headers=head).json()
    assert (job["state"], job["result"]["url"]) == ("done", f"/imports/{run['id']}/")
    text = b"".join(client.get(f"{API}{path}/errors", headers=head).streaming_content).decode()
    assert text.splitlines()[1] == "L-2,Ek,Base,nothing,email: This is no e-mail address."
    assert Lead.objects.get().owner == sam
    jobs.run(sent(client, f"{path}/undo", {}, head).json()["id"])
    assert not Lead.objects.exists()


def test_who_may_not_import_is_refused_and_outsiders_see_nothing(client: Client, sam: User, alice: User) -> None:
    file = SimpleUploadedFile("fair.csv", LEADS, "text/csv")
    made = client.post(f"{API}/imports", {"kind": "leads", "file": file}, headers=token(sam)).json()
    file = SimpleUploadedFile("fair.csv", LEADS, "text/csv")
    assert client.post(f"{API}/imports", {"kind": "leads", "file": file}, headers=token(alice)).status_code == 403
    file = SimpleUploadedFile("fair.csv", LEADS, "text/csv")
    assert client.post(f"{API}/imports", {"kind": "accounts", "file": file}, headers=token(sam)).status_code == 403
    assert client.get(f"{API}/imports/{made['id']}", headers=token(alice)).status_code == 404
    assert client.get(f"{API}/imports?nonsense=1", headers=token(sam)).status_code == 400


def test_any_list_leaves_as_csv_with_formulas_made_harmless(client: Client, alice: User, charlie: User) -> None:
    make_account(alice, name="=HYPERLINK(1)", industry="retail")
    make_account(alice, name="Base", industry="media")
    make_account(charlie, name="Hidden", industry="retail")
    answer = sent(client, "/exports", {"list": "accounts", "query": {"industry": "retail"}}, token(alice))
    text = b"".join(answer.streaming_content).decode()
    assert "'=HYPERLINK(1)" in text and "Base" not in text and "Hidden" not in text
    assert sent(client, "/exports", {"list": "nothing"}, token(alice)).status_code == 422
    assert sent(client, "/exports", {"list": "accounts", "query": {"x": "1"}}, token(alice)).status_code == 400


@pytest.mark.spec("RO-04")
def test_a_change_needs_sponsor_and_benefit_and_is_measured_after_90_days(
    client: Client, alice: User, dana: User, olga: User
) -> None:
    answer = sent(client, "/change-requests", {"title": "Dialler in the CRM"}, token(alice))
    path = f"/change-requests/{answer.json()['id']}"
    refused = sent(client, f"{path}/approve", {}, token(olga))
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == ["sponsor", "expected_benefit"]
    given = {"sponsor": dana.pk, "expected_benefit": "20 calls more a day"}
    assert sent(client, path, given, token(alice), "patch").status_code == 200
    assert sent(client, f"{path}/approve", {}, token(alice)).status_code == 403
    assert sent(client, f"{path}/approve", {}, token(olga)).json()["status"] == "approved"
    done = sent(client, f"{path}/complete", {}, token(olga)).json()
    assert done["measure_on"] == (clock.today() + timedelta(days=90)).isoformat()
    wanted = "Measure the benefit of “Dialler in the CRM”"
    assert wanted not in [item.title for item in day_for(dana, clock.today() + timedelta(days=89))]
    assert wanted in [item.title for item in day_for(dana, clock.today() + timedelta(days=90))]
    said = sent(client, f"{path}/measure", {"measured_benefit": "14 calls more a day"}, token(dana))
    assert said.json()["status"] == "measured"
    assert wanted not in [item.title for item in day_for(dana, clock.today() + timedelta(days=91))]


def test_change_requests_have_their_pages(client: Client, alice: User, charlie: User, dana: User, olga: User) -> None:
    client.force_login(alice)
    assert client.get("/change-requests/").status_code == 200
    data = {"title": "Dialler", "sponsor": dana.pk, "expected_benefit": "Time", "details": "<b>x</b>"}
    page = client.post("/change-requests/new/", data)
    address = page.headers["Location"]
    assert "&lt;b&gt;x&lt;/b&gt;" in client.get(address).content.decode()
    assert client.get(f"{address}edit/").status_code == 200
    assert client.post(f"{address}approve/", {"version": 1}).status_code == 403
    client.force_login(charlie)
    assert client.get(address).status_code == 404
    client.force_login(olga)
    assert client.post(f"{address}approve/", {"version": 9}).status_code == 409
    assert client.post(f"{address}approve/", {"version": 1}).status_code == 302
    assert client.post(f"{address}complete/", {"version": 2}).status_code == 302
    assert client.post(f"{address}measure/", {"version": 3, "measured_benefit": ""}).status_code == 422
    assert client.post(f"{address}measure/", {"version": 3, "measured_benefit": "An hour a day"}).status_code == 302
    assert "An hour a day" in client.get(address).content.decode()

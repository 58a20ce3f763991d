"""One custom field of each kind, added to leads in the administration: it is at once everywhere."""

import csv
import io
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from leads import services
from leads.models import Lead
from leads.setup import ensure_leads
from revops.core.custom.registry import KINDS
from revops.core.errors import MissingFields
from revops.core.models import AuditEntry, CustomField
from revops.users.models import User
from tests.builders import make_token
from tests.custom.builders import K, examples
from tests.integrations.files import imported, refused
from tests.leads.builders import GOOD, answered, make_lead

SORTED = {K.PERSON: False}


def add_in_admin(client: Client, key: str, kind: str, **more: Any) -> None:
    """The form of the administration as a browser sends it."""
    data = {
        "model": "leads.lead", "key": key, "label": key.replace("_", " ").capitalize(), "kind": kind, "position": "10",
        "group": "Fit", "in_list": "on", "is_active": "on", "is_indexed": "on",
        "choices_text": "low = Low\nmid = Medium\nhigh = High" if kind in (K.CHOICE, K.CHOICES) else "",
        "default_text": "", "help_text": f"Help of {key}",
        "carried_to": ["accounts.account", "accounts.contact", "opportunities.opportunity"],
    }  # fmt: skip
    made = client.post(reverse("admin:core_customfield_add"), {**data, **more})
    assert made.status_code == 302, made.context["adminform"].form.errors
    assert CustomField.objects.filter(model="leads.lead", key=key).exists()


def as_typed(kind: str, value: Any) -> dict[str, Any]:
    """What a browser sends for a value: name suffix -> text."""
    if kind == K.MONEY:
        return {"_amount": value["amount"], "_currency": value["currency"]}
    if kind == K.FLAG:
        return {"": "true" if value else "false"}
    if kind == K.DATETIME:
        return {"": value.removesuffix("Z")}
    return {"": value}


def as_filter(kind: str, value: Any) -> str:
    if kind == K.MONEY:
        return str(value["amount"])
    if kind == K.CHOICES:
        return str(value[0])
    return json.dumps(value) if isinstance(value, bool) else str(value)


@pytest.mark.spec("INV-91")
def test_one_of_each_kind_added_in_admin_is_at_once_everywhere(olga: User, alice: User, client: Client) -> None:
    ensure_leads()
    client.force_login(olga)
    every = examples(alice)
    assert {kind for kind, _a, _b in every.values()} == set(KINDS)
    for key, (kind, _a, _b) in every.items():
        more = {"required_at": ["leads.lead:qualified"]} if key == "district" else {}
        add_in_admin(client, key, kind, **more)
    assert AuditEntry.objects.filter(action="custom_field.created", actor=olga).count() == len(every)
    names = {f"custom.{key}{suffix}": text for key, (kind, value, _b) in every.items()
             for suffix, text in as_typed(kind, value).items()}  # fmt: skip

    # Form: asked for under its heading with its help, saved as the API would save it.
    page = client.get(reverse("lead-new")).content.decode()
    assert all(f'name="custom.{key}' in page and f"Help of {key}" in page for key in every)
    made = client.post(reverse("lead-new"), {"last_name": "Nunez", "company": "Vale Mills", **names})
    assert made.status_code == 302, made.content.decode()[:3000]
    lead = Lead.objects.get(last_name="Nunez")
    assert lead.custom == {key: value for key, (_kind, value, _b) in every.items()}
    other = make_lead(olga, custom={key: value for key, (_kind, _a, value) in every.items()})
    blank = make_lead(olga)

    # Record page: every value in words.
    shown = client.get(lead.get_absolute_url()).content.decode()
    for words in ("€1,200.50", "7.5 %", "1 Mar 2026", "Low; High", "Alice Reed", "https://example.com/a", "0.1"):
        assert words in shown, words

    # Form again: it holds what stands there, and a change is told in words on the timeline.
    address = reverse("lead-edit", args=[lead.pk])
    form = client.get(address).context["form"]
    assert form["custom.budget"].value().currency == "EUR"
    assert client.post(address, {**names, "version": lead.version, "last_name": "Nunez", "company": "Vale Mills",
                                 "custom.level": "high", "custom.district": ""}).status_code == 302  # fmt: skip
    lead.refresh_from_db()
    assert lead.custom["level"] == "high"
    assert "district" not in lead.custom
    history = client.get(lead.get_absolute_url()).content.decode()
    assert '<span class="was">Low</span>' in history
    assert "Level:" in history
    entry = AuditEntry.objects.filter(action="lead.changed").latest("pk")
    assert (entry.before["custom.level"], entry.after["custom.level"]) == ("low", "high")
    before = Lead.pgh_event_model.objects.filter(pgh_obj_id=lead.pk).latest("pgh_id")  # type: ignore[attr-defined]
    assert before.custom["level"] == "low"

    # Needed from a state on.
    services.update_lead(lead=lead, version=None, actor=olga, custom={"level": "low"})
    waiting = answered(lead, olga)
    with pytest.raises(MissingFields) as missing:
        services.qualify_lead(lead=waiting, version=None, actor=olga)
    assert missing.value.fields == ["custom.district"]
    lead.refresh_from_db()
    assert lead.status == Lead.Status.WORKING
    services.update_lead(lead=lead, version=None, actor=olga, custom={"district": "North"})
    assert services.qualify_lead(lead=lead, version=None, actor=olga).status == Lead.Status.QUALIFIED
    with pytest.raises(MissingFields):
        services.update_lead(lead=lead, version=None, actor=olga, custom={"district": None})

    # List: column, filter with its chip in words, sort, file.
    listing = client.get(reverse("lead-list"))
    heads = [head["column"].key for head in listing.context["heads"]]
    assert [f"cf.{key}" for key in every] == [key for key in heads if key.startswith("cf.")]
    for key, (kind, first, second) in every.items():
        operator = "__contains" if kind == K.LONG_TEXT else ""
        said = "Zulu" if kind == K.LONG_TEXT else as_filter(kind, second)
        found = client.get(reverse("lead-list"), {f"cf.{key}{operator}": said})
        assert found.status_code == 200, key
        keys = {row.pk for row in found.context["page"].rows}
        assert keys == ({lead.pk, other.pk} if first == second else {other.pk}), key
        assert [chip["label"] for chip in found.context["active"]][0].startswith(key.replace("_", " ").capitalize())
        empty = client.get(reverse("lead-list"), {f"cf.{key}__isnull": "true"})
        assert {row.pk for row in empty.context["page"].rows} == {blank.pk}, key
        for sign, expected in (("", [lead.pk, other.pk, blank.pk]), ("-", [other.pk, lead.pk, blank.pk])):
            order = client.get(reverse("lead-list"), {"sort": f"{sign}cf.{key}"})
            assert order.status_code == (200 if SORTED.get(K(kind), True) else 400), key
            if order.status_code == 200:
                assert [row.pk for row in order.context["page"].rows] == expected, (key, sign)
    words = client.get(reverse("lead-list"), {"cf.level": "high"}).context["active"][0]["value"]
    assert words == "High"

    columns = ",".join(["name", "company", *(f"cf.{key}" for key in every)])
    export = client.get(reverse("lead-list"), {"export": "csv", "columns": columns, "sort": "cf.seats"})
    text = b"".join(export.streaming_content).decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text)))
    assert lines[0]["Budget"] == "1200.50"
    assert lines[0]["Budget currency"] == "EUR"
    assert (lines[0]["Level"], lines[0]["Interests"], lines[0]["Engineer"]) == ("Low", "Low; High", "Alice Reed")
    assert (lines[0]["Met at"], lines[0]["Newsletter"]) == ("2026-11-17T12:30:15+00:00", "no")

    # Import: the exported file names its columns, and brings the same values back to new leads.
    text = text.replace("Lead,", "Last name,", 1)
    keep = [line for line in text.splitlines() if not line.startswith("Lead")]
    fresh = "\r\n".join(keep).replace("Vale Mills", "Vale Mills Two").replace("Nunez", "Ortega")
    run = imported("leads", fresh, olga)
    assert set(run.mapping.values()) >= {f"cf.{key}" for key in every}
    assert refused(run) == {}
    copy = Lead.objects.get(last_name="Ortega")
    lead.refresh_from_db()
    assert copy.custom == lead.custom
    again = imported("leads", fresh, olga)
    assert (again.counts["create"], again.counts["update"]) == (0, 0)
    wrong = imported("leads", "Last name,Company,Seats,level\nPike,Tamar,many,Extreme\n", olga)
    assert {error["field"] for error in refused(wrong)[2]} >= {"cf.seats"}

    # API: out, in, filtered, sorted, described.
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {make_token(olga)}")
    base = "/api/v1/leads"
    values = {key: value for key, (_kind, value, _b) in every.items()}
    answer = api.post(base, {"last_name": "Ito", "company": "Kansai", "custom": values})
    assert (answer.status_code, answer.json()["custom"]) == (201, values)
    patched = api.patch(f"{base}/{answer.json()['id']}", {"custom": {"level": "mid", "notes": None}})
    assert patched.json()["custom"] == {key: value for key, value in {**values, "level": "mid"}.items()
                                        if key != "notes"}  # fmt: skip
    assert {row["id"] for row in api.get(f"{base}?cf.level__in=mid,high").json()["results"]} == {
        answer.json()["id"], other.pk,
    }  # fmt: skip
    assert {row["id"] for row in api.get(f"{base}?cf.seats__gte=100").json()["results"]} == {other.pk}
    first = api.get(f"{base}?sort=-cf.budget&limit=1").json()
    assert first["results"][0]["id"] == other.pk
    second_page = api.get(f"{base}?sort=-cf.budget&limit=1&cursor={first['next']}").json()
    assert second_page["results"][0]["custom"]["budget"]["amount"] == "1200.50"
    meta = {row["name"]: row for row in api.get("/api/v1/meta/leads").json()["custom"]}
    assert set(meta) == {f"custom.{key}" for key in every}
    assert meta["custom.district"]["required_at"] == ["qualified"]
    assert [choice["value"] for choice in meta["custom.level"]["choices"]] == ["low", "mid", "high"]
    assert "cf.seats__gte" in meta["custom.seats"]["filters"]
    assert meta["custom.interests"]["sort"] == "cf.interests" and meta["custom.engineer"]["sort"] is None

    # Retired: gone everywhere at once, and nothing is lost.
    field = CustomField.objects.get(key="level")
    page = reverse("admin:core_customfield_change", args=[field.pk])
    shown_form = client.get(page).context["adminform"].form
    data = {name: shown_form[name].value() for name in shown_form.fields}
    data = {name: value for name, value in data.items() if value not in (None, False, "")} | {"is_active": ""}
    assert client.post(page, data).status_code == 302
    field.refresh_from_db()
    assert not field.is_active
    assert "custom.level" not in client.get(reverse("lead-new")).content.decode()
    assert client.get(reverse("lead-list"), {"cf.level": "low"}).status_code == 400
    assert api.get(f"{base}?cf.level=low").status_code == 400
    assert "level" not in api.get(f"{base}/{lead.pk}").json()["custom"]
    lead.refresh_from_db()
    assert lead.custom["level"] == "low"
    assert GOOD  # the answers that let it qualify

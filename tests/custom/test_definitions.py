"""Definitions: who may make them, what they may be, when they take effect."""

import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from leads.models import Lead
from revops.core.custom import definitions, services, values
from revops.core.errors import IllegalState, InvalidInput, MissingFields, NotAllowed, StaleCopy
from revops.core.models import AuditEntry, CustomField
from revops.users.models import User
from tests.cast import Cast
from tests.custom.builders import LEVELS, K, make_field
from tests.leads.builders import make_lead


def test_only_who_manages_custom_fields_makes_and_changes_them(cast: Cast, client: Client) -> None:
    field = make_field("leads.lead", "district")
    for person in (cast.alice, cast.bob, cast.dana, cast.erin):
        with pytest.raises(NotAllowed):
            services.create_field(actor=person, model="leads.lead", key="x", label="X", kind=K.TEXT)
        with pytest.raises(NotAllowed):
            services.update_field(field=field, version=field.version, actor=person, label="Y")
    cast.dana.is_staff = True
    cast.dana.save(update_fields=["is_staff"])
    client.force_login(cast.dana)
    page = reverse("admin:core_customfield_change", args=[field.pk])
    assert client.get(page).status_code == 403
    assert client.post(page, {"label": "Y"}).status_code == 403
    assert client.get(reverse("admin:core_customfield_add")).status_code == 403
    field.refresh_from_db()
    assert field.label == "District"
    assert services.create_field(actor=cast.olga, model="leads.lead", key="x", label="X", kind=K.TEXT).pk
    client.force_login(cast.olga)
    assert client.post(reverse("admin:core_customfield_delete", args=[field.pk]), {"post": "yes"}).status_code == 403


def test_a_change_is_audited_and_a_stale_copy_changes_nothing(olga: User) -> None:
    field = make_field("leads.lead", "district")
    services.update_field(field=field, version=field.version, actor=olga, label="Area")
    entry = AuditEntry.objects.get(action="custom_field.changed")
    assert (entry.actor, entry.before["label"], entry.after["label"]) == (olga, "District", "Area")
    with pytest.raises(StaleCopy):
        services.update_field(field=field, version=field.version, actor=olga, label="Zone")
    field.refresh_from_db()
    assert field.label == "Area"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "key", ["", "A", "1a", "a__b", "a_", "_a", "a-b", "a b", "a'b", 'a"b', "a.b", "a%b", "a\x00", "ä", "a" * 41, "a\n"]
)
def test_a_key_is_plain(key: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        make_field("leads.lead", key, label="X")
    assert refused.value.errors[0].pointer == "key"
    with pytest.raises(Exception), transaction.atomic():  # noqa: B017  the database says so too, or cannot hold it
        CustomField.objects.create(model="leads.lead", key=key, label="X", kind="text")


@pytest.mark.django_db
def test_a_key_stands_once_for_each_kind_of_record() -> None:
    make_field("leads.lead", "district")
    make_field("accounts.account", "district")
    with pytest.raises(InvalidInput):
        make_field("leads.lead", "district", K.INTEGER)
    with pytest.raises(IntegrityError), transaction.atomic():
        CustomField.objects.create(model="leads.lead", key="district", label="X", kind="text")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("facts", "pointer"),
    [
        ({"model": "users.user"}, "model"),
        ({"kind": "formula"}, "kind"),
        ({"label": "  "}, "label"),
        ({"label": "a\x00"}, "label"),
        ({"label": "x" * 81}, "label"),
        ({"kind": K.CHOICE, "choices": []}, "choices"),
        ({"kind": K.CHOICES, "choices": [{"label": "Old", "retired": True}]}, "choices"),
        ({"kind": K.CHOICE, "choices": [{"label": f"C{n}"} for n in range(501)]}, "choices"),
        ({"required_at": ["won"]}, "required_at"),
        ({"carried_to": ["orders.order"]}, "carried_to"),
        ({"kind": K.INTEGER, "default": "many"}, "default"),
        ({"kind": K.CHOICE, "choices": LEVELS, "default": "other"}, "default"),
        ({"position": -1}, "position"),
    ],
)
def test_a_definition_that_cannot_be_is_refused_by_field(facts: dict[str, Any], pointer: str) -> None:
    data = {"model": "leads.lead", "key": "x", "label": "X", "kind": K.TEXT, **facts}
    with pytest.raises(InvalidInput) as refused:
        services.create_field(actor=None, **data)
    assert refused.value.errors[0].pointer == pointer
    assert not CustomField.objects.exists()


def test_the_administration_says_beside_the_field_what_is_wrong(olga: User, client: Client) -> None:
    client.force_login(olga)
    data = {"model": "leads.lead", "key": "a__b", "label": "X", "kind": "choice", "position": "1", "is_active": "on"}
    for wrong, name in ((data, "key"), ({**data, "key": "x"}, "choices_text")):
        answer = client.post(reverse("admin:core_customfield_add"), wrong)
        assert answer.status_code == 200
        assert set(answer.context["adminform"].form.errors) == {name}
    bad = {**data, "key": "x", "kind": "money", "default_text": "ten euros"}
    answer = client.post(reverse("admin:core_customfield_add"), bad)
    assert set(answer.context["adminform"].form.errors) == {"default_text"}
    good = {**bad, "key": "", "label": "Annual budget", "default_text": "10 EUR"}
    assert client.post(reverse("admin:core_customfield_add"), good).status_code == 302
    field = CustomField.objects.get()
    assert (field.key, field.default) == ("annual_budget", {"amount": "10.00", "currency": "EUR"})
    page = client.get(reverse("admin:core_customfield_change", args=[field.pk])).context["adminform"].form
    assert page["default_text"].value() == "10.00 EUR"


def test_a_choice_taken_out_is_retired_and_old_rows_keep_their_word(olga: User, alice: User) -> None:
    field = make_field("leads.lead", "level", K.CHOICE)
    lead = make_lead(alice, custom={"level": "mid"})
    field = services.update_field(
        field=field, version=None, actor=olga, choices=[{"label": "High"}, {"label": "Low"}, {"label": "Top"}]
    )
    kept = [(row["value"], row.get("retired", False)) for row in field.choices]
    assert kept == [("high", False), ("low", False), ("top", False), ("mid", True)]
    lead.refresh_from_db()
    assert values.facts_of(lead) == [("", [(field, "Medium")])]
    from leads.services import update_lead

    update_lead(lead=lead, version=None, actor=alice, custom={"level": "mid"})  # what stands there stays
    with pytest.raises(InvalidInput):
        make_lead(alice, custom={"level": "mid"})
    client = Client()
    client.force_login(alice)
    offered = client.get(reverse("lead-edit", args=[lead.pk])).context["form"].fields["custom.level"].choices
    assert ("mid", "Medium") in list(offered)
    assert ("mid", "Medium") not in list(client.get(reverse("lead-new")).context["form"].fields["custom.level"].choices)


def test_a_kind_changes_while_no_value_stands_or_every_value_stays_one(olga: User, alice: User) -> None:
    field = make_field("leads.lead", "code")
    field = services.update_field(field=field, version=None, actor=olga, kind=K.INTEGER)
    make_lead(alice, custom={"code": 5})
    with pytest.raises(IllegalState) as refused:
        services.update_field(field=field, version=None, actor=olga, kind=K.DATE)
    assert "Retire it" in refused.value.message
    field.refresh_from_db()
    assert field.kind == K.INTEGER
    mail = make_field("leads.lead", "mail", K.EMAIL)
    lead = make_lead(alice, custom={"mail": "a@example.com"})
    services.update_field(field=mail, version=None, actor=olga, kind=K.TEXT)
    lead.refresh_from_db()
    assert values.shown(lead)["mail"] == "a@example.com"


@pytest.mark.django_db
def test_needed_from_a_state_on_means_at_the_later_ones_and_not_off_the_path() -> None:
    field = make_field("leads.lead", "district", required_at=["qualified"])
    always = make_field("leads.lead", "seats", K.INTEGER, required_at=["always"])
    lost = make_field("leads.lead", "why", required_at=["disqualified"])
    lead = Lead()

    def needed(one: CustomField) -> list[str]:
        return [status for status in Lead.Status.values if definitions.needs(one, lead, status)]

    assert needed(field) == ["qualified", "converted"]
    assert needed(always) == ["new", "working", "qualified", "converted"]
    assert needed(lost) == ["disqualified"]


def test_a_field_always_needed_is_asked_of_people_and_not_of_old_rows(alice: User) -> None:
    from leads.services import create_lead, update_lead

    old = make_lead(alice)
    make_field("leads.lead", "seats", K.INTEGER, required_at=["always"])
    with pytest.raises(MissingFields) as missing:
        create_lead(actor=alice, last_name="Pike", company="Tamar")
    assert (missing.value.fields, missing.value.status) == (["custom.seats"], 422)
    assert create_lead(actor=None, last_name="Web", company="Form", route=True).custom == {}
    update_lead(lead=old, version=None, actor=alice, title="Owner")
    with pytest.raises(MissingFields):
        update_lead(lead=old, version=None, actor=alice, custom={"seats": None})


# In effect at once ----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_change_made_in_one_process_holds_in_the_next_request_of_another(cast: Cast) -> None:
    """Two processes are two threads here, each with its own connection and context, as gunicorn's workers have."""
    field = make_field("leads.lead", "district", label="District")
    lead = make_lead(cast.alice, custom={"district": "North"})
    told, go = threading.Event(), threading.Event()
    seen: list[str] = []

    def other_process() -> None:
        client = Client()
        client.force_login(cast.alice)
        address = reverse("lead-detail", args=[lead.pk])
        for _round in range(2):
            body = client.get(address).content.decode()
            seen.append(
                next(word for word in ("District", "Sector", "–none–") if f"<dt>{word}</dt>" in body or word[0] == "–")
            )
            told.set()
            go.wait(20)
        connection.close()

    thread = threading.Thread(target=other_process)
    thread.start()
    assert told.wait(60)
    services.update_field(field=field, version=None, actor=cast.olga, label="Sector")
    go.set()
    thread.join(60)
    assert seen == ["District", "Sector"]


def test_a_request_reads_the_definitions_once(alice: User, django_assert_num_queries: Any) -> None:
    make_field("leads.lead", "district")
    with definitions.remembered(), django_assert_num_queries(1):
        definitions.fields_of(Lead)
        definitions.fields_of("accounts.account")
        definitions.field_of(Lead, "district")
    with django_assert_num_queries(2):  # outside of one, nothing is remembered
        definitions.fields_of(Lead)
        definitions.fields_of(Lead)


def test_a_change_within_a_request_is_seen_within_it(olga: User) -> None:
    with definitions.remembered():
        assert definitions.fields_of(Lead) == []
        field = make_field("leads.lead", "district")
        assert definitions.fields_of(Lead) == [field]

"""Django admin is one more door to the services: no superuser is needed, and nothing is written past them."""

from decimal import Decimal

import pytest
from django.contrib import admin
from django.urls import reverse

from revops.catalog.models import PriceBookEntry, Product
from revops.core import clock, outbox
from revops.core.models import AuditEntry, Delivery, ExchangeRate, JobRun, Organisation, OutboxEvent
from revops.users.models import Team, User, WorkingCalendar
from tests.builders import PASSWORD, make_price_book, make_product

OURS = ("core", "users", "catalog")
MODELS = sorted((m for m in admin.site._registry if m._meta.app_label in OURS), key=lambda m: m._meta.label)


@pytest.fixture
def office(client, olga):
    client.force_login(olga)
    return client


def url(model, verb, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{verb}", args=args)


def shown(client, address):
    """The form's fields as a browser would send them back."""
    form = client.get(address).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    inlines = {}
    for formset in client.get(address).context["inline_admin_formsets"]:
        for field in formset.formset.management_form:
            inlines[field.html_name] = field.value()
        for row in formset.formset.forms:
            inlines |= {row[name].html_name: row[name].value() for name in row.fields}
    return {k: v for k, v in {**values, **inlines}.items() if v is not None and v is not False}


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m._meta.label)
def test_the_revops_admin_opens_every_list_and_form(office, cast, model):
    make_product("Widget", price=10, cost=5, book=make_price_book("Standard"))
    assert office.get(url(model, "changelist")).status_code == 200
    record = model._default_manager.first()
    if record is not None:
        assert office.get(url(model, "change", record.pk)).status_code in (200, 403)
    if admin.site._registry[model].has_add_permission(office.get(url(model, "changelist")).wsgi_request):
        assert office.get(url(model, "add")).status_code == 200


@pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda m: m._meta.label)
def test_the_rows_under_every_record_of_every_room_can_be_shown(olga, model, rf):
    request = rf.get("/admin/")
    request.user = olga
    for inline in admin.site._registry[model].get_inline_instances(request):
        assert inline.get_formset(request) is not None


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m._meta.label)
def test_nothing_is_deleted_in_admin(office, model):
    record = model._default_manager.first()
    if record is not None:
        assert office.post(url(model, "delete", record.pk), {"post": "yes"}).status_code == 403


def test_a_rep_has_no_admin(client, alice):
    client.force_login(alice)
    assert client.get(reverse("admin:users_user_changelist")).status_code == 302


def test_a_person_is_added_and_changed_through_the_services(office):
    address = url(User, "add")
    values = shown(office, address) | {
        "username": "nina", "email": "nina@example.com", "reach": "own", "new_password": PASSWORD, "can_sign_in": "on",
    }  # fmt: skip
    answer = office.post(address, values)
    assert answer.status_code == 302, answer.context["errors"]
    nina = User.objects.get(username="nina")
    assert nina.check_password(PASSWORD)
    address = url(User, "change", nina.pk)
    assert office.post(address, shown(office, address) | {"reach": "team", "title": "Lead"}).status_code == 302
    nina.refresh_from_db()
    assert (nina.reach, nina.title) == ("team", "Lead")
    assert nina.check_password(PASSWORD)
    actions = set(AuditEntry.objects.filter(object_id=nina.pk, model="users.user").values_list("action", flat=True))
    assert actions == {"user.created", "user.changed", "user.reach_changed"}


def test_a_stale_form_changes_nothing_and_says_so(office, cast):
    address = url(User, "change", cast.alice.pk)
    values = shown(office, address)
    office.post(address, values | {"title": "First"})
    page = office.post(address, values | {"title": "Second"}, follow=True)
    assert "Somebody changed this" in page.content.decode()
    assert User.objects.get(pk=cast.alice.pk).title == "First"


def test_superusers_are_out_of_reach(office):
    root = User.objects.create_superuser("root", "root@example.com", PASSWORD)
    assert office.get(url(User, "change", root.pk)).status_code == 302
    assert b"root@example.com" not in office.get(url(User, "changelist")).content


def test_a_team_moves_from_a_day_on(office, cast):
    address = url(Team, "change", cast.west.pk)
    office.post(address, shown(office, address) | {"parent": cast.east.pk, "start": "2030-01-01"})
    assert list(cast.west.placements.order_by("during").values_list("parent", flat=True)) == [
        cast.sales.pk,
        cast.east.pk,
    ]


def test_a_calendars_hours_and_holidays(office, calendar):
    address = url(WorkingCalendar, "change", calendar.pk)
    values = shown(office, address)
    values |= {"hours-0-closes": "18:00", "country": "DE"}
    assert office.post(address, values).status_code == 302
    assert calendar.hours.order_by("weekday").first().closes.hour == 18
    assert calendar.hours.count() == 5 and calendar.holidays.count() >= 27


def test_prices_are_set_through_the_service(office):
    book = make_price_book("Standard")
    product = make_product("Widget", price=10, book=book)
    address = url(type(book), "change", book.pk)
    values = shown(office, address) | {"entries-0-list_price": "12.5"}
    assert office.post(address, values).status_code == 302
    assert PriceBookEntry.objects.get(product=product).list_price == Decimal("12.5")
    assert AuditEntry.objects.filter(action="price.set").latest("pk").actor.username == "olga"


def test_a_refusal_of_a_service_is_a_message(office):
    address = url(Product, "add")
    values = shown(office, address) | {"sku": "S-1", "name": "Sub", "kind": "subscription"}
    page = office.post(address, values, follow=True)
    assert not page.context.get("errors"), page.context["errors"]
    assert "Say how many months" in page.content.decode()
    assert not Product.objects.exists()


def test_the_organisation_is_one_row_and_is_changed_by_its_service(office):
    assert office.get(url(Organisation, "changelist")).status_code == 200
    org = Organisation.objects.get()
    address = url(Organisation, "change", org.pk)
    answer = office.post(address, shown(office, address) | {"fiscal_year_starts_in": "2"})
    assert answer.status_code == 302, answer.context["errors"]
    assert Organisation.objects.get().fiscal_year_starts_in == 2
    assert office.get(url(Organisation, "add")).status_code == 403


def test_a_rate_is_entered_and_corrected(office):
    values = {"source": "EUR", "target": "USD", "on": "2026-01-01", "rate": "1.1", "provider": "ECB"}
    office.post(url(ExchangeRate, "add"), values)
    rate = ExchangeRate.objects.get()
    office.post(url(ExchangeRate, "change", rate.pk), {"rate": "1.2", "provider": "ECB"})
    rate.refresh_from_db()
    assert rate.rate == Decimal("1.2") and AuditEntry.objects.filter(action="rate.set").count() == 2


def test_the_log_can_only_be_read(office):
    entry = AuditEntry.objects.first()
    assert office.get(url(AuditEntry, "change", entry.pk)).status_code == 200
    assert office.post(url(AuditEntry, "change", entry.pk), {"action": "x"}).status_code == 403
    assert office.get(url(AuditEntry, "add")).status_code == 403


def test_a_dead_letter_is_replayed(office):
    event = OutboxEvent.objects.create(name="test.Gone", payload={})
    dead = Delivery.objects.create(event=event, handler="x", state="dead", tries=5, next_try_at=clock.now())
    office.post(url(Delivery, "changelist"), {"action": "replay", "_selected_action": [dead.pk]})
    dead.refresh_from_db()
    assert (dead.state, dead.tries) == ("pending", 0)
    assert AuditEntry.objects.filter(action="delivery.replayed").exists()
    assert outbox.MAX_TRIES == 5


def test_a_job_is_cancelled(office, olga):
    job = JobRun.objects.create(kind="test", created_by=olga)
    office.post(url(JobRun, "changelist"), {"action": "cancel", "_selected_action": [str(job.pk)]})
    job.refresh_from_db()
    assert job.cancel_requested

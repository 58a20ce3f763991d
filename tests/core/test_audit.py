"""The log is written with the change and never rewritten."""

import pytest
from django.db import DatabaseError, connection, transaction

from revops.catalog import services as catalog
from revops.core import audit
from revops.core.models import AuditEntry
from tests.builders import make_price_book, make_product


@pytest.mark.spec("INV-91")
@pytest.mark.django_db
@pytest.mark.parametrize("sql", ["UPDATE core_auditentry SET action = 'x'", "DELETE FROM core_auditentry"])
def test_the_database_refuses_to_change_or_delete_a_row_of_the_log(sql):
    make_product("Widget")
    rows = AuditEntry.objects.count()
    assert rows
    with pytest.raises(DatabaseError, match="audit_append_only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    for act in (
        lambda: AuditEntry.objects.update(action="x"),
        lambda: AuditEntry.objects.first().delete(),
        lambda: AuditEntry.objects.first().save(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
    assert AuditEntry.objects.exclude(action="x").count() == rows


@pytest.mark.spec("INV-91")
def test_a_price_change_leaves_who_when_before_and_after(olga):
    book = make_price_book("Standard")
    product = make_product("Widget", price="10", book=book)
    catalog.set_price(book=book, product=product, list_price=audit.Decimal("12.50"), actor=olga)
    row = AuditEntry.objects.filter(action="price.set").latest("pk")
    assert row.actor == olga and row.at
    assert (row.before["list_price"], row.after["list_price"]) == ("10.000000", "12.50")
    assert row.facts["product"] == {"id": product.pk, "label": "Widget"}


@pytest.mark.django_db
def test_what_is_rolled_back_is_not_in_the_log():
    before = AuditEntry.objects.count()
    with pytest.raises(RuntimeError), transaction.atomic():
        make_product("Widget")
        raise RuntimeError
    assert AuditEntry.objects.count() == before


def test_rows_about_pay_are_listed_only_for_those_who_see_pay(cast):
    product = make_product("Widget")
    audit.record("statement.published", product, actor=None, area="compensation")
    audit.record("statement.unguarded", product, actor=None, area="nobody guards this")
    seen = {
        name: set(audit.visible_entries(getattr(cast, name)).values_list("action", flat=True))
        for name in ("alice", "olga", "erin")
    }
    assert "statement.published" not in seen["alice"] | seen["olga"]
    assert all("statement.unguarded" not in actions for actions in seen.values())
    assert all("product.created" in actions for actions in seen.values())

"""How a status changes: locked, checked, advanced. Every table of every app is walked at random."""

import pytest
from django.apps import apps
from hypothesis import given, settings
from hypothesis import strategies as st

from revops.catalog import services as catalog
from revops.catalog.models import Product
from revops.core.errors import IllegalState, StaleCopy
from revops.core.models import AuditEntry
from revops.core.status import advance, edit, lock
from tests.builders import make_product
from tests.core.threads import together


def state_field(model):
    """The field whose choices are the table's states."""
    for field in model._meta.fields:
        if field.choices and {str(key) for key, _label in field.choices} == {str(key) for key in model.TRANSITIONS}:
            return field
    raise AssertionError(f"{model.__name__}: no field has the states of its TRANSITIONS")


TABLES = sorted((model for model in apps.get_models() if hasattr(model, "TRANSITIONS")), key=lambda m: m._meta.label)


def test_there_are_tables_to_walk():
    assert len(TABLES) >= 5


@pytest.mark.spec("INV-90")
@pytest.mark.parametrize("model", TABLES, ids=lambda model: model._meta.label)
def test_a_table_names_only_declared_states_and_every_state_is_reached(model):
    assert state_field(model)
    states = {str(key) for key in model.TRANSITIONS}
    entered = {str(target) for targets in model.TRANSITIONS.values() for target in targets}
    assert entered <= states
    assert len(states - entered) <= 1, "only the first state has no way into it"


@pytest.mark.spec("INV-90")
@pytest.mark.django_db  # a state may need custom fields, which stand in the database
@pytest.mark.parametrize("model", TABLES, ids=lambda model: model._meta.label)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_random_walk_never_leaves_the_declared_states_and_a_denied_step_changes_nothing(model, data):
    field = state_field(model)
    record = model()
    states = sorted(str(key) for key in model.TRANSITIONS)
    setattr(record, field.attname, data.draw(st.sampled_from(states)))
    for target in data.draw(st.lists(st.sampled_from([*states, "no such state"]), max_size=12)):
        before = dict(record.__dict__)
        allowed = target in {str(t) for t in model.TRANSITIONS[getattr(record, field.attname)]}
        try:
            advance(record, target, model.TRANSITIONS, field=field.attname)
        except IllegalState as refusal:
            assert not allowed and record.__dict__ == before
            assert refusal.facts == {"from": str(before[field.attname]), "to": target}
        else:
            assert allowed and str(getattr(record, field.attname)) == target
            if hasattr(record, "version"):
                assert record.version == before["version"] + 1
        assert str(getattr(record, field.attname)) in states


@pytest.mark.spec("INV-90")
def test_a_denied_step_of_a_service_leaves_row_and_log_as_they_were(olga):
    product = make_product("Widget")
    catalog.retire_product(product=product, actor=olga)
    row, log = Product.objects.values().get(pk=product.pk), AuditEntry.objects.count()
    for act in (catalog.launch_product, catalog.retire_product):
        with pytest.raises(IllegalState):
            act(product=product, actor=olga)
    assert Product.objects.values().get(pk=product.pk) == row
    assert AuditEntry.objects.count() == log


@pytest.mark.django_db
def test_a_stale_copy_is_told_both_versions():
    product = make_product("Widget")
    catalog.update_product(product=product, version=product.version, actor=None, name="Gadget")
    with pytest.raises(StaleCopy) as refusal:
        lock(product, product.version)
    assert refusal.value.facts == {"current_version": 2, "shown_version": 1}
    assert refusal.value.current.name == "Gadget"


@pytest.mark.django_db
def test_an_edit_that_changes_nothing_writes_nothing():
    product = make_product("Widget")
    assert edit(lock(product), {"name": "Widget"}) == {}
    assert Product.objects.get().version == 1
    assert edit(lock(product), {"name": "Gadget"}) == {"name": ("Widget", "Gadget")}
    assert Product.objects.get().version == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_people_with_the_same_copy_one_saves_and_the_other_is_told():
    product = make_product("Widget")

    def rename(name):
        return catalog.update_product(product=product, version=1, actor=None, name=name)

    answers = together(lambda: rename("First"), lambda: rename("Second"))
    assert sorted(type(answer).__name__ for answer in answers) == ["Product", "StaleCopy"]
    assert Product.objects.get().version == 2

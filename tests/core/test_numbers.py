"""Document numbers without gaps."""

import pytest
from django.db import transaction

from revops.core.models import NumberSeries
from revops.core.numbers import document_number, next_number
from revops.core.organisation import default_entity
from tests.core.threads import together


@pytest.mark.django_db
def test_numbers_start_at_one_per_entity_kind_and_year():
    entity = default_entity()
    assert [next_number(entity=entity, kind="invoice", year=2026) for _ in range(3)] == [1, 2, 3]
    assert next_number(entity=entity, kind="order", year=2026) == 1
    assert next_number(entity=entity, kind="invoice", year=2027) == 1
    assert document_number(prefix="INV", entity=entity, kind="invoice", year=2026) == "INV-2026-00004"


@pytest.mark.django_db
def test_a_rollback_gives_the_number_back():
    entity = default_entity()
    next_number(entity=entity, kind="invoice", year=2026)
    with pytest.raises(RuntimeError), transaction.atomic():
        assert next_number(entity=entity, kind="invoice", year=2026) == 2
        raise RuntimeError
    assert next_number(entity=entity, kind="invoice", year=2026) == 2


@pytest.mark.django_db(transaction=True)
def test_numbers_stay_gapless_under_threads_of_which_every_third_rolls_back():
    entity = default_entity()

    def issue(position):
        try:
            with transaction.atomic():
                number = next_number(entity=entity, kind="invoice", year=2026)
                if position % 3 == 0:
                    raise RuntimeError
                return number
        except RuntimeError:
            return None

    def many(start):
        return [issue(position) for position in range(start, start + 12)]

    found = [number for batch in together(*(lambda s=s: many(s) for s in range(6))) for number in batch if number]
    assert sorted(found) == list(range(1, len(found) + 1))
    assert NumberSeries.objects.get().last == len(found) == 48

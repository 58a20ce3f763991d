from revops.users import selectors
from revops.core import clock


def test_cast(cast):
    today = clock.today()
    assert selectors.reach_ids_of(cast.alice) == {cast.alice.pk}
    assert selectors.reach_ids_of(cast.bob) == {cast.alice.pk, cast.bob.pk, cast.sam.pk}
    assert selectors.reach_ids_of(cast.dana) is None
    assert selectors.manager_of(cast.alice, today) == cast.bob
    assert selectors.managers_above(cast.alice, today) == [cast.bob, cast.dana]
    assert selectors.manager_of(cast.bob, today) == cast.dana
    assert selectors.team_of(cast.alice, today) == cast.west
    assert set(selectors.people_of(cast.sales, today)) >= {cast.alice, cast.charlie, cast.clara}


def test_cal(calendar, price_book): ...

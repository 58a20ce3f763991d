"""Teams are a dated tree, and reach follows it."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from revops.core import clock
from revops.core.audit import AuditEntry
from revops.core.errors import IllegalState, InvalidInput, NotAllowed
from revops.core.scope import reach_ids
from revops.users import selectors, services
from revops.users.models import TeamMembership, TeamPlacement, User
from tests.builders import make_team, make_user


def fresh(user):
    return User.objects.get(pk=user.pk)


def test_a_rep_reaches_only_what_is_theirs(alice):
    assert reach_ids(alice) == {alice.pk}


def test_a_manager_reaches_the_people_of_the_team(cast):
    assert reach_ids(cast.bob) == {cast.bob.pk, cast.alice.pk, cast.sam.pk}


def test_a_director_reaches_everybody(dana):
    assert reach_ids(dana) is None


def test_whoever_left_or_is_nobody_reaches_nothing(bob):
    from django.contrib.auth.models import AnonymousUser

    bob.is_active = False
    assert reach_ids(bob) == ()
    assert reach_ids(AnonymousUser()) == ()


def test_a_manager_reaches_teams_below_the_team(cast):
    services.set_reach(user=cast.dana, reach="team", actor=cast.olga)
    names = {"alice", "bob", "charlie", "clara", "dana", "sam"}
    assert set(User.objects.filter(pk__in=reach_ids(fresh(cast.dana))).values_list("username", flat=True)) == names


def test_a_move_changes_reach_from_its_day_on_and_not_before(cast):
    today = clock.today()
    services.move_member(user=cast.charlie, team=cast.west, actor=cast.olga)
    assert cast.charlie.pk in reach_ids(fresh(cast.bob))
    assert cast.charlie.pk not in reach_ids(fresh(cast.clara))
    assert selectors.team_of(cast.charlie, date(2020, 1, 1)) == cast.east
    assert selectors.team_of(cast.charlie, today) == cast.west
    assert selectors.manager_of(cast.charlie, date(2020, 1, 1)) == cast.clara
    assert selectors.manager_of(cast.charlie, today) == cast.bob


def test_managers_above_stand_nearest_first(cast):
    today = clock.today()
    assert selectors.managers_above(cast.alice, today) == [cast.bob, cast.dana]
    assert selectors.managers_above(cast.bob, today) == [cast.dana]
    assert selectors.managers_above(cast.dana, today) == []
    assert selectors.manager_of(cast.erin, today) is None


def test_a_manager_who_left_is_passed_over(cast):
    services.deactivate_user(user=cast.bob, actor=cast.olga)
    assert selectors.manager_of(cast.alice, clock.today()) == cast.dana


def test_people_of_a_team_include_those_below_unless_told_otherwise(cast):
    today = clock.today()
    assert set(selectors.people_of(cast.sales, today)) == {
        cast.alice, cast.bob, cast.charlie, cast.clara, cast.dana, cast.sam,
    }  # fmt: skip
    assert set(selectors.people_of(cast.sales, today, below=False)) == {cast.dana}


def test_a_team_never_stands_below_its_own(cast):
    with pytest.raises(InvalidInput):
        services.place_team(team=cast.sales, parent=cast.west, start=clock.today(), actor=cast.olga)
    assert selectors.parents_on(clock.today()) == {cast.west.pk: cast.sales.pk, cast.east.pk: cast.sales.pk}


def test_a_team_that_moved_keeps_its_past(cast):
    other = make_team("Partners")
    services.place_team(team=cast.west, parent=other, start=date(2026, 6, 1), actor=cast.olga)
    assert selectors.chain_above(cast.west.pk, date(2026, 5, 31)) == [cast.west.pk, cast.sales.pk]
    assert selectors.chain_above(cast.west.pk, date(2026, 6, 1)) == [cast.west.pk, other.pk]


def test_one_is_a_member_of_one_team_a_day_and_the_database_says_so_too(cast):
    with pytest.raises(IllegalState):
        services.add_member(team=cast.east, user=cast.alice, actor=cast.olga)
    with pytest.raises(IntegrityError), transaction.atomic():
        TeamMembership.objects.create(team=cast.east, user=cast.alice, during=DateRange(None, None))
    with pytest.raises(IntegrityError), transaction.atomic():
        TeamPlacement.objects.create(team=cast.west, parent=cast.east, during=DateRange(None, None))


def test_a_rep_may_not_change_teams_or_reach(cast):
    before = AuditEntry.objects.count()
    for act in (
        lambda: services.move_member(user=cast.alice, team=cast.east, actor=cast.bob),
        lambda: services.set_reach(user=cast.alice, reach="all", actor=cast.alice),
        lambda: services.set_roles(user=cast.alice, roles=["Finance"], actor=cast.alice),
        lambda: services.create_user(actor=cast.alice, username="mallory"),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert AuditEntry.objects.count() == before
    assert fresh(cast.alice).reach == "own"


@pytest.mark.spec("INV-91")
def test_a_change_of_rights_leaves_an_audit_row_with_before_and_after(cast):
    services.set_roles(user=cast.alice, roles=["Finance", "Sales rep"], actor=cast.olga)
    services.set_reach(user=cast.alice, reach="all", actor=cast.olga)
    roles = AuditEntry.objects.get(action="user.roles_changed")
    reach = AuditEntry.objects.get(action="user.reach_changed")
    assert (roles.actor, roles.before, roles.after) == (
        cast.olga, {"roles": ["Sales rep"]}, {"roles": ["Finance", "Sales rep"]},
    )  # fmt: skip
    assert (reach.before, reach.after) == ({"reach": "own"}, {"reach": "all"})


def test_reach_costs_the_same_queries_for_a_large_tree(cast, django_assert_num_queries):
    for _ in range(10):
        make_user(team=make_team(parent=cast.west))
    with django_assert_num_queries(4):
        reach_ids(fresh(cast.bob))
    bob = fresh(cast.bob)
    reach_ids(bob)
    with django_assert_num_queries(0):
        reach_ids(bob)

"""Whoever may not see a record does not find it, in lists and by its key."""

import random
from datetime import date

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from revops.core.models import JobRun
from revops.core.scope import reach_ids
from revops.users.models import User
from tests.builders import make_team, make_token, make_user


@pytest.mark.spec("INV-92")
def test_jobs_of_others_are_neither_listed_nor_found(cast):
    people = [cast.alice, cast.bob, cast.charlie, cast.dana, cast.erin, cast.sam, cast.olga]
    jobs = {person.pk: JobRun.objects.create(kind="test", created_by=person) for person in people}
    for viewer in people:
        ids = reach_ids(viewer)
        mine = {str(job.pk) for owner, job in jobs.items() if ids is None or owner in ids}
        client = Client(headers={"Authorization": f"Bearer {make_token(viewer)}"})
        listed = {row["id"] for row in client.get("/api/v1/jobs").json()["results"]}
        assert listed == mine
        for job in jobs.values():
            expected = 200 if str(job.pk) in mine else 404
            assert client.get(f"/api/v1/jobs/{job.pk}").status_code == expected
            assert client.post(f"/api/v1/jobs/{job.pk}/cancel").status_code == (202 if expected == 200 else 404) or (
                expected == 200
            )


@pytest.mark.spec("INV-92")
@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(6))
def test_reach_over_random_trees_is_the_managed_teams_and_all_below(seed):
    dice = random.Random(seed)
    teams, above = [], {}
    for number in range(8):
        parent = dice.choice([None, *teams]) if teams else None
        team = make_team(f"T{number}", parent=parent)
        above[team.pk] = parent.pk if parent else None
        teams.append(team)
    people, home, manages = [], {}, {}
    for number in range(14):
        team, managed = dice.choice([None, *teams]), dice.choice([None, None, *teams])
        person = make_user(f"p{number}", reach=dice.choice(["own", "team", "team", "all"]), team=team, manages=managed)
        people.append(person)
        home[person.pk], manages[person.pk] = team and team.pk, managed and managed.pk

    def under(team, root):
        while team is not None and team != root:
            team = above[team]
        return team is not None

    for viewer in people:
        root = manages[viewer.pk]
        below = {
            other.pk
            for other in people
            if root and any(team and under(team, root) for team in (home[other.pk], manages[other.pk]))
        }
        expected = {"own": {viewer.pk}, "team": {viewer.pk, *below}, "all": None}[viewer.reach]
        assert reach_ids(viewer) == expected


def test_people_are_seen_by_colleagues_only(alice):
    assert User.objects.visible_to(alice).exists()
    assert not User.objects.visible_to(AnonymousUser()).exists()
    alice.is_active = False
    assert not User.objects.visible_to(alice).exists()


def test_a_membership_of_the_past_gives_no_reach(cast):
    from revops.users import services

    row = cast.alice.memberships.get()
    services.end_membership(membership=row, end=date(2026, 1, 1), actor=cast.olga)
    assert cast.alice.pk not in reach_ids(User.objects.get(pk=cast.bob.pk))

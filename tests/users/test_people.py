"""People are made, changed and let go by services."""

import pytest

from revops.core.errors import IllegalState, InvalidInput, NotAllowed, StaleCopy
from revops.users import roles, services
from revops.users.models import ApiToken, User
from tests.builders import PASSWORD, make_token, make_user


def test_the_roles_hold_exactly_what_the_apps_grant_and_every_grant_is_declared(cast):
    from django.contrib.auth.models import Group, Permission

    finance = Group.objects.get(name="Finance")
    finance.permissions.add(Permission.objects.get(codename="add_team"))
    assert services.sync_roles() == []
    held = {f"{p.content_type.app_label}.{p.codename}" for p in finance.permissions.select_related("content_type")}
    assert held == roles.granted("Finance")
    assert set(Group.objects.values_list("name", flat=True)) >= set(roles.ROLES)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("username", {"username": " "}),
        ("username", {"username": "ALICE"}),
        ("email", {"email": "nonsense"}),
        ("email", {"email": "Alice@Example.com"}),
        ("time_zone", {"time_zone": "Mars/Base"}),
        ("password", {"password": "short"}),
        ("roles", {"roles": ["Emperor"]}),
    ],
)
def test_a_person_with_wrong_input_is_refused_at_the_field(cast, field, values):
    before = User.objects.count()
    with pytest.raises(InvalidInput) as refusal:
        services.create_user(**{"actor": cast.olga, "username": "newcomer", **values})
    assert refusal.value.errors[0].pointer == field
    assert User.objects.count() == before


def test_a_stale_copy_of_a_person_is_refused(cast):
    services.update_user(user=cast.alice, version=cast.alice.version, actor=cast.olga, title="Senior AE")
    with pytest.raises(StaleCopy):
        services.update_user(user=cast.alice, version=cast.alice.version, actor=cast.olga, title="Junior AE")
    assert User.objects.get(pk=cast.alice.pk).title == "Senior AE"


def test_the_admin_of_people_does_not_reach_above(cast):
    root = User.objects.create_superuser("root", "root@example.com", PASSWORD)
    for act in (
        lambda: services.set_password(user=root, password=PASSWORD + "x", actor=cast.olga),
        lambda: services.update_user(user=root, actor=cast.olga, email="olga2@example.com"),
        lambda: services.deactivate_user(user=root, actor=cast.olga),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_whoever_leaves_loses_tokens_and_cannot_leave_twice(cast):
    make_token(cast.alice)
    services.deactivate_user(user=cast.alice, actor=cast.olga)
    assert ApiToken.objects.get(user=cast.alice).revoked_at is not None
    with pytest.raises(IllegalState):
        services.deactivate_user(user=cast.alice, actor=cast.olga)
    with pytest.raises(InvalidInput):
        services.deactivate_user(user=cast.olga, actor=cast.olga)


def test_people_of_imported_history_have_no_password(db):
    person = make_user("agent", can_sign_in=False)
    assert not person.has_usable_password()
    with pytest.raises(InvalidInput):
        services.set_password(user=person, password=PASSWORD, actor=None)

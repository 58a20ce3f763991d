"""What the API shows of people and teams."""

from typing import Any

from rest_framework import serializers

from revops.core.api.serializers import OutSerializer
from revops.users.models import Team, User


class UserOut(OutSerializer):
    """A colleague."""

    name = serializers.CharField(source="__str__", read_only=True)
    roles = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = [
            "id", "username", "name", "first_name", "last_name", "email", "title", "time_zone", "is_active", "roles",
        ]  # fmt: skip

    def get_roles(self, user: User) -> list[str]:
        """Names of the person's roles."""
        return sorted(group.name for group in user.groups.all())


class TeamOut(OutSerializer):
    """A team as it stands today."""

    parent = serializers.IntegerField(source="parent_today", read_only=True, allow_null=True)  # type: ignore[assignment]
    managers = serializers.SerializerMethodField()
    members = serializers.SerializerMethodField()

    class Meta:
        model = Team
        fields = ["id", "name", "parent", "managers", "members"]

    def _of(self, team: Any, role: str) -> list[int]:
        return sorted(row.user_id for row in team.memberships.all() if row.role == role)

    def get_managers(self, team: Team) -> list[int]:
        """Ids of the people who manage the team today."""
        return self._of(team, "manager")

    def get_members(self, team: Team) -> list[int]:
        """Ids of the people in the team today."""
        return self._of(team, "member")

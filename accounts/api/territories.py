"""Territories: regions of accounts by name."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.models import Territory
from accounts.selectors import territory_list
from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.core.api.writes import BulkMixin


class TerritoryOut(OutSerializer):
    """A region."""

    class Meta:
        model = Territory
        fields = ["id", "name", "version"]


class TerritoryIn(StrictSerializer):
    """Its name."""

    name = serializers.CharField(max_length=80)


class TerritoryViewSet(BulkMixin):
    """Regions of accounts."""

    resource = "territories"
    selector = staticmethod(territory_list)
    out = TerritoryOut
    create_in = change_in = TerritoryIn
    rights = {"create": "accounts.add_territory", "partial_update": "accounts.change_territory"}
    sort_fields = {"id": "id", "name": "name"}
    default_sort = "name"

    def create(self, request: Request) -> Response:
        """Add a region."""
        return self.again(services.create_territory(actor=request.user, **self.read(TerritoryIn)), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Give it another name."""
        territory, version = self.record(pk), self.shown_version(request)
        given = self.read(TerritoryIn)
        return self.again(services.rename_territory(territory=territory, version=version, actor=request.user, **given))

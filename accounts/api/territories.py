"""Territories: regions by name, the models that divide the accounts among them, and what a plan would change."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.api.serializers import Seen
from accounts.filters_territories import TerritoryChangeFilter, TerritoryModelFilter, TerritoryRuleFilter
from accounts.models import Territory, TerritoryChange, TerritoryModel, TerritoryRule
from accounts.selectors import territory_list
from accounts.selectors.territories import (
    every_territory,
    territory_change_list,
    territory_model_list,
    territory_rule_list,
)
from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.core.api.views import JobStarted, ResourceViewSet, job_accepted
from revops.core.api.writes import BulkMixin
from revops.core.errors import DomainError
from revops.users.models import User

PLAN = "accounts.change_territorymodel"


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


class TerritoryModelOut(OutSerializer):
    """A way to divide the accounts."""

    territories = serializers.IntegerField(read_only=True, default=0)

    class Meta:
        model = TerritoryModel
        fields = [
            "id", "name", "status", "keeps_hand", "territories", "previewed_at", "activated_at", "archived_at",
            "version",
        ]  # fmt: skip


class TerritoryModelIn(StrictSerializer):
    """A plan's name, and whether it leaves alone what people placed by hand."""

    name = serializers.CharField(max_length=80)
    keeps_hand = serializers.BooleanField(required=False)


class NewTerritoryModelIn(TerritoryModelIn):
    """A plan, empty or drawn like another model."""

    copy_of = Seen(TerritoryModel, required=False)


class TerritoryModelViewSet(ResourceViewSet):
    """Models of territories: one in force, others planned or over."""

    resource = "territory-models"
    selector = staticmethod(territory_model_list)
    out = TerritoryModelOut
    create_in, change_in = NewTerritoryModelIn, TerritoryModelIn
    filterset_class = TerritoryModelFilter
    rights = {
        "create": "accounts.add_territorymodel",
        **dict.fromkeys(("partial_update", "preview", "activate", "run"), PLAN),
    }
    sort_fields = {"id": "id", "name": "name"}

    def create(self, request: Request) -> Response:
        """Plan another model."""
        given = self.read(NewTerritoryModelIn)
        return self.again(services.create_territory_model(actor=request.user, **given), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change its name, or how a plan treats what was placed by hand."""
        model, version = self.record(pk), self.shown_version(request)
        given = self.read(TerritoryModelIn, partial=True)
        changed = services.change_territory_model(model=model, version=version, actor=request.user, **given)
        return self.again(changed)

    @extend_schema(request=None, responses=TerritoryModelOut)
    @action(detail=True, methods=["post"])
    def preview(self, request: Request, pk: str) -> Response:
        """Work out what the plan would change; its rows are /territory-changes?model={id}."""
        return self.again(services.preview_territory_model(model=self.record(pk), actor=request.user))

    @extend_schema(request=None, responses=TerritoryModelOut)
    @action(detail=True, methods=["post"])
    def activate(self, request: Request, pk: str) -> Response:
        """Bring it into force: exactly what its preview lists changes; a stale preview is 409."""
        model, version = self.record(pk), self.shown_version(request)
        return self.again(services.activate_territory_model(model=model, version=version, actor=request.user))

    @extend_schema(request=None, responses={202: JobStarted})
    @action(detail=False, methods=["post"])
    def run(self, request: Request) -> Response:
        """Run the rules of the model in force over all accounts: 202 with the job's address."""
        job = services.run_territory_rules(actor=request.user)
        if job is None:
            raise DomainError("no_model", "No model of territories is in force.")
        return job_accepted(job)


class TerritoryRuleOut(OutSerializer):
    """A territory as a model draws it."""

    territory_name = serializers.CharField(source="territory.name", read_only=True)
    account_count = serializers.IntegerField(read_only=True, default=0)

    class Meta:
        model = TerritoryRule
        fields = [
            "id", "model", "territory", "territory_name", "owner", "priority", "countries", "states",
            "postal_prefixes", "industries", "segments", "tiers", "employees_min", "employees_max", "catch_all",
            "account_count", "version",
        ]  # fmt: skip


def _words(longest: int) -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(max_length=longest), required=False, max_length=500)


def _count() -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, max_value=2_000_000_000, required=False, allow_null=True)


class TerritoryRuleIn(StrictSerializer):
    """Whose it is and which accounts belong to it; an empty list is any."""

    owner = Seen(User, required=False, allow_null=True)
    priority = serializers.IntegerField(min_value=1, max_value=32_000, required=False)
    countries, states, industries = _words(80), _words(80), _words(80)
    postal_prefixes, segments, tiers = _words(20), _words(40), _words(1)
    employees_min, employees_max = _count(), _count()
    catch_all = serializers.BooleanField(required=False)


class NewTerritoryRuleIn(TerritoryRuleIn):
    """A territory to draw in a planned model."""

    model = Seen(TerritoryModel)
    territory = serializers.PrimaryKeyRelatedField(queryset=every_territory())


class TerritoryRuleViewSet(BulkMixin):
    """Territories as the models draw them."""

    resource = "territory-rules"
    selector = staticmethod(territory_rule_list)
    out = TerritoryRuleOut
    create_in, change_in = NewTerritoryRuleIn, TerritoryRuleIn
    filterset_class = TerritoryRuleFilter
    rights = {"create": PLAN, "partial_update": PLAN, "remove": PLAN}
    sort_fields = {"id": "id", "priority": "priority"}
    default_sort = "priority"

    def create(self, request: Request) -> Response:
        """Draw a territory in a planned model."""
        return self.again(services.add_territory_rule(actor=request.user, **self.read(NewTerritoryRuleIn)), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Draw it otherwise."""
        rule, version = self.record(pk), self.shown_version(request)
        given = self.read(TerritoryRuleIn, partial=True)
        return self.again(services.change_territory_rule(rule=rule, version=version, actor=request.user, **given))

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def remove(self, request: Request, pk: str) -> Response:
        """Take it out of a planned model."""
        rule, version = self.record(pk), self.shown_version(request)
        services.remove_territory_rule(rule=rule, version=version, actor=request.user)
        return Response(status=204)


class TerritoryChangeOut(OutSerializer):
    """What becomes of one account."""

    class Meta:
        model = TerritoryChange
        fields = [
            "id", "model", "account", "kind", "territory_before", "territory_after", "owner_before", "owner_after",
        ]  # fmt: skip


class TerritoryChangeViewSet(ResourceViewSet):
    """The rows of previews: every account that changes territory or owner."""

    resource = "territory-changes"
    selector = staticmethod(territory_change_list)
    out = TerritoryChangeOut
    filterset_class = TerritoryChangeFilter
    sort_fields = {"id": "id"}

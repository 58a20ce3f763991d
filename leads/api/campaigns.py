"""Campaigns with members, touches, costs and tasks over the API."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import OwnerOut, Seen
from accounts.models import Contact
from leads import services
from leads.filters_campaigns import CampaignFilter, CostFilter, MemberFilter, TouchFilter
from leads.models import Campaign, CampaignMember, CampaignTask, Lead, MarketingCost, TouchPoint
from leads.selectors.campaigns import campaign_list, cost_list, funnel_of, member_list, touch_list
from revops.catalog.models import Product
from revops.core.api.serializers import MoneyField, OutSerializer, StrictSerializer
from revops.core.api.writes import BulkMixin
from revops.core.money import Money
from revops.users.models import User


class CampaignOut(OutSerializer):
    """A campaign with the roll-up of its rows."""

    budget = MoneyField(source="budget_money", read_only=True)
    actual_cost = MoneyField(source="cost_money", read_only=True)
    cost_per_lead = MoneyField(read_only=True, allow_null=True)

    class Meta:
        model = Campaign
        fields = [
            "id", "name", "code", "status", "kind", "channel", "owner", "starts_on", "ends_on", "budget",
            "actual_cost", "cost_per_lead", "currency", "offer", "products", "uplift_pct", "stock_needed", "findings",
            "lead_count", "responded_count", "qualified_count", "converted_count", "touch_count", "rolled_up_at",
            "live_at", "ended_at", "analysed_at", "created_at", "updated_at", "version",
        ]  # fmt: skip
        expandable = {"owner": OwnerOut}


class CampaignIn(StrictSerializer):
    """A campaign to plan or change. The budget's currency is the campaign's."""

    name = serializers.CharField(max_length=120)
    code = serializers.CharField(max_length=60)
    kind = serializers.ChoiceField(choices=Campaign.Kind.choices, required=False)
    channel = serializers.ChoiceField(choices=Campaign.Channel.choices, required=False)
    owner = Seen(User, required=False)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    budget = MoneyField(required=False)
    offer = serializers.CharField(max_length=400, required=False, allow_blank=True)
    products = serializers.ListField(child=Seen(Product), required=False, max_length=200)
    uplift_pct = serializers.DecimalField(
        max_digits=9, decimal_places=6, min_value=Decimal(-99), max_value=Decimal(999), required=False, allow_null=True
    )
    stock_needed = serializers.DecimalField(
        max_digits=12, decimal_places=3, min_value=Decimal("0.001"), required=False, allow_null=True
    )
    findings = serializers.CharField(max_length=10_000, required=False, allow_blank=True)


class FindingsIn(StrictSerializer):
    """What was learned."""

    findings = serializers.CharField(max_length=10_000, required=False, allow_blank=True, default="")


class CampaignTaskOut(serializers.ModelSerializer):  # type: ignore[type-arg]
    """Something to prepare."""

    class Meta:
        model = CampaignTask
        fields = ["id", "area", "title", "owner", "due_on", "is_stock", "done_at", "version"]


class CampaignTaskIn(StrictSerializer):
    """Something to prepare."""

    title = serializers.CharField(max_length=200)
    area = serializers.ChoiceField(choices=CampaignTask.Area.choices)
    owner = Seen(User, required=False, allow_null=True)
    due_on = serializers.DateField(required=False, allow_null=True)
    is_stock = serializers.BooleanField(required=False)


class DoneIn(StrictSerializer):
    """Which task, and whether it is done."""

    task = serializers.IntegerField(min_value=1, max_value=2**62)
    done = serializers.BooleanField(required=False, default=True)


class CostIn(StrictSerializer):
    """What was paid; below zero takes back what was written too high."""

    source = serializers.CharField(max_length=200)  # type: ignore[assignment]
    amount = MoneyField(allow_negative=True)
    on = serializers.DateField()


class StageOut(serializers.Serializer):  # type: ignore[type-arg]
    """One step of the funnel."""

    key = serializers.CharField()
    count = serializers.IntegerField()
    of = serializers.IntegerField(help_text="People of the step before.")


class CampaignDetailOut(CampaignOut):
    """One campaign, with its tasks and its funnel."""

    tasks = CampaignTaskOut(many=True, read_only=True)
    funnel = serializers.SerializerMethodField()

    class Meta(CampaignOut.Meta):
        fields = [*CampaignOut.Meta.fields, "tasks", "funnel"]

    @extend_schema_field(StageOut(many=True))
    def get_funnel(self, campaign: Campaign) -> Any:
        """From everybody chosen to converted leads."""
        return [vars(stage) for stage in funnel_of(campaign)]


def _facts(given: dict[str, Any]) -> dict[str, Any]:
    """The budget's amount and currency as the service takes them."""
    facts = dict(given)
    budget: Money | None = facts.pop("budget", None)
    return facts if budget is None else {**facts, "budget": budget.amount, "currency": budget.currency}


class CampaignViewSet(BulkMixin):
    """What we do to be found, and what it brings."""

    resource = "campaigns"
    selector = staticmethod(campaign_list)
    out = CampaignOut
    detail_out = CampaignDetailOut
    create_in = change_in = CampaignIn
    rights = {
        "create": "leads.add_campaign",
        **dict.fromkeys(("partial_update", "launch", "end", "analyse", "tasks"), "leads.change_campaign"),
        "add_cost": "leads.add_marketingcost",
        "done": None,  # whoever changes campaigns, or whose task it is: the service decides
    }
    filterset_class = CampaignFilter
    sort_fields = {"id": "id", "name": "name", "starts_on": "starts_on", "lead_count": "lead_count"}

    def create(self, request: Request) -> Response:
        """Plan one. With stock_needed it waits for its stock task."""
        return self.again(services.create_campaign(actor=request.user, **_facts(self.read(CampaignIn))), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change it; of one that is over only name, owner and findings."""
        campaign, version = self.record(pk), self.shown_version(request)
        given = _facts(self.read(CampaignIn, partial=True))
        return self.again(services.update_campaign(campaign=campaign, version=version, actor=request.user, **given))

    @extend_schema(request=None, responses=CampaignDetailOut)
    @action(detail=True, methods=["post"])
    def launch(self, request: Request, pk: str) -> Response:
        """It goes live; while its stock task is open 422."""
        campaign, version = self.record(pk), self.shown_version(request)
        return self.again(services.launch_campaign(campaign=campaign, version=version, actor=request.user))

    @extend_schema(request=None, responses=CampaignDetailOut)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """It is over."""
        campaign, version = self.record(pk), self.shown_version(request)
        return self.again(services.end_campaign(campaign=campaign, version=version, actor=request.user))

    @extend_schema(request=FindingsIn, responses=CampaignDetailOut)
    @action(detail=True, methods=["post"])
    def analyse(self, request: Request, pk: str) -> Response:
        """Close it with what was learned; without findings 422."""
        campaign, version = self.record(pk), self.shown_version(request)
        findings = self.read(FindingsIn)["findings"]
        return self.again(
            services.analyse_campaign(campaign=campaign, version=version, actor=request.user, findings=findings)
        )

    @extend_schema(request=CampaignTaskIn, responses={201: CampaignDetailOut})
    @action(detail=True, methods=["post"])
    def tasks(self, request: Request, pk: str) -> Response:
        """Something to prepare."""
        campaign = self.record(pk)
        services.add_campaign_task(campaign=campaign, actor=request.user, **self.read(CampaignTaskIn))
        return self.again(campaign, 201)

    @extend_schema(request=DoneIn, responses=CampaignDetailOut)
    @action(detail=True, methods=["post"])
    def done(self, request: Request, pk: str) -> Response:
        """A task is done, or not after all: whoever changes campaigns, or whose task it is."""
        campaign, given = self.record(pk), self.read(DoneIn)
        task = campaign.tasks.filter(pk=given["task"]).first()
        if task is None:
            raise serializers.ValidationError({"task": ["This campaign has no such task."]})
        services.finish_campaign_task(task=task, version=None, actor=request.user, done=given["done"])
        return self.again(campaign)

    @extend_schema(request=CostIn, responses={201: CampaignDetailOut})
    @action(detail=True, methods=["post"], url_path="costs")
    def add_cost(self, request: Request, pk: str) -> Response:
        """Something was paid for it, in its currency."""
        campaign, given = self.record(pk), self.read(CostIn)
        paid: Money = given.pop("amount")
        services.record_cost(actor=request.user, campaign=campaign, amount=paid.amount, currency=paid.currency, **given)
        return self.again(campaign, 201)


class CampaignMemberOut(OutSerializer):
    """Somebody whom a campaign addresses."""

    class Meta:
        model = CampaignMember
        fields = ["id", "campaign", "lead", "contact", "status", "responded_at", "created_at", "version"]


def one_person(given: dict[str, Any]) -> dict[str, Any]:
    """A lead or a contact, never both or none."""
    if bool(given.get("lead")) == bool(given.get("contact")):
        raise serializers.ValidationError({"lead": ["Send a lead or a contact."]})
    return given


class CampaignMemberIn(StrictSerializer):
    """A lead or a contact for a campaign."""

    campaign = Seen(Campaign)
    lead = Seen(Lead, required=False, allow_null=True)
    contact = Seen(Contact, required=False, allow_null=True)

    def validate(self, attrs: Any) -> Any:
        return one_person(attrs)


class StepIn(StrictSerializer):
    """How far they came; backward is 409."""

    status = serializers.ChoiceField(choices=CampaignMember.Status.choices)


class CampaignMemberViewSet(BulkMixin):
    """Members of campaigns, as far as the caller sees the lead or contact."""

    resource = "campaign-members"
    selector = staticmethod(member_list)
    out = CampaignMemberOut
    create_in = CampaignMemberIn
    rights = {"create": "leads.add_campaignmember", "move": "leads.change_campaignmember"}
    filterset_class = MemberFilter
    sort_fields = {"id": "id", "status": "status"}

    def create(self, request: Request) -> Response:
        """Choose somebody; who is in it already stays as they are."""
        given = self.read(CampaignMemberIn)
        lead, contact = given.get("lead"), given.get("contact")
        services.add_members(
            campaign=given["campaign"],
            actor=request.user,
            leads=[lead] if lead else [],
            contacts=[contact] if contact else [],
        )
        member = self.get_queryset().get(campaign=given["campaign"], lead=lead, contact=contact)
        return self.again(member, 201)

    @extend_schema(request=StepIn, responses=CampaignMemberOut)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Forward."""
        member, version = self.record(pk), self.shown_version(request)
        status = self.read(StepIn)["status"]
        return self.again(services.move_member(member=member, status=status, version=version, actor=request.user))


class TouchOut(OutSerializer):
    """What brought somebody to us."""

    class Meta:
        model = TouchPoint
        fields = [
            "id", "campaign", "lead", "contact", "kind", "at", "utm_source", "utm_medium", "utm_campaign", "utm_term",
            "utm_content", "landing", "referrer", "note", "created_at",
        ]  # fmt: skip


class TouchIn(StrictSerializer):
    """A touch that another system saw."""

    campaign = Seen(Campaign, required=False, allow_null=True)
    lead = Seen(Lead, required=False, allow_null=True)
    contact = Seen(Contact, required=False, allow_null=True)
    kind = serializers.ChoiceField(choices=TouchPoint.Kind.choices, required=False)
    at = serializers.DateTimeField(required=False)
    responded = serializers.BooleanField(required=False)
    utm_source = serializers.CharField(max_length=120, required=False, allow_blank=True)
    utm_medium = serializers.CharField(max_length=120, required=False, allow_blank=True)
    utm_campaign = serializers.CharField(max_length=120, required=False, allow_blank=True)

    def validate(self, attrs: Any) -> Any:
        return one_person(attrs)


class TouchPointViewSet(BulkMixin):
    """Touches, as far as the caller sees the lead or contact. They are written and never changed."""

    resource = "touch-points"
    selector = staticmethod(touch_list)
    out = TouchOut
    create_in = TouchIn
    rights = {"create": "leads.add_touchpoint"}
    filterset_class = TouchFilter
    sort_fields = {"id": "id", "at": "at"}

    def create(self, request: Request) -> Response:
        """Somebody was touched; with `responded` they are a member who answered."""
        given = self.read(TouchIn)
        touch = services.note_touch(actor=request.user, campaign=given.pop("campaign", None), **given)
        return self.again(touch, 201)


class MarketingCostOut(OutSerializer):
    """One amount that was spent to win customers."""

    amount = MoneyField(source="money", read_only=True)

    class Meta:
        model = MarketingCost
        fields = ["id", "kind", "source", "amount", "on", "campaign", "created_at", "version"]


class MarketingCostIn(CostIn):
    """An amount that was spent; a campaign's, or nobody's in particular."""

    kind = serializers.ChoiceField(choices=MarketingCost.Kind.choices, required=False)
    campaign = Seen(Campaign, required=False, allow_null=True)


class MarketingCostViewSet(BulkMixin):
    """The pool of marketing costs. A correction is a row below zero."""

    resource = "marketing-costs"
    selector = staticmethod(cost_list)
    out = MarketingCostOut
    create_in = MarketingCostIn
    rights = {"create": "leads.add_marketingcost"}
    filterset_class = CostFilter
    sort_fields = {"id": "id", "on": "on"}

    def create(self, request: Request) -> Response:
        """Something was paid for."""
        given = self.read(MarketingCostIn)
        paid: Money = given.pop("amount")
        cost = services.record_cost(actor=request.user, amount=paid.amount, currency=paid.currency, **given)
        return self.again(cost, 201)

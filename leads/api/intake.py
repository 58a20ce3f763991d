"""Public forms over the API: their settings. What they take in comes to /intake/forms/{key}."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import Seen
from leads import services
from leads.filters_campaigns import IntakeFormFilter
from leads.models import Campaign, IntakeForm
from leads.selectors.campaigns import form_list
from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.core.api.views import ResourceViewSet


class IntakeFormOut(OutSerializer):
    """A public form."""

    class Meta:
        model = IntakeForm
        fields = [
            "id", "name", "key", "is_active", "headline", "intro", "button", "thanks", "asks_company", "asks_phone",
            "asks_message", "consent_text", "source", "campaign", "allowed_sites", "hourly_limit", "created_at",
            "version",
        ]  # fmt: skip


class IntakeFormIn(StrictSerializer):
    """What a public form asks, says, and where it may stand."""

    name = serializers.CharField(max_length=120)
    key = serializers.SlugField(max_length=60)
    is_active = serializers.BooleanField(required=False)
    headline = serializers.CharField(max_length=120, required=False)
    intro = serializers.CharField(max_length=400, required=False, allow_blank=True)
    button = serializers.CharField(max_length=40, required=False, allow_blank=True)
    thanks = serializers.CharField(max_length=400, required=False, allow_blank=True)
    asks_company = serializers.BooleanField(required=False)
    asks_phone = serializers.BooleanField(required=False)
    asks_message = serializers.BooleanField(required=False)
    consent_text = serializers.CharField(max_length=4000)
    source = serializers.CharField(max_length=60, required=False)  # type: ignore[assignment]
    campaign = Seen(Campaign, required=False, allow_null=True)
    allowed_sites = serializers.ListField(child=serializers.CharField(max_length=200), required=False, max_length=50)
    hourly_limit = serializers.IntegerField(min_value=1, max_value=1_000_000, required=False)


class IntakeFormViewSet(ResourceViewSet):
    """Forms that anybody may send to /intake/forms/{key}."""

    resource = "intake-forms"
    selector = staticmethod(form_list)
    out = IntakeFormOut
    create_in = change_in = IntakeFormIn
    rights = {"create": "leads.add_intakeform", "partial_update": "leads.change_intakeform"}
    filterset_class = IntakeFormFilter
    sort_fields = {"id": "id", "name": "name"}

    def create(self, request: Request) -> Response:
        """Make one."""
        return self.again(services.create_form(actor=request.user, **self.read(IntakeFormIn)), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change it; consents that were given keep their words."""
        form, version = self.record(pk), self.shown_version(request)
        given = self.read(IntakeFormIn, partial=True)
        return self.again(services.update_form(form=form, version=version, actor=request.user, **given))

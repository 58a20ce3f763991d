"""Named accounts: companies that are somebody's before there is an account."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import Seen
from leads import services
from leads.filters import SettingFilter
from leads.models import NamedAccount
from leads.selectors.settings import named_account_list
from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.core.api.writes import BulkMixin
from revops.users.models import User


class NamedAccountOut(OutSerializer):
    """A company and whose it is."""

    class Meta:
        model = NamedAccount
        fields = ["id", "company", "website", "domain", "user", "is_active", "version"]


class NamedAccountIn(StrictSerializer):
    """A company and whose it is."""

    company = serializers.CharField(max_length=200)
    website = serializers.CharField(max_length=200, required=False, allow_blank=True)
    user = Seen(User)
    is_active = serializers.BooleanField(required=False)


class NamedAccountViewSet(BulkMixin):
    """Companies whose leads go to one person."""

    resource = "named-accounts"
    selector = staticmethod(named_account_list)
    out = NamedAccountOut
    create_in = change_in = NamedAccountIn
    filterset_class = SettingFilter
    rights = {"create": "leads.add_namedaccount", "partial_update": "leads.change_namedaccount"}
    sort_fields = {"id": "id", "company": "company"}

    def create(self, request: Request) -> Response:
        """Put a company on somebody's list."""
        return self.again(services.name_account(actor=request.user, **self.read(NamedAccountIn)), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Give it to somebody else, or take it off the list."""
        row, version = self.record(pk), self.shown_version(request)
        given = self.read(NamedAccountIn, partial=True)
        return self.again(services.change_named_account(row=row, version=version, actor=request.user, **given))

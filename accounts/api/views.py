"""Accounts, contacts, activities and tasks."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.api.calendars import CalendarMixin
from accounts.api.serializers import (
    AccountIn,
    AccountOut,
    ActivityChange,
    ActivityIn,
    ActivityOut,
    ContactIn,
    ContactOut,
    ContactRoleOut,
    ContactRolesIn,
    OutcomeIn,
    ReasonIn,
    TaskIn,
)
from accounts.filters import AccountFilter, ActivityFilter, ContactFilter
from accounts.models import Activity
from accounts.selectors import account_list, activity_list, contact_list
from accounts.selectors.contact_roles import roles_of
from revops.core.api.merges import MergeMixin
from revops.core.api.writes import BulkMixin, UpsertMixin
from revops.core.errors import BadRequest, InvalidInput
from revops.users.api.shares import SharesMixin


def duplicates_allowed(request: Request) -> bool:
    """X-Allow-Duplicate: true; anything but true or false is refused."""
    raw = request.headers.get("X-Allow-Duplicate", "false").strip().lower()
    if raw not in ("true", "false"):
        raise BadRequest("bad_allow_duplicate", "X-Allow-Duplicate is true or false.")
    return raw == "true"


class AccountViewSet(SharesMixin, MergeMixin, BulkMixin, UpsertMixin):
    """Companies, and persons who buy."""

    resource = "accounts"
    create_in = change_in = AccountIn
    upsert = staticmethod(services.upsert_account)
    duplicates = True
    rights = {
        "create": "accounts.add_account",
        "partial_update": "accounts.change_account",
        "archive": "accounts.change_account",
        "restore": "accounts.change_account",
        "merge": "accounts.merge_account",
    }
    selector = staticmethod(account_list)
    out = AccountOut
    filterset_class = AccountFilter
    sort_fields = {
        "id": "id",
        "name": "name",
        "industry": "industry",
        "employees": "employees",
        "created_at": "created_at",
        "updated_at": "updated_at",
    }

    def create(self, request: Request) -> Response:
        """Make an account. One that looks like another is 409 with the candidates, unless X-Allow-Duplicate: true."""
        made = services.create_account(
            actor=request.user, allow_duplicate=duplicates_allowed(request), **self.read(AccountIn)
        )
        return self.answer(made, 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change some facts."""
        account, version = self.record(pk), self.shown_version(request)
        changed = services.update_account(
            account=account, version=version, actor=request.user, **self.read(AccountIn, partial=True)
        )
        return self.answer(changed)

    @extend_schema(request=ReasonIn, responses=AccountOut)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str) -> Response:
        """Take it out of lists and searches."""
        account, version = self.record(pk), self.shown_version(request)
        return self.answer(
            services.archive_account(account=account, version=version, actor=request.user, **self.read(ReasonIn))
        )

    @extend_schema(request=None, responses=AccountOut)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring it back."""
        account, version = self.record(pk), self.shown_version(request)
        return self.answer(services.restore_account(account=account, version=version, actor=request.user))


class ContactViewSet(MergeMixin, BulkMixin, UpsertMixin):
    """People at accounts."""

    resource = "contacts"
    create_in = change_in = ContactIn
    upsert = staticmethod(services.upsert_contact)
    duplicates = True
    rights = {
        "create": "accounts.add_contact",
        "partial_update": "accounts.change_contact",
        "archive": "accounts.change_contact",
        "restore": "accounts.change_contact",
        "merge": "accounts.merge_contact",
        "set_roles": "accounts.change_contact",
    }
    selector = staticmethod(contact_list)
    out = ContactOut
    filterset_class = ContactFilter
    sort_fields = {"id": "id", "last_name": "last_name", "created_at": "created_at", "updated_at": "updated_at"}

    def create(self, request: Request) -> Response:
        """Make a contact. The same e-mail at the account is 409, unless X-Allow-Duplicate: true."""
        made = services.create_contact(
            actor=request.user, allow_duplicate=duplicates_allowed(request), **self.read(ContactIn)
        )
        return self.answer(made, 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change some facts."""
        contact, version = self.record(pk), self.shown_version(request)
        changed = services.update_contact(
            contact=contact, version=version, actor=request.user, **self.read(ContactIn, partial=True)
        )
        return self.answer(changed)

    @extend_schema(responses={200: ContactRoleOut(many=True)}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def roles(self, request: Request, pk: str) -> Response:
        """What the contact has to say, product by product."""
        return Response(ContactRoleOut(roles_of(self.record(pk)), many=True).data)

    @extend_schema(request=ContactRolesIn, responses={200: ContactRoleOut(many=True)})
    @action(detail=True, methods=["post"], url_path="set-roles", pagination_class=None)
    def set_roles(self, request: Request, pk: str) -> Response:
        """All roles at once; what is not named is gone."""
        contact, version = self.record(pk), self.shown_version(request)
        wanted = self.read(ContactRolesIn)["roles"]
        services.set_contact_roles(contact=contact, roles=wanted, version=version, actor=request.user)
        return Response(ContactRoleOut(roles_of(contact), many=True).data)

    @extend_schema(request=ReasonIn, responses=ContactOut)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str) -> Response:
        """Take it out of lists and searches."""
        contact, version = self.record(pk), self.shown_version(request)
        return self.again(
            services.archive_contact(contact=contact, version=version, actor=request.user, **self.read(ReasonIn))
        )

    @extend_schema(request=None, responses=ContactOut)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring it back."""
        contact, version = self.record(pk), self.shown_version(request)
        return self.again(services.restore_contact(contact=contact, version=version, actor=request.user))


class ActivityBase(BulkMixin):
    """What was done and what is planned, tasks among it."""

    create_in, change_in = ActivityIn, ActivityChange
    rights = {
        "create": "accounts.add_activity",
        "partial_update": "accounts.change_activity",
        "complete": "accounts.change_activity",
        "cancel": "accounts.change_activity",
        "end_series": "accounts.change_activity",
    }
    selector = staticmethod(activity_list)
    out = ActivityOut
    filterset_class = ActivityFilter
    sort_fields = {"id": "id", "due_at": "due_at", "happened_at": "happened_at", "created_at": "created_at"}

    def create(self, request: Request) -> Response:
        """Plan (with `due_at`) or log (without)."""
        facts = self.read(ActivityIn)
        made: Activity
        if "due_at" in facts:
            past = [name for name in ("happened_at", "minutes", "outcome") if name in facts]
            if past:
                raise InvalidInput.of(**{past[0]: "A planned activity has not happened: send due_at or this."})
            made = self._plan(facts)
        elif "repeats" in facts:
            raise InvalidInput.of(repeats="Only what is planned repeats: send due_at.")
        else:
            made = services.log_activity(actor=request.user, **facts)
        return self.answer(made, 201)

    def _plan(self, facts: dict[str, Any]) -> Activity:
        rule = facts.pop("repeats", "")
        if rule:
            return services.plan_repeated(actor=self.request.user, rule=rule, **facts)
        return services.plan_activity(actor=self.request.user, **facts)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Move it, give it to somebody else, put its text right; with `following` or `repeats` the rest of a series."""
        record, version, facts = self.record(pk), self.shown_version(request), self.read(ActivityChange)
        rule = facts.pop("repeats", None)
        changed = services.arrange_activity(activity=record, version=version, actor=request.user, rule=rule, **facts)
        return self.answer(changed)

    @extend_schema(request=None, responses=ActivityOut)
    @action(detail=True, methods=["post"], url_path="end-series")
    def end_series(self, request: Request, pk: str) -> Response:
        """No more of it: the planned one is dropped and none follows."""
        activity, version = self.record(pk), self.shown_version(request)
        return self.again(services.end_series(activity=activity, version=version, actor=request.user))

    @extend_schema(request=OutcomeIn, responses=ActivityOut)
    @action(detail=True, methods=["post"])
    def complete(self, request: Request, pk: str) -> Response:
        """It is done."""
        changed = services.complete_activity(
            activity=self.record(pk), version=self.shown_version(request), actor=request.user, **self.read(OutcomeIn)
        )
        return self.again(changed)

    @extend_schema(request=ReasonIn, responses=ActivityOut)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """It will not happen."""
        changed = services.cancel_activity(
            activity=self.record(pk), version=self.shown_version(request), actor=request.user, **self.read(ReasonIn)
        )
        return self.again(changed)


class ActivityViewSet(CalendarMixin, ActivityBase):
    """What was done and what is planned."""

    resource = "activities"
    rights = {**ActivityBase.rights, **CalendarMixin.calendar_rights}
    costs = {**ActivityBase.costs, "import_calendar": "upload"}


def task_list(*, viewer: Any) -> QuerySet[Activity]:
    """The activities that are tasks."""
    return activity_list(viewer=viewer).filter(kind=Activity.Kind.TASK)


class TaskViewSet(ActivityBase):
    """Tasks: the activities of that kind."""

    resource = "tasks"
    create_in = TaskIn  # type: ignore[assignment]
    selector = staticmethod(task_list)

    def create(self, request: Request) -> Response:
        """Plan a task."""
        made = self._plan({"kind": Activity.Kind.TASK, **self.read(TaskIn)})
        return self.answer(made, 201)

"""People, teams, calendars and tokens in Django admin; every save calls a service."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from revops.core import clock
from revops.core.admin import ReadOnlyAdmin, ServiceAdmin, VersionedForm
from revops.core.errors import DomainError
from revops.users import services
from revops.users.models import (
    Absence,
    ApiToken,
    Holiday,
    Notification,
    OffboardingRun,
    Team,
    TeamMembership,
    TeamPlacement,
    User,
    WorkingCalendar,
    WorkingHours,
)
from revops.users.services.people import EDITABLE


class UserForm(VersionedForm):
    """A colleague; roles are Django groups."""

    roles = forms.ModelMultipleChoiceField(Group.objects.order_by("name"), required=False, label=_("Roles"))
    new_password = forms.CharField(
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Leave empty to keep what is. At least 12 characters."),
    )

    class Meta:
        model = User
        fields = [*EDITABLE, "reach"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["roles"].initial = list(self.instance.groups.values_list("pk", flat=True))


@admin.register(User)
class UserAdmin(ServiceAdmin):
    form = UserForm
    list_display = [
        "username", "first_name", "last_name", "email", "reach", "is_active", "can_sign_in", "last_login", "farewell",
    ]  # fmt: skip
    list_filter = ["is_active", "can_sign_in", "reach", "groups"]
    search_fields = ["username", "first_name", "last_name", "email"]
    actions = ["deactivate"]
    readonly_fields = ["farewell"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Only a superuser administers superusers."""
        people = super().get_queryset(request)
        return people if request.user.is_superuser else people.filter(is_superuser=False)

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        password, roles = values.pop("new_password"), [group.name for group in values.pop("roles")]
        return services.create_user(actor=actor, password=password or None, roles=roles, **values)

    def change(self, record: Any, version: int | None, actor: Any, values: dict[str, Any]) -> Model:
        password, roles, reach = values.pop("new_password", ""), values.pop("roles", None), values.pop("reach", None)
        saved = services.update_user(user=record, version=version, actor=actor, **values)
        if reach is not None:
            saved = services.set_reach(user=saved, reach=reach, actor=actor)
        if roles is not None:
            saved = services.set_roles(user=saved, roles=[group.name for group in roles], actor=actor)
        return services.set_password(user=saved, password=password, actor=actor) if password else saved

    @admin.display(description=_("Leaving"))
    def farewell(self, user: User) -> str:
        """To the page that hands over what they hold."""
        if not user.pk or not user.is_active:
            return "–"
        return format_html('<a href="{}">{}</a>', reverse("offboarding", args=[user.pk]), _("Hand over and deactivate"))

    @admin.action(description=_("Deactivate"), permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset.filter(is_active=True):
            try:
                services.deactivate_user(user=user, actor=request.user)
            except DomainError as error:
                self.message_user(request, error.message, messages.ERROR)


class TeamForm(VersionedForm):
    """A team and where it stands."""

    parent = forms.ModelChoiceField(Team.objects.order_by("name"), required=False, label=_("Under"))
    start = forms.DateField(required=False, help_text=_("From this day on. Empty: always, or from today when moved."))

    class Meta:
        model = Team
        fields = ["name"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            now = self.instance.placements.filter(during__contains=clock.today()).first()
            self.fields["parent"].initial = now.parent_id if now else None


@admin.register(Team)
class TeamAdmin(ServiceAdmin):
    form = TeamForm
    list_display = ["name"]
    search_fields = ["name"]

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        return services.create_team(actor=actor, **values)

    def change(self, record: Any, version: int | None, actor: Any, values: dict[str, Any]) -> Model:
        name = values.get("name", record.name)
        team = services.rename_team(team=record, name=name, version=version, actor=actor)
        if "parent" in values:
            start = values.get("start") or clock.today()
            services.place_team(team=team, parent=values["parent"], start=start, actor=actor)
        return team


class MembershipForm(forms.ModelForm):  # type: ignore[type-arg]
    """Who joins which team, as what, from when."""

    start = forms.DateField(required=False, help_text=_("Empty: always. A member of another team moves on this day."))

    class Meta:
        model = TeamMembership
        fields = ["user", "team", "role"]


@admin.register(TeamMembership)
class TeamMembershipAdmin(ServiceAdmin):
    """Memberships are added and ended; the past is not rewritten."""

    form = MembershipForm
    list_display = ["user", "team", "role", "during"]
    list_filter = ["team", "role"]
    list_select_related = ["user", "team"]
    actions = ["end_today"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        member = values["role"] == TeamMembership.Role.MEMBER
        if member and values["start"] and values["user"].memberships.filter(role="member").exists():
            values.pop("role")
            return services.move_member(actor=actor, **values)
        return services.add_member(actor=actor, **values)

    @admin.action(description=_("End today"), permissions=["end"])
    def end_today(self, request: HttpRequest, queryset: QuerySet[TeamMembership]) -> None:
        for membership in queryset:
            services.end_membership(membership=membership, actor=request.user)

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("users.change_team")


@admin.register(TeamPlacement)
class TeamPlacementAdmin(ReadOnlyAdmin):
    list_display = ["team", "parent", "during"]
    list_select_related = ["team", "parent"]


class HoursInline(admin.TabularInline):  # type: ignore[type-arg]
    model = WorkingHours
    extra = 0


class HolidayInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Holiday
    extra = 0


class CalendarForm(VersionedForm):
    """A calendar; a country's public holidays are filled in on request."""

    country = forms.CharField(
        required=False, max_length=2, help_text=_("Add the public holidays of this country (DE, US, ...).")
    )

    class Meta:
        model = WorkingCalendar
        fields = ["name", "time_zone", "is_default"]


@admin.register(WorkingCalendar)
class WorkingCalendarAdmin(ServiceAdmin):
    form = CalendarForm
    list_display = ["name", "time_zone", "is_default"]
    inlines = [HoursInline, HolidayInline]

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        country = values.pop("country")
        calendar = services.create_calendar(actor=actor, hours=(), **values)
        self._fill(calendar, country, actor)
        return calendar

    def change(self, record: Any, version: int | None, actor: Any, values: dict[str, Any]) -> Model:
        country = values.pop("country", "")
        calendar = services.update_calendar(calendar=record, version=version, actor=actor, **values)
        self._fill(calendar, country, actor)
        return calendar

    def _fill(self, calendar: Any, country: str, actor: Any) -> None:
        if country:
            year = clock.today().year
            services.fill_holidays(calendar=calendar, country=country, years=range(year, year + 3), actor=actor)

    def save_rows(self, record: Any, formset: Any, actor: Any) -> None:
        if not formset.has_changed():
            return
        rows = [row for row in formset.cleaned_data if row and not row.get("DELETE")]
        if formset.model is WorkingHours:
            hours = [(row["weekday"], row["opens"], row["closes"]) for row in rows]
            services.set_hours(calendar=record, hours=hours, actor=actor)
        else:
            days = {row["on"]: row["name"] for row in rows}
            known = {form.instance.on for form in formset.initial_forms}
            services.set_holidays(calendar=record, days=days, among=known, actor=actor)


class AbsenceForm(forms.ModelForm):  # type: ignore[type-arg]
    """Out of office, first to last day."""

    first = forms.DateField()
    last = forms.DateField()

    class Meta:
        model = Absence
        fields = ["user", "reason"]


@admin.register(Absence)
class AbsenceAdmin(ServiceAdmin):
    form = AbsenceForm
    list_display = ["user", "during", "reason"]
    list_select_related = ["user"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        return services.add_absence(actor=actor, **values)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Whose tokens there are; the tokens themselves are known to nobody."""

    list_display = ["user", "name", "prefix", "scopes", "expires_at", "last_used_at", "revoked_at"]
    list_select_related = ["user"]
    exclude = ["digest"]
    actions = ["revoke"]

    @admin.action(description=_("Revoke"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        for token in queryset:
            services.revoke_token(token=token, actor=request.user)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("users.change_user")


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    """Whether mails go out. What people were told is theirs to read, so neither title nor text is shown."""

    list_display = ["user", "kind", "created_at", "read_at", "mail", "mail_after", "mail_tries", "mailed_at"]
    fields = ["user", "kind", "created_at", "read_at", "mail", "mail_after", "mail_tries", "mailed_at"]
    list_filter = ["kind", "mail"]
    list_select_related = ["user"]
    show_full_result_count = False


@admin.register(OffboardingRun)
class OffboardingRunAdmin(ReadOnlyAdmin):
    """Who left, and how much of what went over."""

    list_display = ["user", "started_by", "created_at", "moved", "finished_at"]
    list_select_related = ["user", "started_by"]

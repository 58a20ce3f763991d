from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "revops.users"
    label = "users"
    verbose_name = "Users"

    def ready(self) -> None:
        from revops.core import scope  # noqa: PLC0415  models are not ready at import time
        from revops.users import roles, selectors  # noqa: PLC0415

        scope.provide_reach(selectors.reach_ids_of)
        roles.grant(
            roles.REVOPS_ADMIN,
            *roles.manage(
                "users", "user", "team", "teamplacement", "teammembership", "absence", "workingcalendar",
                "workinghours", "holiday", delete=True,
            ),
            "users.view_apitoken",
            "users.change_apitoken",
            "auth.view_group",
            *roles.manage("core", "organisation", "legalentity", "exchangerate", "delivery", "jobrun"),
            "core.view_auditentry",
            "core.view_outboxevent",
            "core.view_numberseries",
        )  # fmt: skip
        roles.grant(roles.FINANCE, *roles.manage("core", "exchangerate"))

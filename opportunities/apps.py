from django.apps import AppConfig


class OpportunitiesConfig(AppConfig):
    name = "opportunities"
    label = "opportunities"
    verbose_name = "Opportunities"

    def ready(self) -> None:
        from opportunities import panels, search
        from revops.users import roles

        sellers = (roles.SALES_REP, roles.SALES_MANAGER, roles.REVOPS_ADMIN)
        roles.grant_all(roles.ROLES, "opportunities.view_opportunity")
        roles.grant_all(sellers, *roles.manage("opportunities", "opportunity"))
        roles.grant_all((roles.DEAL_DESK, roles.EXECUTIVE), "opportunities.change_opportunity")
        roles.grant(
            roles.REVOPS_ADMIN,
            *roles.manage("opportunities", "pipeline", "stage", "lossreason"),
            "opportunities.view_stagehistory",
            "opportunities.view_opportunitysplit",
            "opportunities.view_opportunityteammember",
        )
        panels.register()
        search.register()

from django.apps import AppConfig

from revops.users import roles


class OpportunitiesConfig(AppConfig):
    name = "opportunities"
    label = "opportunities"
    verbose_name = "Opportunities"

    def ready(self) -> None:
        from accounts.events import ActivityCompleted  # noqa: PLC0415
        from opportunities import (  # noqa: PLC0415
            handlers,
            holdings,
            merges,
            notices,
            panels,
            panels_needs,
            panels_quotes,
            search,
            webhooks,
        )
        from opportunities.homes import register_homes  # noqa: PLC0415
        from opportunities.imports import IMPORTERS  # noqa: PLC0415
        from revops.core import outbox  # noqa: PLC0415
        from revops.integrations.registries import importers  # noqa: PLC0415

        for importer in IMPORTERS:
            importers.register(importer)
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
        quoters = (*sellers, roles.DEAL_DESK)
        roles.grant_all(roles.ROLES, "opportunities.view_quote")
        roles.grant_all(quoters, "opportunities.add_quote", "opportunities.change_quote")
        roles.grant(roles.REVOPS_ADMIN, *roles.manage("opportunities", "approvalrule"))
        roles.grant(roles.REVOPS_ADMIN, "opportunities.view_approvalrequest", "opportunities.view_approvalstep")
        roles.grant_all(roles.ROLES, "opportunities.view_need", "opportunities.view_needsanalysis")
        outbox.subscribe(ActivityCompleted, handlers.end_sdr_part)
        register_homes()
        holdings.register()
        merges.register()
        notices.register()
        panels.register()
        panels_needs.register()
        webhooks.register()
        panels_quotes.register()
        search.register()

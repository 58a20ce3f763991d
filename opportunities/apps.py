from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from revops.users import roles


class OpportunitiesConfig(AppConfig):
    name = "opportunities"
    label = "opportunities"
    verbose_name = "Opportunities"

    def ready(self) -> None:
        from opportunities import notices, panels, panels_quotes, search, webhooks  # noqa: PLC0415  models are not ready before
        from opportunities.imports import IMPORTERS  # noqa: PLC0415
        from opportunities.models import Opportunity, Quote  # noqa: PLC0415
        from opportunities.selectors.entry import stage_key, stage_steps  # noqa: PLC0415
        from revops.core.custom.definitions import Home, homes, steps_of  # noqa: PLC0415
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
        lost = (Quote.Status.REJECTED, Quote.Status.EXPIRED, Quote.Status.SUPERSEDED)
        homes.register(Home(Opportunity, _("Opportunities"), stage_steps, stage_key, order=40))
        homes.register(Home(Quote, _("Quotes"), steps_of(Quote.Status, lost), order=50))
        notices.register()
        panels.register()
        webhooks.register()
        panels_quotes.register()
        search.register()

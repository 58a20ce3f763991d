from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IntegrationsConfig(AppConfig):
    name = "revops.integrations"
    label = "integrations"
    verbose_name = "Integrations"

    def ready(self) -> None:
        from revops.core import registries  # noqa: PLC0415  models are not ready at import time
        from revops.integrations import frame, holdings  # noqa: PLC0415
        from revops.integrations.imports import IMPORTERS  # noqa: PLC0415
        from revops.integrations.registries import importers  # noqa: PLC0415
        from revops.integrations.selectors import benefits_to_measure  # noqa: PLC0415
        from revops.users import roles  # noqa: PLC0415

        for importer in IMPORTERS:
            importers.register(importer)
        holdings.register()
        frame.register_jobs()
        may_import = "integrations.import_leads"
        registries.commands.register(
            registries.Command("import", _("Import a file"), "import-new", "upload", may_import, verb=True)
        )
        registries.commands.register(registries.Command("imports", _("Imports"), "import-list", "upload", may_import))
        registries.commands.register(
            registries.Command(
                "change-requests", _("Change requests"), "change-request-list", "adjustments",
                "integrations.view_systemchangerequest",
            )
        )  # fmt: skip
        registries.day_items.register(registries.DaySource("integrations.benefits", benefits_to_measure))
        frame.register_webhooks()
        roles.grant_all((roles.SDR, roles.SALES_MANAGER, roles.REVOPS_ADMIN), may_import)
        roles.grant(
            roles.REVOPS_ADMIN,
            "integrations.import_records",
            "integrations.approve_systemchangerequest",
            *roles.manage("integrations", "systemchangerequest"),
            *("integrations.view_importrun", "integrations.view_importrow", "integrations.view_headermapping"),
        )
        roles.grant_all(roles.ROLES, *roles.manage("integrations", "systemchangerequest"))

from django.apps import AppConfig

from revops.users import roles


class AccountsConfig(AppConfig):
    name = "accounts"
    label = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from accounts import panels, search  # noqa: PLC0415  models are not ready at import time
        from accounts.imports import IMPORTERS  # noqa: PLC0415
        from revops.integrations.registries import importers  # noqa: PLC0415

        for importer in IMPORTERS:
            importers.register(importer)
        panels.register()
        search.register()
        sellers = (roles.SDR, roles.SALES_REP, roles.SALES_MANAGER, roles.REVOPS_ADMIN)
        readers = (*roles.ROLES,)
        writers = (*sellers, roles.SALES_ENGINEER, roles.DEAL_DESK, roles.FINANCE, roles.SUPPORT, roles.EXECUTIVE)
        roles.grant_all(readers, "accounts.view_account", "accounts.view_contact", "accounts.view_activity")
        roles.grant_all(writers, *roles.manage("accounts", "account", "contact", "activity"))
        roles.grant_all(sellers, "accounts.allow_duplicate")
        roles.grant("RevOps admin", *roles.manage("accounts", "territory"))

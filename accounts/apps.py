from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from revops.users import roles


class AccountsConfig(AppConfig):
    name = "accounts"
    label = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from accounts import holdings, merges, notices, panels, search, webhooks  # noqa: PLC0415
        from accounts.homes import register_homes  # noqa: PLC0415
        from accounts.imports import IMPORTERS  # noqa: PLC0415
        from accounts.imports_activities import IMPORTERS as OF_ACTIVITIES  # noqa: PLC0415
        from accounts.models import Account, AccountDocument, Contact, ContactDocument  # noqa: PLC0415
        from accounts.services.territories import KIND, step_territory_rules  # noqa: PLC0415
        from accounts.shelves import Shelf, register_shelf  # noqa: PLC0415
        from revops.core import jobs  # noqa: PLC0415
        from revops.integrations.registries import importers  # noqa: PLC0415

        for importer in (*IMPORTERS, *OF_ACTIVITIES):
            importers.register(importer)
        register_homes()
        holdings.register()
        merges.register()
        notices.register()
        panels.register()
        webhooks.register()
        register_shelf(Shelf("account", _("Account"), Account, AccountDocument, "accounts.change_account", order=10))
        register_shelf(Shelf("contact", _("Contact"), Contact, ContactDocument, "accounts.change_contact", order=20))
        search.register()
        sellers = (roles.SDR, roles.SALES_REP, roles.SALES_MANAGER, roles.REVOPS_ADMIN)
        readers = (*roles.ROLES,)
        writers = (*sellers, roles.SALES_ENGINEER, roles.DEAL_DESK, roles.FINANCE, roles.SUPPORT, roles.EXECUTIVE)
        roles.grant_all(readers, "accounts.view_account", "accounts.view_contact", "accounts.view_activity")
        roles.grant_all(writers, *roles.manage("accounts", "account", "contact", "activity"))
        roles.grant_all(sellers, "accounts.allow_duplicate")
        roles.grant_all(
            (roles.SALES_REP, roles.SALES_MANAGER, roles.REVOPS_ADMIN),
            "accounts.merge_account",
            "accounts.merge_contact",
        )
        roles.grant_all(readers, "accounts.view_document")
        roles.grant_all(writers, "accounts.add_document", "accounts.change_document")
        roles.grant("RevOps admin", "accounts.manage_documents")
        roles.grant("RevOps admin", *roles.manage("accounts", "territory", "territorymodel", "territoryrule"))
        roles.grant_all(readers, "accounts.view_territory", "accounts.view_territorymodel")
        roles.grant_all((roles.SALES_MANAGER, roles.REVOPS_ADMIN), *roles.manage("accounts", "channel"))
        roles.grant_all(readers, "accounts.view_channel")
        jobs.register(KIND, jobs.JobKind(step=step_territory_rules, queue="reports", keeps=True))

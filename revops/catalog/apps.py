from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogConfig(AppConfig):
    name = "revops.catalog"
    label = "catalog"
    verbose_name = "Catalog"

    def ready(self) -> None:
        from revops.catalog.homes import register_homes  # noqa: PLC0415
        from revops.catalog.imports import IMPORTERS  # noqa: PLC0415
        from revops.catalog.models import Product  # noqa: PLC0415
        from revops.catalog.search import search_products  # noqa: PLC0415
        from revops.core import registries  # noqa: PLC0415
        from revops.integrations.registries import importers  # noqa: PLC0415
        from revops.users import roles  # noqa: PLC0415  models are not ready at import time

        for importer in IMPORTERS:
            importers.register(importer)

        register_homes()
        models = ("product", "productfamily", "pricebook", "pricebookentry", "productcost", "bundleitem")
        roles.grant(roles.REVOPS_ADMIN, *roles.manage("catalog", *models))
        registries.navigation.register(registries.NavItem("products", _("Products"), "product-list", "box", order=65))
        registries.searchers.register(
            registries.Searcher("product", _("Product"), "box", search_products, order=70, model=Product)
        )

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "revops.catalog"
    label = "catalog"
    verbose_name = "Catalog"

    def ready(self) -> None:
        from revops.users import roles  # noqa: PLC0415  models are not ready at import time

        models = ("product", "productfamily", "pricebook", "pricebookentry", "productcost", "bundleitem")
        roles.grant(roles.REVOPS_ADMIN, *roles.manage("catalog", *models))

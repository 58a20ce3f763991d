from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "revops.catalog"
    label = "catalog"
    verbose_name = "Catalog"

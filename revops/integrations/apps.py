from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "revops.integrations"
    label = "integrations"
    verbose_name = "Integrations"

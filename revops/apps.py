from django.apps import AppConfig
from django.core.checks import Tags, register

from revops import checks


class FrameConfig(AppConfig):
    """The project itself, as far as Django must know it: system checks and commands."""

    name = "revops"
    label = "revops"
    verbose_name = "Frame"

    def ready(self) -> None:
        register(checks.browser_libraries, Tags.staticfiles)
        register(checks.embedded_services, Tags.security, deploy=True)
        register(checks.secret_key, Tags.security, deploy=True)

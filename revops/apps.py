from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.core.checks import Tags, register

from revops import checks
from revops.core import wording


class FrameConfig(AppConfig):
    """The project itself, as far as Django must know it: system checks and commands."""

    name = "revops"
    label = "revops"
    verbose_name = "Frame"

    def ready(self) -> None:
        wording.translate_names()
        register(checks.browser_libraries, Tags.staticfiles)
        register(checks.embedded_services, Tags.security, deploy=True)
        register(checks.secret_key, Tags.security, deploy=True)


class CollectedFilesConfig(StaticFilesConfig):
    """What `collectstatic` leaves behind: the parts of browser libraries that no page loads.

    Some of them even refer to files that their package does not contain, which would stop the collecting.
    """

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        *("libs", "types", "cjs", "esm", "*.rtl.*", "*.scss", "*.d.ts"),
        *(f"tabler-{part}*" for part in ("flags", "marketing", "payments", "props", "social", "themes", "vendors")),
        *("tabler-icons-200*", "tabler-icons-300*", "tabler-icons-filled*", "tabler-icons*.html"),
        *("echarts.js*", "echarts.min.js", "echarts.common*", "echarts.simple*", "echarts.esm.js*", "echarts.esm.mjs*"),
        *("echarts.esm.min.js",),
    ]

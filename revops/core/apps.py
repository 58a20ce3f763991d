from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "revops.core"
    label = "core"
    verbose_name = "Core"

    def ready(self) -> None:
        from revops.core import bulk, exports, jobs, outbox, registries, tasks  # noqa: PLC0415  models are not ready at import time
        from revops.core.custom import admin, services  # noqa: F401, PLC0415  registers the page of the administration

        registries.commands.register(
            registries.Command("background", _("Background jobs"), "core:background", "activity", "core.view_jobrun")
        )
        outbox.on_publish(tasks.wake_relay)
        jobs.on_start(tasks.enqueue_job)
        bulk.register()
        exports.register()
        services.on_change(tasks.wake_indexes)

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "revops.core"
    label = "core"
    verbose_name = "Core"

    def ready(self) -> None:
        from revops.core import jobs, outbox, tasks  # noqa: PLC0415  models are not ready at import time

        outbox.on_publish(tasks.wake_relay)
        jobs.on_start(tasks.enqueue_job)

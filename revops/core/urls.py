from django.urls import URLPattern, path

from revops.core.views import command, custom, health, jobs, operations, pages

app_name = "core"

urlpatterns: list[URLPattern] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.figures, name="metrics"),
    path("command/", command.command, name="command"),
    path("jobs/<uuid:pk>/", jobs.job, name="job"),
    path("jobs/<uuid:pk>/cancel/", jobs.cancel_job, name="job-cancel"),
    path("jobs/<uuid:pk>/undo/", jobs.undo_job, name="job-undo"),
    path("jobs/<uuid:pk>/refused/", jobs.refused_rows, name="job-refused"),
    path("jobs/<uuid:pk>/file/", jobs.job_file, name="job-file"),
    path("settings/jobs/", operations.background, name="background"),
    path("settings/jobs/run/", operations.run_now, name="background-run"),
    path("settings/jobs/replay/", operations.replay, name="background-replay"),
    path("settings/jobs/<uuid:pk>/retry/", operations.retry_job, name="job-retry"),
    path("custom/<str:model>/<int:pk>/", custom.values, name="custom-values"),
    path("offline/", pages.offline, name="offline"),
    path("styleguide/", pages.styleguide, name="styleguide"),
]

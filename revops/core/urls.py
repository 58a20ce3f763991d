from django.urls import URLPattern, path

from revops.core.views import command, health, jobs, pages

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
    path("offline/", pages.offline, name="offline"),
    path("styleguide/", pages.styleguide, name="styleguide"),
]

from django.urls import URLPattern, path

from revops.core.views import command, jobs, pages

app_name = "core"

urlpatterns: list[URLPattern] = [
    path("command/", command.command, name="command"),
    path("jobs/<uuid:pk>/", jobs.job, name="job"),
    path("jobs/<uuid:pk>/cancel/", jobs.cancel_job, name="job-cancel"),
    path("offline/", pages.offline, name="offline"),
    path("styleguide/", pages.styleguide, name="styleguide"),
]

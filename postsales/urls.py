from django.urls import URLPattern, path

from postsales.views import lists, records

urlpatterns: list[URLPattern] = [
    path("support/", lists.CaseList.as_view(), name="case-list"),
    path("support/new/", records.case_new, name="case-new"),
    path("support/<int:pk>/", records.case, name="case-detail"),
    path("support/<int:pk>/edit/", records.case_edit, name="case-edit"),
    path("support/<int:pk>/log/", records.log, name="case-log"),
    path("support/<int:pk>/<slug:key>/", records.act, name="case-act"),
]

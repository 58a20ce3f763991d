"""Addresses of the screens."""

from django.urls import URLPattern, path

from accounts.views import acts, calendar, captured, documents, lists, records

urlpatterns: list[URLPattern] = [
    path("accounts/", lists.AccountList.as_view(), name="account-list"),
    path("accounts/new/", records.account_new, name="account-new"),
    path("accounts/pick/", lists.pick, name="account-pick"),
    path("accounts/<int:pk>/", records.account, name="account-detail"),
    path("accounts/<int:pk>/edit/", records.account_edit, name="account-edit"),
    path("accounts/<int:pk>/log/", acts.log_on_account, name="account-log"),
    path("accounts/<int:pk>/archive/", acts.archive, name="account-archive"),
    path("contacts/", lists.ContactList.as_view(), name="contact-list"),
    path("contacts/to-confirm/", captured.captured, name="captured-list"),
    path("contacts/to-confirm/<int:pk>/confirm/", captured.confirm, name="captured-confirm"),
    path("contacts/to-confirm/<int:pk>/dismiss/", captured.dismiss, name="captured-dismiss"),
    path("contacts/completeness/", captured.complete, name="completeness"),
    path("contacts/new/", records.contact_new, name="contact-new"),
    path("contacts/<int:pk>/", records.contact, name="contact-detail"),
    path("contacts/<int:pk>/edit/", records.contact_edit, name="contact-edit"),
    path("contacts/<int:pk>/log/", acts.log_on_contact, name="contact-log"),
    path("contacts/<int:pk>/archive/", acts.archive_contact, name="contact-archive"),
    path("activities/calendar/", calendar.ActivityCalendar.as_view(), name="activity-calendar"),
    path("activities/", lists.ActivityList.as_view(), name="activity-list"),
    path("activities/<int:pk>/", acts.open_activity, name="activity-open"),
    path("activities/<int:pk>/done/", acts.done, name="activity-done"),
    path("activities/<int:pk>/drop/", acts.drop, name="activity-drop"),
    path("activities/<int:pk>/move/", acts.move, name="activity-move"),
    path("documents/", documents.DocumentList.as_view(), name="document-list"),
    path("documents/new/", documents.document_new, name="document-new"),
    path("documents/<int:pk>/", documents.document, name="document-detail"),
    path("documents/<int:pk>/edit/", documents.document_edit, name="document-edit"),
    path("documents/<int:pk>/renew/", documents.document_renew, name="document-renew"),
    path("documents/<int:pk>/archive/", documents.document_archive, name="document-archive"),
    path("documents/<int:pk>/unlink/", documents.document_unlink, name="document-unlink"),
    path("documents/<int:pk>/versions/<int:number>/", documents.document_download, name="document-download"),
]

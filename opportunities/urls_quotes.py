"""Addresses of quotes and the deal desk."""

from django.urls import URLPattern, path, re_path

from opportunities.views import deal_desk, quote_editor, quotes

urlpatterns: list[URLPattern] = [
    path("quotes/", quotes.QuoteList.as_view(), name="quote-list"),
    path("quotes/<int:pk>/", quotes.detail, name="quote-detail"),
    path("quotes/<int:pk>/edit/", quote_editor.edit, name="quote-edit"),
    path("quotes/<int:pk>/live/", quote_editor.recalculate, name="quote-live"),
    path("quotes/<int:pk>/pdf/", quotes.pdf, name="quote-pdf"),
    re_path(
        r"^quotes/(?P<pk>\d{1,18})/(?P<verb>submit|recall|send|accept|reject|revise)/$", quotes.act, name="quote-act"
    ),
    path("opportunities/<int:deal>/quotes/new/", quote_editor.new, name="quote-new"),
    path("opportunities/<int:deal>/quotes/live/", quote_editor.recalculate_new, name="quote-new-live"),
    path("deal-desk/", deal_desk.inbox, name="deal-desk"),
    re_path(r"^deal-desk/(?P<pk>\d{1,18})/(?P<verb>approve|reject)/$", deal_desk.decide, name="approval-decide"),
]

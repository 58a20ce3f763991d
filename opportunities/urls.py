"""Addresses of the screens."""

from django.urls import URLPattern, path

from opportunities import urls_quotes
from opportunities.views import acts, board, calendar, campaigns, conversion, lists, needs, records

urlpatterns: list[URLPattern] = [
    path("opportunities/", board.OpportunityBoard.as_view(), name="opportunity-board"),
    path("opportunities/lanes/<slug:key>/", board.lane_more, name="opportunity-lane"),
    path("opportunities/list/", lists.OpportunityList.as_view(), name="opportunity-list"),
    path("opportunities/calendar/", calendar.OpportunityCalendar.as_view(), name="opportunity-calendar"),
    path("opportunities/new/", records.new, name="opportunity-new"),
    path("opportunities/accounts/", lists.accounts, name="opportunity-accounts"),
    path("opportunities/<int:pk>/", records.detail, name="opportunity-detail"),
    path("opportunities/<int:pk>/edit/", records.edit, name="opportunity-edit"),
    path("opportunities/<int:pk>/move/", board.move, name="opportunity-move"),
    path("opportunities/<int:pk>/log/", acts.log, name="opportunity-log"),
    path("opportunities/<int:pk>/splits/", acts.splits, name="opportunity-splits"),
    path("opportunities/<int:pk>/category/", acts.category, name="opportunity-category"),
    path("opportunities/<int:pk>/archive/", acts.archive, name="opportunity-archive"),
    path("opportunities/<int:pk>/reopen/", acts.reopen, name="opportunity-reopen"),
    path("needs/", needs.NeedList.as_view(), name="need-list"),
    path("needs/<int:pk>/edit/", needs.edit, name="need-edit"),
    path("needs/<int:pk>/remove/", needs.remove, name="need-remove"),
    path("needs-analyses/<int:pk>/<slug:verb>/", needs.settle, name="needs-settle"),
    path("leads/<int:pk>/needs/", needs.of_lead, name="lead-needs"),
    path("opportunities/<int:pk>/needs/", needs.of_opportunity, name="opportunity-needs"),
    path("handoffs/<int:pk>/accept/", conversion.accept, name="handoff-accept"),
    path("leads/<int:pk>/convert/", conversion.convert, name="lead-convert"),
    path("campaigns/<int:pk>/earned/", campaigns.of_campaign, name="campaign-earned"),
    path("leads/partners/<int:pk>/earned/", campaigns.of_partner, name="promotion-partner-earned"),
    *urls_quotes.urlpatterns,
]

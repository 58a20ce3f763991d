"""Addresses of the screens."""

from django.urls import URLPattern, path

from leads.views import acts, duplicates, enrichment, handoffs, lists, markets, records

urlpatterns: list[URLPattern] = [
    path("leads/", lists.LeadList.as_view(), name="lead-list"),
    path("leads/new/", records.new, name="lead-new"),
    path("leads/funnel/", acts.funnel, name="lead-funnel"),
    path("leads/target-markets/", markets.MarketList.as_view(), name="target-market-list"),
    path("leads/target-markets/new/", markets.new, name="target-market-new"),
    path("leads/target-markets/preview/", markets.show_preview, name="target-market-preview"),
    path("leads/target-markets/<int:pk>/", markets.detail, name="target-market"),
    path("leads/target-markets/<int:pk>/edit/", markets.edit, name="target-market-edit"),
    path("leads/target-markets/<int:pk>/<slug:verb>/", markets.act, name="target-market-verb"),
    path("leads/settings/enrichment/", enrichment.settings_page, name="enrichment-settings"),
    path("leads/settings/enrichment/new/", enrichment.new_provider, name="enrichment-provider-new"),
    path("leads/settings/enrichment/<int:pk>/", enrichment.edit_provider, name="enrichment-provider-edit"),
    path("leads/<int:pk>/finances/", enrichment.finances, name="lead-finances"),
    path("leads/<int:pk>/enrich/", enrichment.enrich, name="lead-enrich"),
    path("leads/<int:pk>/markets/", markets.of_lead, name="lead-markets"),
    path("leads/<int:pk>/", records.detail, name="lead-detail"),
    path("leads/<int:pk>/edit/", records.edit, name="lead-edit"),
    path("leads/duplicates/", duplicates.queue, name="duplicate-queue"),
    path("leads/duplicates/scan/", duplicates.scan, name="duplicate-scan"),
    path("leads/duplicates/<int:pk>/<slug:verb>/", duplicates.decide, name="duplicate-decide"),
    path("leads/<int:pk>/merge/<int:other>/", duplicates.lead_merge, name="lead-merge"),
    path("leads/<int:pk>/not-the-same/<int:other>/", duplicates.not_the_same, name="lead-not-the-same"),
    path("leads/<int:pk>/answers/", acts.answers, name="lead-answers"),
    path("leads/<int:pk>/package/", acts.package, name="lead-package"),
    path("leads/<int:pk>/qualify/", acts.qualify, name="lead-qualify"),
    path("leads/<int:pk>/disqualify/", acts.disqualify, name="lead-disqualify"),
    path("leads/<int:pk>/assign/", acts.assign, name="lead-assign"),
    path("leads/<int:pk>/route/", acts.route, name="lead-route"),
    path("leads/<int:pk>/log/", acts.log, name="lead-log"),
    path("leads/<int:pk>/handoff/", handoffs.submit, name="lead-handoff"),
    path("leads/<int:pk>/move/<slug:verb>/", acts.move, name="lead-move"),
    path("handoffs/inbox/", handoffs.inbox, name="handoff-inbox"),
    path("handoffs/<int:pk>/reject/", handoffs.reject, name="handoff-reject"),
    path("handoffs/<int:pk>/withdraw/", handoffs.withdraw, name="handoff-withdraw"),
]

from django.apps import AppConfig

from revops.users import roles


class LeadsConfig(AppConfig):
    name = "leads"
    label = "leads"
    verbose_name = "Leads"

    def ready(self) -> None:
        from accounts.events import ActivityCompleted  # noqa: PLC0415
        from leads import (  # noqa: PLC0415
            events,
            growth,
            handlers,
            holdings,
            merges,
            notices,
            panels,
            prospecting,
            search,
            webhooks,
        )
        from leads import jobs as leads_jobs  # noqa: PLC0415
        from leads.homes import register_homes  # noqa: PLC0415
        from leads.imports import IMPORTERS  # noqa: PLC0415
        from leads.registries import handoff_sections  # noqa: PLC0415
        from leads.selectors.handoffs import handed_lead_ids  # noqa: PLC0415
        from leads.selectors.sections import SECTIONS  # noqa: PLC0415
        from leads.services import markets  # noqa: PLC0415
        from revops.core import jobs, outbox  # noqa: PLC0415
        from revops.core.registries import ScopeSource, scope_sources  # noqa: PLC0415
        from revops.integrations.registries import importers  # noqa: PLC0415

        for importer in IMPORTERS:
            importers.register(importer)
        outbox.subscribe(events.LeadCreated, handlers.route_new_lead)
        outbox.subscribe(events.LeadAnswered, handlers.score_answered_lead)
        outbox.subscribe(ActivityCompleted, handlers.engage_lead)
        outbox.subscribe(events.ScoringChanged, handlers.score_all_leads)
        outbox.subscribe(events.MailWritten, handlers.send_written_mail)
        jobs.register(
            markets.KIND,
            jobs.JobKind(
                step=markets.step_recompute_fit, finish=markets.finish_recompute_fit, queue="leads", keeps=True
            ),
        )
        for section in SECTIONS:
            handoff_sections.register(section)
        scope_sources.register(ScopeSource("leads.handed", "leads.lead", handed_lead_ids))
        register_homes()
        for part in (leads_jobs, holdings, merges, notices, panels, webhooks, search, growth, prospecting):
            part.register()
        self._grant()

    def _grant(self) -> None:
        sdr, rep, manager, admin = roles.SDR, roles.SALES_REP, roles.SALES_MANAGER, roles.REVOPS_ADMIN
        everybody = (sdr, rep, manager, admin, roles.SALES_ENGINEER, roles.EXECUTIVE, roles.SUPPORT)
        roles.grant_all(everybody, "leads.view_lead", "leads.view_handoff", "leads.view_scorecard")
        workers = (sdr, rep, manager, admin)
        roles.grant_all(
            workers,
            "leads.add_lead",
            "leads.change_lead",
            "leads.qualify_lead",
            "leads.allow_duplicate",
            "leads.merge_lead",
            "leads.submit_handoff",
        )
        roles.grant_all((rep, manager), "leads.decide_handoff")
        roles.grant_all((manager, admin), "leads.view_scoringmodel", "leads.view_rulecard", "leads.view_fitrule")
        roles.grant_all((manager, admin), "leads.view_engagementrule", "leads.view_scoregroup")
        roles.grant_all((sdr, manager, admin), "leads.assign_lead", "leads.route_lead")
        roles.grant(roles.SUPPORT, "leads.add_lead")
        roles.grant(
            admin,
            *roles.manage("leads", "engagementrule", "scoregroup", "rulecard"),
            "leads.publish_scoringmodel",
            *roles.manage("leads", "scorecard", "fitrule", "disqualifyreason", "leadqueue", "namedaccount"),
            *roles.manage("leads", "routingpool", "routingrule"),
            *roles.manage("leads", "poolmember", delete=True),
            "leads.view_assignment",
            "leads.view_cultivationplan",
            "leads.view_funnelsnapshot",
        )
        roles.grant_all(everybody, "leads.view_targetmarket")
        roles.grant_all((manager, admin), *roles.manage("leads", "targetmarket"))
        roles.grant(admin, *roles.manage("leads", "enrichmentprovider"), "leads.view_enrichmentrun")
        knowledge = ("competitor", "marketfact", "datasource")
        roles.grant_all(everybody, "leads.view_dataqualityissue", *(f"leads.view_{one}" for one in knowledge))
        roles.grant_all(workers, *roles.manage("leads", "competitor", "marketfact"))
        roles.grant_all((manager, admin), *roles.manage("leads", "datasource", "researchpartner"))
        roles.grant_all((sdr, roles.FINANCE, roles.EXECUTIVE), "leads.view_researchpartner")
        roles.grant(admin, "leads.scan_quality")

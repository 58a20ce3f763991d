"""Every write of this room."""

from leads.services.activities import log_lead_activity, log_lead_touch, plan_lead_activity
from leads.services.archive import archive_lead, restore_lead
from leads.services.campaign_rollup import rollup_campaign
from leads.services.campaigns import (
    add_campaign_task,
    add_members,
    analyse_campaign,
    create_campaign,
    end_campaign,
    finish_campaign_task,
    launch_campaign,
    move_member,
    note_touch,
    update_campaign,
)
from leads.services.cards import renew_card, restore_card, set_bands
from leads.services.costs import record_cost
from leads.services.cultivation import change_cultivation, cultivate_lead, remind_of_lead
from leads.services.duplicates import dismiss_pair, dismiss_records, postpone_pair, reopen_pair, start_scan
from leads.services.engagement import engage_new_leads, score_engagement
from leads.services.enrichment import (
    ask_enrichment,
    claim_enrichment,
    create_provider,
    set_financials,
    settle_enrichment,
    update_provider,
)
from leads.services.enrolling import (
    enroll,
    inherit_policy,
    pause_enrollment,
    resume_enrollment,
    set_policy,
    stop_enrollment,
    stop_person,
)
from leads.services.funnel import snapshot_funnel
from leads.services.handoffs import escalate_handoff, reject_handoff, settle_accepted_handoff, submit_handoff
from leads.services.imports import import_leads, undo_leads
from leads.services.intake import create_form, receive_form, update_form
from leads.services.leads import create_lead, update_lead
from leads.services.learning import (
    publish_model,
    retire_model,
    revert_model,
    set_learning,
    start_training,
)
from leads.services.learning_drift import watch_drift
from leads.services.leaving import (
    hand_over_campaigns,
    hand_over_enrollments,
    hand_over_leads,
    hand_over_partners,
    hand_over_queues,
    hand_over_research,
    hand_over_sequences,
    return_handoffs,
)
from leads.services.markets import (
    activate_market,
    create_market,
    delete_market_draft,
    fit_to_markets,
    note_signal,
    refresh_fits,
    retire_market,
    revise_market,
    update_market,
)
from leads.services.member_imports import import_members, undo_members
from leads.services.merging import merge_leads, refuse_on_its_way, score_again, take_leads_apart
from leads.services.named import change_named_account, hand_over_named_accounts, name_account
from leads.services.partners import receive_delivery
from leads.services.promotion import (
    add_partner_contact,
    approve_registration,
    close_partner_view,
    convert_registration,
    create_partner,
    expire_registrations,
    open_partner_view,
    register_deal,
    reject_registration,
    update_partner,
)
from leads.services.propensity import score_new_leads, score_propensity, start_propensities
from leads.services.quality import scan_quality
from leads.services.receiving import mark_read, opt_out, receive_mail
from leads.services.research import add_finding, expire_findings, open_brief, update_brief
from leads.services.routing import assign_lead, return_lead, route_lead, watch_first_answer
from leads.services.scoring import answer_criteria, score_fit, score_leads, score_qualification
from leads.services.sending import (
    claim_mails,
    doubt_mail,
    forget_claims,
    hand_mail,
    postpone_mail,
    refuse_mail,
    settle_mail,
)
from leads.services.sequences import (
    activate_sequence,
    archive_sequence,
    create_sequence,
    pause_sequence,
    set_steps,
    update_sequence,
)
from leads.services.settings import create_scorecard, create_setting, edit_setting, set_members
from leads.services.states import disqualify_lead, nurture_lead, qualify_lead, reopen_lead, restore_state, start_working
from leads.services.stepping import run_due_steps
from leads.services.templates import archive_template, create_template, update_template
from leads.services.upserts import upsert_lead
from leads.services.withdrawals import expire_handoff, withdraw_handoff
from leads.services.writing import send_again, write_mail

__all__ = [
    "hand_over_enrollments",
    "hand_over_sequences",
    "inherit_policy",
    "mark_read",
    "opt_out",
    "receive_mail",
    "enroll",
    "pause_enrollment",
    "resume_enrollment",
    "set_policy",
    "stop_enrollment",
    "stop_person",
    "claim_mails",
    "doubt_mail",
    "forget_claims",
    "hand_mail",
    "postpone_mail",
    "refuse_mail",
    "send_again",
    "write_mail",
    "settle_mail",
    "activate_sequence",
    "archive_sequence",
    "create_sequence",
    "pause_sequence",
    "set_steps",
    "update_sequence",
    "run_due_steps",
    "archive_template",
    "create_template",
    "update_template",
    "receive_delivery",
    "scan_quality",
    "change_cultivation",
    "cultivate_lead",
    "remind_of_lead",
    "snapshot_funnel",
    "dismiss_pair",
    "dismiss_records",
    "postpone_pair",
    "reopen_pair",
    "start_scan",
    "add_campaign_task",
    "import_members",
    "undo_members",
    "add_members",
    "add_partner_contact",
    "analyse_campaign",
    "approve_registration",
    "close_partner_view",
    "convert_registration",
    "create_campaign",
    "create_form",
    "create_partner",
    "end_campaign",
    "expire_registrations",
    "finish_campaign_task",
    "hand_over_campaigns",
    "hand_over_partners",
    "launch_campaign",
    "move_member",
    "note_touch",
    "open_partner_view",
    "receive_form",
    "record_cost",
    "register_deal",
    "reject_registration",
    "rollup_campaign",
    "update_campaign",
    "update_form",
    "update_partner",
    "merge_leads",
    "refuse_on_its_way",
    "score_again",
    "take_leads_apart",
    "renew_card",
    "restore_card",
    "set_bands",
    "engage_new_leads",
    "score_engagement",
    "publish_model",
    "retire_model",
    "revert_model",
    "set_learning",
    "start_training",
    "watch_drift",
    "score_new_leads",
    "score_propensity",
    "start_propensities",
    "add_finding",
    "expire_findings",
    "open_brief",
    "update_brief",
    "ask_enrichment",
    "claim_enrichment",
    "create_provider",
    "set_financials",
    "settle_enrichment",
    "update_provider",
    "activate_market",
    "create_market",
    "delete_market_draft",
    "fit_to_markets",
    "note_signal",
    "refresh_fits",
    "retire_market",
    "revise_market",
    "update_market",
    "upsert_lead",
    "restore_lead",
    "archive_lead",
    "answer_criteria",
    "assign_lead",
    "create_lead",
    "create_scorecard",
    "create_setting",
    "disqualify_lead",
    "edit_setting",
    "escalate_handoff",
    "expire_handoff",
    "hand_over_leads",
    "hand_over_queues",
    "hand_over_research",
    "return_handoffs",
    "import_leads",
    "log_lead_activity",
    "log_lead_touch",
    "nurture_lead",
    "plan_lead_activity",
    "qualify_lead",
    "reject_handoff",
    "reopen_lead",
    "restore_state",
    "return_lead",
    "route_lead",
    "score_fit",
    "score_leads",
    "score_qualification",
    "set_members",
    "settle_accepted_handoff",
    "start_working",
    "submit_handoff",
    "undo_leads",
    "update_lead",
    "watch_first_answer",
    "change_named_account",
    "hand_over_named_accounts",
    "name_account",
    "withdraw_handoff",
]

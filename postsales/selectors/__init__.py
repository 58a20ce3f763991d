"""Cases as screens and the API show them, and their clocks."""

from postsales.selectors.cases import breached_cases, case_list, case_record, timeline, wanting_somebody
from postsales.selectors.clocks import CaseClocks, Clock, ClockBook

__all__ = [
    "CaseClocks",
    "Clock",
    "ClockBook",
    "breached_cases",
    "case_list",
    "case_record",
    "timeline",
    "wanting_somebody",
]

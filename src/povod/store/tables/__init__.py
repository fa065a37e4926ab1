"""Every table of the house, one module per area, one `metadata`."""

from povod.store.tables.base import metadata
from povod.store.tables.book import (
    companies,
    company_blocks,
    company_domains,
    company_facts,
    company_merges,
    company_pages,
    contacts,
    dedup_pairs,
    domain_rules,
    inn_cache,
)
from povod.store.tables.delivery import (
    consents,
    deliveries,
    inbound_mail,
    mailboxes,
    mx_cache,
    opt_out_registry,
    outreach_messages,
    policy_rules,
    templates,
)
from povod.store.tables.engine import files, job_events, processing_jobs, quotas, schedules
from povod.store.tables.greetings import clients, feedback
from povod.store.tables.house import api_tokens, audit_log, settings, users
from povod.store.tables.leads import (
    model_answers,
    niches,
    offers,
    search_batch_logs,
    serp_operations,
    serp_queries,
    serp_results,
)

__all__ = [
    "api_tokens",
    "audit_log",
    "clients",
    "companies",
    "company_blocks",
    "company_domains",
    "company_facts",
    "company_merges",
    "company_pages",
    "consents",
    "contacts",
    "dedup_pairs",
    "deliveries",
    "domain_rules",
    "feedback",
    "files",
    "inbound_mail",
    "inn_cache",
    "job_events",
    "mailboxes",
    "metadata",
    "model_answers",
    "mx_cache",
    "niches",
    "offers",
    "opt_out_registry",
    "outreach_messages",
    "policy_rules",
    "processing_jobs",
    "quotas",
    "schedules",
    "search_batch_logs",
    "serp_operations",
    "serp_queries",
    "serp_results",
    "settings",
    "templates",
    "users",
]

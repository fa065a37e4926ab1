"""Codes that the pages of sites say in words."""

from povod.crawl.extract.product_model import FIELDS
from povod.crawl.fetch.failures import FailureClass
from povod.crawl.proxies.model import PROXY_TIERS
from povod.sites.exports.write import DIALECTS, LAYOUTS
from povod.sites.finish.fields import PAGE_FIELDS
from povod.sites.verdict import LIMITS
from povod.store.tables.greetings import EVENT_TYPES
from povod.store.tables.sites import CHANGE_TYPES, EXPORT_TYPES, JOB_STATES, OUTCOMES
from povod.web.sites_pages.actions import Action
from povod.web.sites_pages.products import SHOWN_FIELDS
from povod.web.sites_pages.products import STATES as PRODUCT_STATES

_NOT_SHOWN = {"breadcrumbs", "description_hash"}
_ENDED = {"mask", "robots_unreachable", "host_unavailable", "cancelled"}
_LIMITS = "max_urls max_concurrency traffic_budget_mb residential_limit_mb url_timeout_s"
_FLAGS = "allow_residential enable_firecrawl firecrawl_key_set only_uploaded keep_html"
_REFUSED = "file_too_large unsupported_type unreadable_file too_many_urls invalid_option invalid"
_WRONG = "no_source many_sources off_domain no_urls rights_not_confirmed job_active url_blocked"

CODES: dict[str, set[str]] = {
    "job": set(JOB_STATES),
    "phase": {"input", "crawl", "finalize"},
    "stop": {*LIMITS, "coverage", "input_incomplete", "diff_held"},
    "pause": {"user", "budget", "hours"},
    "do": set(Action.__args__),
    "outcome": set(OUTCOMES),
    "change": set(CHANGE_TYPES),
    "diff": {"none", "ready", "held", "accepted", "rejected"},
    "why": {"gone", "absent", "variant_gone", "not_product"},
    "how": {"ui", "api", "cli", "schedule"},
    "input": {"sitemap_url", "sitemap_file", "list", "discover"},
    "export": set(EXPORT_TYPES),
    "layout": set(LAYOUTS),
    "dialect": set(DIALECTS),
    "tier": {"direct", *PROXY_TIERS},
    "breaker": {"closed", "open", "half_open"},
    "proxy": {"active", "resting", "degraded", "burned"},
    "product": set(PRODUCT_STATES),
    "availability": {"in_stock", "out_of_stock", "preorder"},
    "event": {"state", "page", "budget", "breaker", "log", "complete", "error"},
    "severity": {"error", "warning", "notice"},
    "sort": {"priority", "lastmod", "file"},
    "proxies": {"auto", "none", "list"},
    "occasion": set(EVENT_TYPES),
    "option": {*_LIMITS.split(), *_FLAGS.split(), "deadline_min", "min_coverage"}
    | {"include", "exclude"},
    "rejected": {"duplicate", "off_domain", "over_max", "bad_url", "too_long", "mask"},
    "problem": {*_WRONG.split(), *_REFUSED.split(), "map_unreachable", "residential_forbidden"}
    | {"rate_limited", "malformed", "not_found"},
    "field": ({*FIELDS} - _NOT_SHOWN) | {*PAGE_FIELDS, *SHOWN_FIELDS, "in_stock", "value"},
    "layer": {"json_ld", "microdata", "opengraph", "generic", "breadcrumbs", "selector"},
    "alike": {"inn", "domain", "mail_domain", "email", "phone", "address", "name_city"},
    "apart": {"different_domains", "different_mail", "different_address", "phone_conflict"}
    | {"unlike_names", "common_name", "crowded"},
    "fault": {failure.value for failure in FailureClass} | _ENDED,
}

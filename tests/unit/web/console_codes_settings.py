"""Codes that the pages of budgets and webhooks say in words."""

from povod.crawl.budgets import PLAIN, RESIDENTIAL
from povod.sites.budgets import LIMITS
from povod.sites.hook_bodies import EVENTS, FORMATS

CODES: dict[str, set[str]] = {
    "hook": set(EVENTS),
    "hook_format": set(FORMATS),
    "budget": set(LIMITS),
    "budget_scope": {"all", "site", "month", "provider"},
    "traffic": {PLAIN, RESIDENTIAL},
}

"""The frontier: addresses of jobs on disk, leased to any number of workers (S45-S50)."""

from povod.crawl.frontier.model import Counts, JobPlan, NewUrl, Settled, Ticket, Turn, Wish
from povod.crawl.frontier.turns import renew, take_turn
from povod.crawl.frontier.urls import add_urls, count_urls, end_pending, expire_leases

__all__ = [
    "Counts",
    "JobPlan",
    "NewUrl",
    "Settled",
    "Ticket",
    "Turn",
    "Wish",
    "add_urls",
    "count_urls",
    "end_pending",
    "expire_leases",
    "renew",
    "take_turn",
]

"""Every table of the house: what it keeps about persons, and what of it tells of nobody."""

from povod.app.person.holds_none import OF_SITES, OF_THE_HOUSE
from povod.book import personal as book
from povod.delivery import personal as delivery
from povod.greetings import personal as greetings
from povod.leads import personal as leads
from povod.store import tables
from povod.store.personal import Holding

AUDIT = Holding(
    tables.audit_log,
    lambda person: tables.audit_log.c.subject.in_(person.subjects),
    blank={"data": {}},
    keeps=("actor", "action", "subject", "previous_hash", "hash"),
)
"""Emptied by `store.audit.erase`, which keeps the chain whole."""

HOLDINGS = (*book.HOLDINGS, *delivery.HOLDINGS, *greetings.HOLDINGS, *leads.HOLDINGS)

HOLDS_NONE = {
    **OF_THE_HOUSE,
    **OF_SITES,
    **book.HOLDS_NONE,
    **greetings.HOLDS_NONE,
    **leads.HOLDS_NONE,
}

"""Codes that the page of a person's data says in words."""

from povod.app.person.holdings import AUDIT, HOLDINGS

CODES: dict[str, set[str]] = {"kept": {holding.table.name for holding in (*HOLDINGS, AUDIT)}}

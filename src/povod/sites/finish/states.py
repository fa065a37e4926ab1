"""From rows of `pages` to what a snapshot keeps: the page, and each of its variants."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from povod.kit.text import collapse
from povod.sites.documents import decoded
from povod.sites.finish.fields import PAGE_FIELDS, State

VARIANTS_UNAVAILABLE = "variants_unavailable"


@dataclass(frozen=True)
class Seen:
    """What this job saw of one address. `page` is None unless the outcome is `ok`."""

    url: str
    url_key: str
    outcome: str
    at: datetime
    page: State | None = None
    variants: Mapping[str, State] = field(default_factory=dict)
    variants_known: bool = True
    """False: the page was cut, or the call for its variants failed (S69, S97)."""
    truncated: bool = False
    etag: str = ""
    last_modified: str = ""
    reason: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether all that the page says was seen."""
        return self.variants_known and not self.truncated

    def proves(self, name: str) -> bool:
        """Whether an empty field of this page means that the page has none (S105)."""
        if self.page is None:
            return False
        return not self.truncated or PAGE_FIELDS[name].read(self.page) not in (None, "")


def seen_of(row: Any) -> Seen:
    """A row as `reading` asks for it; without a page nothing was seen."""
    outcome = row.outcome or "skipped"
    if outcome != "ok" or not row.has_page:
        return Seen(row.url, row.url_key, outcome, row.at, reason=row.reason)
    page = page_state(row)
    full, warnings = page["full"] or {}, page["warnings"]
    variants_known = not row.truncated and VARIANTS_UNAVAILABLE not in warnings
    found = {v["variant_key"]: v for v in full.get("variants") or () if v.get("variant_key")}
    return Seen(
        url=row.url,
        url_key=row.url_key,
        outcome=outcome,
        at=row.at,
        page=page,
        variants={key: variant_state(data, row.title) for key, data in found.items()},
        variants_known=variants_known or bool(found),
        truncated=row.truncated,
        etag=row.etag,
        last_modified=row.last_modified,
    )


def page_state(row: Any) -> dict[str, Any]:
    """What a snapshot keeps of a page: enough to compare it and to export it after a 304."""
    full = decoded(row.full)
    state = {
        "page_kind": row.page_kind,
        "title": row.title,
        "h1": row.h1,
        "text_hash": row.text_hash,
        "text_len": row.text_len,
        "final_url": row.final_url,
        "http_status": row.http_status,
        "full": full,
        "seo": decoded(row.seo),
        "warnings": decoded(row.warnings) or [],
    }
    if full and full.get("second_request"):
        state["second_request"] = True
    return state


def variant_state(data: Mapping[str, Any], title: str) -> dict[str, Any]:
    """What a snapshot keeps of a variant."""
    return {**data, "title": collapse(title)}


def state_hash(state: State) -> str:
    """Tells at a glance whether anything of a state differs."""
    return hashlib.sha256(orjson.dumps(state, option=orjson.OPT_SORT_KEYS)).hexdigest()

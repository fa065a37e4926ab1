"""What an operator has set for one site, as far as extraction uses it (S81a)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CONFIDENCE_FLOOR = 0.7
"""Below this the guess of the shop's engine is not acted upon (S95)."""


@dataclass(frozen=True, slots=True)
class SiteProfile:
    """Names as in `site_profiles.data`.

    `selectors` gives CSS per field, `parsing` is `{type, root, fields{}}` of the adapter
    `json_api`, `product_patterns` are globs over path and query of product pages, or `re:` and an
    expression.
    """

    cms: str | None = None
    confidence_floor: float = CONFIDENCE_FLOOR
    selectors: Mapping[str, str] = field(default_factory=dict)
    product_patterns: tuple[str, ...] = ()
    currency: str | None = None
    parsing: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> "SiteProfile":
        """The profile in stored data; keys of other parts are passed over."""
        return cls(
            cms=data.get("cms") or None,
            confidence_floor=float(data.get("confidence_floor", CONFIDENCE_FLOOR)),
            selectors=dict(data.get("selectors") or {}),
            product_patterns=tuple(data.get("product_patterns") or ()),
            currency=data.get("currency") or None,
            parsing=dict(data.get("parsing") or {}),
        )


NO_PROFILE = SiteProfile()
"""No profile is needed to run a job."""

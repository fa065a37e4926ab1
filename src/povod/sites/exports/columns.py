"""The columns of every file, in order (S117-S120). A change of any raises `REPORTS_VERSION`."""

REPORTS_VERSION = "1.0.0"

_FULL_HEAD = ("url", "final_url", "http_status", "fetched_at", "title", "h1", "price")
_FULL_TAIL = (
    *("currency", "availability", "sku", "brand", "category", "breadcrumbs", "images"),
    *("attrs_json", "text_hash"),
)
_VARIANT = (
    *("variation_id", "variation_sku", "variation_type", "variation_value", "variation_price"),
    *("variation_stock", "variation_in_stock", "variation_attributes"),
)
_SEO = (
    *("url", "fetched_at", "title", "meta_description", "h1", "og_title", "og_description"),
    *("og_image", "twitter_title", "twitter_description", "canonical", "robots", "hreflang"),
    "images_alt_joined",
)
_DIFF = (
    *("url", "prev_crawl_at", "curr_crawl_at", "change_type", "fields_changed", "price_prev"),
    *("price_curr", "availability_prev", "availability_curr", "title_prev", "title_curr"),
)
_ONLY_STANDARD = {
    "diff_fields": (
        *("url", "variation_id", "change_type", "field", "old_value", "new_value"),
        *("timestamp_prev", "timestamp_curr"),
    ),
    "errors": (
        *("url", "outcome", "reason", "error_class", "http_status", "fetcher", "tier"),
        *("attempts", "message", "last_at"),
    ),
    "issues": ("url", "code", "severity", "message", "evidence"),
}

COLUMNS: dict[tuple[str, str], tuple[str, ...]] = {
    ("full", "standard"): (*_FULL_HEAD, "stock", "stock_value", *_FULL_TAIL, *_VARIANT),
    ("full", "compact"): (*_FULL_HEAD, *_FULL_TAIL),
    ("seo", "standard"): (*_SEO, "meta_keywords", "last_modified"),
    ("seo", "compact"): _SEO,
    ("diff", "standard"): (*_DIFF, "variation_id", "stock_prev", "stock_curr", "reason"),
    ("diff", "compact"): _DIFF,
    **{(kind, layout): columns for kind, columns in _ONLY_STANDARD.items()
       for layout in ("standard", "compact")},
}  # fmt: skip
"""By type and layout; the compact one is the layout that was first asked for."""

TYPES = tuple(dict.fromkeys(kind for kind, _ in COLUMNS))
NOTHING_CHANGED = "No changes detected"

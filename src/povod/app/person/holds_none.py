"""Columns of text that tell of no recipient: the house's own tables, and those of watched sites.

Whoever adds a column of text puts it here, or into the list of what a room keeps about a person; a
test holds that.
"""

from povod.store import tables

OF_THE_HOUSE = {
    # People who work here: they leave by `povod users`.
    tables.users: ("login_key", "login", "name", "password_hash", "language", "theme"),
    # Keys of people who work here.
    tables.api_tokens: ("name", "token_hash"),
    # Settings of the house.
    tables.settings: ("id", "value"),
    # Texts before anybody's name stands in them.
    tables.templates: ("kind", "name", "language", "data", "created_by"),
    # Our own addresses.
    tables.mailboxes: (
        *("name", "from_email", "from_name", "reply_to", "host", "username"),
        *("secret_ref", "imap_host", "imap_folder_inbox", "imap_folder_sent"),
        *("bounce_domain", "zone", "pause_reason", "last_error"),
    ),
    # Rules about kinds of addresses.
    tables.policy_rules: (
        "jurisdiction",
        "purpose",
        "basis",
        "address_class",
        "note",
        "changed_by",
    ),
    # Mail servers of domains.
    tables.mx_cache: ("id", "records"),
    # Domains.
    tables.domain_rules: ("domain", "note"),
    # Ids of rows; errors are masked.
    tables.processing_jobs: (
        *("queue", "kind", "args", "window", "dedup_key", "owner", "checkpoint"),
        *("result", "error"),
    ),
    # Ids, counts and domains.
    tables.job_events: ("topic", "kind", "data"),
    # When work is due.
    tables.schedules: ("name", "queue", "kind", "args", "cron", "window", "zone"),
    # Counters; people by their hash only.
    tables.quotas: ("key", "holder"),
    # Bytes that rows of other tables name: they go with those.
    tables.files: ("id", "media_type", "content_encoding", "body"),
}

OF_SITES = {
    tables.jobs: (
        *("domain", "label", "profile", "options", "input_ref", "input_report"),
        *("error_message", "stop_reason", "pause_reason", "checkpoint", "warnings"),
        *("policies_version", "reports_version", "idempotency_key", "idempotency_hash"),
        *("bulk_id", "schedule_id", "created_by", "rights_by"),
    ),
    tables.job_secrets: ("name", "sealed"),
    tables.job_urls: (
        *("url", "url_key", "host", "reason", "fetcher", "tier", "step_log"),
        *("error_class", "lease_token"),
    ),
    tables.pages: (
        *("url", "url_key", "final_url", "title", "h1", "content_hash", "text_hash"),
        *("data_full", "data_seo", "error_class", "error_message", "strategy_used"),
        *("proxy_used", "charset", "etag", "last_modified", "duplicate_of_url"),
        *("html_path", "extractor_version", "warnings"),
    ),
    tables.snapshots: (
        *("domain", "url", "url_key", "variant_key", "last_hash", "last_data", "etag"),
        *("last_modified",),
    ),
    tables.snapshot_versions: ("fields_changed", "data", "hash", "prev_data", "reason"),
    tables.exports: ("path", "sha256", "reports_version", "created_by"),
    tables.metrics: ("name", "labels"),
    tables.proxies: ("host", "username", "password_sealed", "provider", "tags"),
    tables.site_profiles: ("domain", "profile", "data", "updated_by"),
    tables.crawl_hosts: (
        *("host", "tier", "robots", "blocked_reason", "breaker_counts", "hint"),
        *("residential", "latencies", "cookies_sealed"),
    ),
    tables.budget_counters: ("scope_key", "period"),
    tables.webhooks: ("url", "secret_sealed", "events", "last_error", "created_by"),
}
"""Products and pages of watched shops, and how they are fetched."""

"""Settings of the leads job: search service, sheet, enrichment, letters and their model."""

from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from povod.kit.settings.types import CommaList, Limit, Limits, Span, SpanField

_QUOTA = [Limit(10, 1), Limit(600, 60), Limit(35_000, 3600)]
_EXAMPLE_LIMITS = ["10/1s,600/60s,35000/3600s"]


class YandexSettings(BaseModel):
    """The deferred search service (spec page yandex-search-api)."""

    yandex_search_url: str = Field(
        "https://searchapi.api.cloud.yandex.net", description="search service"
    )
    yandex_operation_url: str = Field(
        "https://operation.api.cloud.yandex.net", description="operation service"
    )
    yandex_iam_url: str = Field("https://iam.api.cloud.yandex.net", description="token exchange")
    yandex_iam_audience: str = Field(
        "https://iam.api.cloud.yandex.net/iam/v1/tokens", description="audience claim of the JWT"
    )
    yandex_cloud_folder_id: str = Field(
        "",
        max_length=50,
        description="folder id: cloud console, overview page",
        examples=["b1gvmob95yysaplct532"],
    )
    yandex_cloud_api_key: SecretStr | None = Field(
        None, description="API key of a service account with scope yc.search-api.execute"
    )
    yandex_cloud_sa_key_file: Path | None = Field(
        None, description="authorized key of a service account (JSON file)"
    )
    yandex_cloud_sa_key_json: SecretStr | None = Field(
        None, description="the same key as JSON text"
    )
    yandex_cloud_iam_token: SecretStr | None = Field(
        None, description="static IAM token, lives 12 hours at most: last resort"
    )
    yandex_auth: Literal["auto", "api_key", "sa_key", "iam_token"] = Field(
        "auto", description="which credential is used; auto = first one present"
    )
    yandex_http_timeout_seconds: float = Field(30, gt=0, le=300, description="per request")
    yandex_http_proxy: str = Field("", description="proxy of the search client only")
    yandex_iam_max_age_seconds: int = Field(3600, ge=60, description="renew a token this often")
    yandex_first_poll_seconds: int = Field(300, ge=0, description="never poll earlier than this")
    yandex_search_type: Literal["RU", "TR", "COM", "KK", "BE", "UZ"] = Field(
        "RU", description="search type"
    )
    yandex_family_mode: Literal["NONE", "MODERATE", "STRICT"] = Field(
        "MODERATE", description="filter of adult pages"
    )
    yandex_fix_typo: Literal["ON", "OFF"] = Field("ON", description="correct misspelt queries")
    yandex_l10n: str = Field("RU", description="language of the reply")
    yandex_groups_on_page: int = Field(100, ge=1, le=100, description="sites per reply")
    yandex_docs_in_group: int = Field(1, ge=1, le=3, description="pages per site")
    yandex_max_passages: int = Field(3, ge=1, le=5, description="snippets per page")
    yandex_max_results: int = Field(250, ge=1, le=1000, description="results asked per query")
    yandex_pages_per_query: int = Field(1, ge=1, le=3, description="reply pages per query")
    yandex_user_agent: str = Field("", max_length=300, description="userAgent field, if any")
    yandex_create_limits: Limits = Field(
        _QUOTA, description="quota of creates", examples=_EXAMPLE_LIMITS
    )
    yandex_poll_limits: Limits = Field(
        _QUOTA, description="quota of reads", examples=_EXAMPLE_LIMITS
    )
    yandex_enforce_night_window: bool = Field(
        True, description="send queries only at the night tariff (00:00-07:59 UTC+3)"
    )
    yandex_night_guard_seconds: int = Field(5, ge=0, le=600, description="kept free at both ends")
    yandex_unknown_policy: Literal["resubmit", "hold"] = Field(
        "resubmit", description="what to do when the outcome of a paid create is unknown"
    )
    yandex_price_night_rub_1000: Decimal = Field(Decimal("25.41"), ge=0, description="tariff")
    yandex_price_day_rub_1000: Decimal = Field(Decimal("30.50"), ge=0, description="tariff")


class LeadsSettings(BaseModel):
    """Niches, queries, enrichment and letters (spec page leads)."""

    google_sheet_id: str = Field("", description="id in the sheet's address")
    google_sheet_tab: str = Field("NICHES_INPUT", description="name of the tab")
    google_sa_key_file: Path | None = Field(None, description="Google service account key file")
    google_sa_key_json: SecretStr | None = Field(None, description="the same key as JSON text")
    google_api_base_url: str = Field("", description="replaces Google's hosts (sandbox)")
    sheet_sync_enabled: bool = Field(False, description="read the sheet automatically")
    sheet_sync_interval_minutes: int = Field(60, ge=1, description="how often")
    sheet_sync_batch_tag: str = Field("", description="only rows with this tag")
    sheet_create_columns: bool = Field(True, description="append missing service columns")

    leads_slot_seconds: int = Field(45, ge=1, description="distance of two night queries")
    leads_max_queries_per_niche: int = Field(1, ge=1, le=6, description="query variants")
    leads_query_lang_prefix: str = Field("", description="prefix such as lang:ru")
    leads_query_negatives: bool = Field(False, description="exclude domains inside the query")
    leads_country_default: str = Field("RU", min_length=2, max_length=2, description="ISO code")
    leads_search_budget_rub: Decimal = Field(
        Decimal(0), ge=0, description="monthly search budget; 0 = none"
    )
    leads_raw_retention_days: int = Field(365, ge=1, description="raw search replies are kept")
    leads_page_retention_days: int = Field(180, ge=1, description="site pages are kept")
    leads_bot_url: str = Field("", description="contact address shown to visited sites")
    max_retries: int = Field(3, ge=1, le=10, description="attempts of one query")
    poll_interval_sec: int = Field(60, ge=1, description="first poll interval")
    deferred_batch: int = Field(200, ge=1, le=5000, description="queries per submit tick")
    dedup_name_rarity: int = Field(8, ge=1, description="a name this common is no evidence")

    enrich_enabled: bool = Field(True, description="visit company sites")
    enrich_lanes: int = Field(3, ge=1, le=3, description="sites visited at the same time")
    enrich_domain_pause_seconds: SpanField = Field(
        Span(30, 45), description="pause of a lane between two sites", examples=["30-45"]
    )
    enrich_request_pause_seconds: float = Field(2, ge=0, description="pause within a site")
    enrich_timeout_seconds: float = Field(15, gt=0, le=120, description="per request")
    enrich_max_redirects: int = Field(5, ge=0, le=20, description="per page")
    enrich_max_pages: int = Field(6, ge=1, le=20, description="pages per site")
    enrich_max_body_bytes: int = Field(1_572_864, ge=10_000, description="body cap")
    enrich_cache_days: int = Field(30, ge=0, description="no address twice within")
    enrich_browser: Literal["auto", "off", "always"] = Field("auto", description="browser tier")
    enrich_proxy_url: CommaList = Field([], description="proxies, used after a failure only")
    max_emails_per_company: int = Field(3, ge=1, description="addresses kept")
    max_phones_per_company: int = Field(3, ge=1, description="phones kept")

    letters_enabled: bool = Field(True, description="write letters")
    letters_campaign: str = Field("default", description="name of the campaign")
    letters_provider: Literal["auto", "openai", "gigachat", "template"] = Field(
        "auto", description="auto = OpenAI-shaped model when a key is set, else template"
    )
    letters_excerpt_chars: int = Field(6000, ge=200, description="page text given to the model")
    letters_daily_budget: Decimal = Field(Decimal(0), ge=0, description="model budget; 0 = none")
    max_body_chars: int = Field(1200, ge=300, description="longest letter")
    cases_url: str = Field("", description="used only if the offer has no link")
    openai_api_key: SecretStr | None = Field(None, description="key of an OpenAI-shaped model")
    openai_base_url: str = Field("", description="other address of such a model")
    openai_api: Literal["chat", "responses"] = Field("chat", description="protocol")
    openai_email_model: str = Field("gpt-4.1-mini", description="model name")
    openai_temperature: float = Field(0.7, ge=0, le=2, description="temperature")
    openai_price_in_1m: Decimal = Field(Decimal(0), ge=0, description="price of 1M input tokens")
    openai_price_out_1m: Decimal = Field(Decimal(0), ge=0, description="price of 1M output tokens")

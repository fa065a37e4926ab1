"""Settings of greetings: calendar, texts, cards, approval, enrichment, CRM (G141-G150)."""

from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from povod.kit.settings.types import ClockTime, CommaList, parse_clock_time

_APPROVAL = ["vip", "llm", "first", "warning", "image"]


class CalendarSettings(BaseModel):
    """Which days count, when greetings are made and when they arrive."""

    app_name: str = Field("Povod", description="name of this installation")
    app_env: Literal["dev", "demo", "production"] = Field(
        "dev", description="production refuses demo data"
    )
    lookahead_days: int = Field(7, ge=0, le=60, description="days ahead; 0 = today only")
    greeting_max_late_days: int = Field(1, ge=0, le=7, description="days a greeting may be late")
    greeting_run_at: ClockTime = Field(
        parse_clock_time("09:00"), description="time of the daily run"
    )
    greeting_window_start: ClockTime = Field(
        parse_clock_time("10:00"), description="first hour, in the client's zone"
    )
    greeting_window_end: ClockTime = Field(
        parse_clock_time("17:00"), description="last hour, in the client's zone"
    )
    leap_day: Literal["feb28", "mar1"] = Field("feb28", description="29 February in other years")
    holiday_day_off: Literal["same", "before", "after"] = Field(
        "before", description="a holiday on a day off: that day, the working day before or after"
    )
    birthday_day_off: Literal["same", "before", "after"] = Field(
        "same", description="the same for birthdays"
    )
    holiday_spread_days: int = Field(
        3, ge=1, le=10, description="working days over which a large holiday is spread"
    )
    greeting_anniversaries: bool = Field(False, description="greet companies on round years")
    workdays_file: Path | None = Field(
        None, description="CSV date,working that overrides the calendar of working days"
    )
    max_holiday_recipients: int = Field(0, ge=0, description="clients per holiday; 0 = no limit")
    greeting_cooldown_days: int = Field(3, ge=0, description="days between two greetings")
    greeting_max_per_year: int = Field(8, ge=1, description="automatic greetings per client")
    max_professional_per_year: int = Field(1, ge=0, description="professional days per client")


class GreetingTextSettings(BaseModel):
    """Who writes, who signs, what must be approved."""

    llm_mode: Literal["template", "openai", "gigachat"] = Field(
        "template", description="who writes greetings: template, openai or gigachat"
    )
    llm_concurrency: int = Field(4, ge=1, le=32, description="model calls at once")
    llm_max_per_run: int = Field(200, ge=0, description="greetings by a model per run")
    llm_daily_tokens: int = Field(200_000, ge=0, description="model tokens per day")
    openai_model: str = Field("gpt-4.1-mini", description="model of greetings")
    openai_timeout_sec: float = Field(60, gt=0, le=600, description="per call")
    gigachat_credentials: SecretStr | None = Field(
        None, description="authorization key: GigaChat studio, project settings"
    )
    gigachat_scope: Literal["GIGACHAT_API_PERS", "GIGACHAT_API_B2B", "GIGACHAT_API_CORP"] = Field(
        "GIGACHAT_API_PERS", description="kind of the GigaChat contract"
    )
    gigachat_oauth_url: str = Field(
        "https://ngw.devices.sberbank.ru:9443/api/v2/oauth", description="token address"
    )
    gigachat_base_url: str = Field("https://api.giga.chat/v1", description="API address")
    gigachat_model: str = Field("GigaChat", description="model name")
    gigachat_temperature: float = Field(0.7, ge=0, le=2, description="temperature")
    gigachat_timeout_sec: float = Field(30, gt=0, le=600, description="per call")
    gigachat_image_timeout_sec: float = Field(120, gt=0, le=600, description="per picture")
    gigachat_verify_ssl_certs: bool = Field(True, description="false only on loopback")
    gigachat_ca_bundle_file: Path | None = Field(
        None, description="root certificate of the national authority (PEM)"
    )
    gigachat_price_in_1m: Decimal = Field(Decimal(0), ge=0, description="1M input tokens")
    gigachat_price_out_1m: Decimal = Field(Decimal(0), ge=0, description="1M output tokens")
    image_mode: Literal["pillow", "gigachat", "none"] = Field(
        "pillow", description="who draws cards"
    )
    max_gigachat_images_per_run: int = Field(5, ge=0, description="model pictures per run")
    card_fonts_dir: Path | None = Field(None, description="own fonts for cards (TTF, OTF)")
    sender_name: str = Field("", description="who signs greetings", examples=["Анна Орлова"])
    sender_position: str = Field("", description="post of that person")
    sender_company: str = Field("", description="company in the signature")
    approval_rules: CommaList = Field(
        _APPROVAL, description="what needs a person: vip, llm, first, warning, image, all"
    )
    approval_four_eyes: bool = Field(False, description="who edits may not approve")
    greeting_learning: Literal["shadow", "off", "on"] = Field(
        "shadow", description="choice of variants by answers; shadow only records"
    )
    learning_tone: bool = Field(False, description="learn the tone too")
    own_clients_only: bool = Field(False, description="managers see only their clients")


class ClientDataSettings(BaseModel):
    """Where facts about clients and their companies come from."""

    enrichment_mode: Literal["stub", "csv", "dadata"] = Field(
        "stub", description="source of company facts by INN"
    )
    enrichment_csv_file: Path | None = Field(None, description="own reference file of companies")
    dadata_api_key: SecretStr | None = Field(None, description="key: DaData profile page")
    dadata_base_url: str = Field(
        "https://suggestions.dadata.ru/suggestions/api/4_1/rs", description="API address"
    )
    dadata_daily_limit: int = Field(9000, ge=0, description="questions per day, Moscow time")
    crm_sync_source: Literal["none", "file", "http", "sql"] = Field(
        "none", description="where clients are read from"
    )
    crm_sync_path: Path | None = Field(None, description="file, or folder with the newest file")
    crm_sync_url: str = Field("", description="address that answers JSON or CSV")
    crm_sync_token: SecretStr | None = Field(None, description="bearer token of that address")
    crm_sync_dsn: SecretStr | None = Field(None, description="database to read clients from")
    crm_sync_query_file: Path | None = Field(None, description="file with one SELECT")

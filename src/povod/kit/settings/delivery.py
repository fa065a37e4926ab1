"""Settings of delivery: what may leave the house, how and when (spec page delivery, D56)."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, SecretStr

from povod.kit.settings.types import ClockTime, CommaList, parse_clock_time

_RU_DOMAINS = ["yandex.ru", "yandex.com", "mail.ru", "bk.ru", "inbox.ru", "list.ru", "rambler.ru"]


def lenient_mode(value: Any) -> Any:
    """An unknown SEND_MODE falls back to `file`: the safe side (D56)."""
    known = {"file", "smtp", "mailgun", "brevo", "noop"}
    return value if value in known else "file"


SendMode = Annotated[str, BeforeValidator(lenient_mode)]


class DeliverySettings(BaseModel):
    """Sending switches, windows, caps."""

    send_mode: SendMode = Field(
        "file", description="channel of e-mail; file = only written to OUTBOX_DIR"
    )
    outbox_dir: Path = Field(Path("data/outbox"), description="where the file channel writes")
    email_sending_enabled: bool = Field(
        False, description="the main switch: nothing leaves this host while it is false"
    )
    smtp_allowlist_domains: CommaList = Field(
        [], description="recipient domains that may be written to", examples=["firma.ru"]
    )
    smtp_allow_all_recipients: bool = Field(False, description="true lifts the allow-list")
    delivery_concurrency: int = Field(8, ge=1, le=64, description="conversations per process")
    delivery_lease_seconds: float = Field(120, gt=0, description="lease of a claimed message")
    delivery_handoff_lease_seconds: float = Field(
        720, gt=0, description="lease after the handoff (RFC 5321 allows 600 s for the final dot)"
    )
    send_window_start: ClockTime = Field(
        parse_clock_time("09:10"), description="first minute of sending"
    )
    send_window_end: ClockTime = Field(
        parse_clock_time("19:45"), description="last minute of sending"
    )
    send_window_zone: Literal["both", "sender", "recipient"] = Field(
        "both", description="whose hours count"
    )
    send_days: Literal["all", "working"] = Field("all", description="days of sending")
    send_delay_min_seconds: float = Field(240, ge=0, description="least distance of two letters")
    send_delay_max_seconds: float = Field(480, ge=0, description="largest distance")
    mailbox_daily_cap: int = Field(100, ge=1, description="letters per mailbox and day")
    mailbox_warmup: bool = Field(True, description="raise the cap slowly for a new mailbox")
    person_daily_cap: int = Field(1, ge=1, description="messages per person and day")
    domain_daily_cap: int = Field(5, ge=0, description="per corporate domain and day; 0 = off")
    policy_preset: Literal["strict", "balanced", "autopilot"] = Field(
        "balanced", description="who must approve what; autopilot needs legal advice first"
    )
    default_jurisdiction: str = Field("RU", description="when the recipient's is unknown")
    role_accounts: Literal["allow", "deny"] = Field("allow", description="info@, sales@ …")
    public_base_url: str = Field("", description="public https address of the console")
    unsubscribe_mailto: str = Field("", description="address for refusals by mail")
    message_id_domain: str = Field("", description="domain of Message-ID; empty = sender's")
    link_allowlist: CommaList = Field([], description="domains that a letter may link to")
    sender_legal_name: str = Field("", description="who writes, shown in every footer")
    max_message_bytes: int = Field(1_048_576, ge=10_000, description="largest message")
    inbox_enabled: bool = Field(True, description="read bounces and replies when a host is known")
    inbox_poll_seconds: int = Field(120, ge=5, description="how often")


class MailboxSettings(BaseModel):
    """Mailboxes given by the environment: default (SMTP_*), gmail, yandex."""

    smtp_host: str = Field("", description="mail server", examples=["smtp.firma.ru"])
    smtp_port: int = Field(587, ge=1, le=65535, description="its port")
    smtp_username: str = Field("", description="login")
    smtp_password: SecretStr | None = Field(None, description="password or app password")
    smtp_from_email: str = Field("", description="sender", examples=["anna@firma.ru"])
    smtp_from_name: str = Field("", description="sender's name")
    smtp_starttls: bool = Field(True, description="STARTTLS")
    smtp_ssl: bool = Field(False, description="TLS from the start")
    smtp_timeout_sec: float = Field(15, gt=0, description="up to RCPT")
    smtp_imap_host: str = Field("", description="mailbox to read bounces and replies from")
    smtp_imap_port: int = Field(993, ge=1, le=65535, description="its port")
    smtp_imap_security: Literal["ssl", "starttls", "none"] = Field(
        "ssl", description="none only to loopback"
    )

    gmail_smtp_host: str = Field("smtp.gmail.com", description="mail server")
    gmail_smtp_port: int = Field(587, ge=1, le=65535, description="its port")
    gmail_smtp_tls: bool = Field(True, description="STARTTLS")
    gmail_smtp_ssl: bool = Field(False, description="TLS from the start")
    gmail_user: str = Field("", description="login")
    gmail_pass: SecretStr | None = Field(None, description="app password (quote it in .env)")
    gmail_from: str = Field("", description="sender", examples=["Анна <anna@gmail.com>"])
    gmail_imap_host: str = Field("imap.gmail.com", description="IMAP server")
    gmail_imap_port: int = Field(993, ge=1, le=65535, description="its port")

    yandex_smtp_host: str = Field("smtp.yandex.ru", description="mail server")
    yandex_smtp_port: int = Field(465, ge=1, le=65535, description="its port")
    yandex_smtp_ssl: bool = Field(True, description="TLS from the start")
    yandex_smtp_tls: bool = Field(False, description="STARTTLS")
    yandex_user: str = Field("", description="login")
    yandex_pass: SecretStr | None = Field(None, description="app password")
    yandex_from: str = Field("", description="sender", examples=["Анна <anna@yandex.ru>"])
    yandex_imap_host: str = Field("imap.yandex.ru", description="IMAP server")
    yandex_imap_port: int = Field(993, ge=1, le=65535, description="its port")


class RoutingSettings(BaseModel):
    """Choice of the mailbox by the recipient's mail servers (D50-D54)."""

    routing_enabled: bool = Field(False, description="choose the mailbox by MX")
    routing_default_provider: str = Field("gmail", description="when routing is off")
    routing_dns_resolvers: CommaList = Field(["1.1.1.1", "8.8.8.8"], description="host[:port]")
    routing_dns_timeout_ms: int = Field(1500, ge=100, description="per question")
    routing_force_ru_domains: CommaList = Field(_RU_DOMAINS, description="RU without DNS")

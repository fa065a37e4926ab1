"""Settings of the house itself: store, workers, web, sandbox switch."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from povod.kit.settings.types import CommaList, ZoneName


class HouseSettings(BaseModel):
    """Where data lives, how work is done, where the console listens."""

    database_url: str = Field(
        "sqlite:///data/povod.db",
        description="where everything is stored: sqlite:///path or postgresql://user:pass@host/db",
        examples=["postgresql://povod:secret@db/povod"],
    )
    redis_url: str = Field(
        "",
        pattern=r"^$|^(rediss?|unix)://",
        description="turns server mode on: RQ workers are woken through this Redis",
        examples=["redis://localhost:6379/0"],
    )
    data_dir: Path = Field(Path("data"), description="files, generated keys and the file outbox")
    app_timezone: ZoneName = Field(
        "Europe/Moscow", description="zone of dates people see", examples=["Europe/Moscow"]
    )
    ui_language: Literal["auto", "ru", "en"] = Field(
        "auto", description="console language; auto = the browser decides"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="least severity that is logged"
    )
    log_format: Literal["auto", "json", "text"] = Field(
        "auto", description="auto = text on a terminal, JSON lines otherwise"
    )
    web_host: str = Field("127.0.0.1", description="address the console binds to")
    web_port: int = Field(8000, ge=0, le=65535, description="port of the console")
    web_auth: Literal["on", "off"] = Field(
        "on", description="off only for the demo on a loopback address"
    )
    secret_key: SecretStr | None = Field(
        None, description="signs sessions and links; made at first start when empty"
    )
    secret_key_previous: SecretStr | None = Field(
        None, description="the key before the last change; old links stay valid under it"
    )
    suppression_key: SecretStr | None = Field(
        None, description="keys the hashes of refusals; made at first start, never change it"
    )
    work_lease_seconds: float = Field(
        60, gt=0, le=3600, description="how long a worker may be silent before its work is retaken"
    )
    work_concurrency: int = Field(4, ge=1, le=64, description="work items at once per process")
    alert_webhook_url: str = Field("", description="receives alerts as JSON; empty = log only")

    sandbox_url: str = Field(
        "",
        description="base address of a running `povod sandbox`; opens loopback for it, for tests",
        examples=["http://127.0.0.1:8099"],
    )
    allowed_private_hosts: CommaList = Field(
        [], description="private hosts that webhooks may reach (the guard refuses all others)"
    )

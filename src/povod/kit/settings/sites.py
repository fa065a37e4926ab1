"""Settings of the sites job: how pages are fetched, what it may cost, where files go (S131)."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from povod.kit.settings.types import CommaList


class SitesSettings(BaseModel):
    """Crawling of watched sites. Every optional service is off while its address is empty."""

    povod_env: Literal["dev", "staging", "prod"] = Field(
        "dev", description="which overlay of the policies file applies"
    )
    povod_policies_file: Path | None = Field(
        None, description="own policies.yml instead of the shipped one"
    )
    povod_sites_user_agent: str = Field(
        "", max_length=300, description="User-Agent of the crawler; empty = PovodBot/<version>"
    )
    povod_sites_start_rate: int = Field(
        5, ge=0, description="job starts and uploads per minute and user; 0 = no limit"
    )
    povod_sites_runners_per_job: int = Field(1, ge=1, le=4, description="workers on one job")
    povod_guard_allow: CommaList = Field(
        [], description="address ranges (CIDR) that the guard lets through, for tests"
    )
    povod_proxy_check_url: str = Field("", description="page that idle proxies are checked with")
    povod_egress_advertise: str = Field(
        "", description="host:port under which FlareSolverr reaches our counting proxy"
    )
    flaresolverr_url: str = Field(
        "", description="address of FlareSolverr", examples=["http://flaresolverr:8191"]
    )
    flaresolverr_timeout_ms: int = Field(60_000, ge=1000, description="its time per page")
    firecrawl_url: str = Field("https://api.firecrawl.dev", description="Firecrawl or its like")
    firecrawl_api_key: SecretStr | None = Field(None, description="key: Firecrawl's dashboard")
    browser_executable: str = Field(
        "", description="Chromium for the browser step; empty = looked for in the usual places"
    )
    admin_token: SecretStr | None = Field(
        None, description="value of X-Admin-Token for scripts; made at first start when empty"
    )
    cors_origins: CommaList = Field(
        ["http://localhost:3000"], description="origins of other web pages that may call the API"
    )
    s3_endpoint: str = Field(
        "", description="S3-like store for files; empty = DATA_DIR", examples=["http://minio:9000"]
    )
    s3_bucket: str = Field("scraper-artifacts", description="its bucket")
    s3_access_key: SecretStr | None = Field(None, description="its access key")
    s3_secret_key: SecretStr | None = Field(None, description="its secret key")
    s3_region: str = Field("us-east-1", description="its region")

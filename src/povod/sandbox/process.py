"""Start the sandbox as a child process and point Povod at it.

Used by the demo, the tests and the benches. Nothing of the sandbox itself is imported here, so
what runs against it cannot share a mistake with it.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import httpx

from povod.kit.errors import ExternalError

FOLDER_ID = "b1gsandbox0000000000"
SENDER = "anna@mail.povod-demo.ru"
GIGACHAT_CREDENTIALS = "c2FuZGJveC1jbGllbnQ6c2FuZGJveC1zZWNyZXQ="
_STOP_SECONDS = 5.0


class SandboxFailed(ExternalError):  # noqa: N818 - reads as the event it is
    """The sandbox process did not come up; the message ends with the tail of its log."""


class SandboxProcess:
    """A running sandbox; leaving the `with` block stops it.

    `stop()` ends it cleanly, `kill()` as a power cut would; `start_sandbox` with the same state
    directory brings the same world, operations and ledger back.
    """

    def __init__(
        self, child: "subprocess.Popen[bytes]", state_dir: Path, ready: dict[str, Any]
    ) -> None:
        self._child = child
        self._ready = ready
        self._http = httpx.Client(base_url=ready["api_url"], trust_env=False, timeout=30)
        self.state_dir = state_dir
        self.api_url: str = ready["api_url"]

    @property
    def pid(self) -> int:
        """Process id of the sandbox."""
        return self._child.pid

    @property
    def ports(self) -> dict[str, int]:
        """Ports of the sites (`http`, `https`), the mail server (`smtp`, `imap`), the proxies
        (`proxy`, `socks`) and the object store (`s3`)."""
        return dict(self._ready["ports"])

    def truth(self) -> dict[str, Any]:
        """What was planted in the world."""
        text = (self.state_dir / "truth.json").read_text(encoding="utf-8")
        return cast(dict[str, Any], json.loads(text))

    def clock_shift(self) -> float:
        """Seconds that the virtual time is ahead of the machine's."""
        return float(self.get("/sandbox/clock")["shift_seconds"])

    def advance(self, seconds: float) -> float:
        """Let virtual time pass; returns the new shift in seconds."""
        return float(self.post("/sandbox/clock", {"advance_seconds": seconds})["shift_seconds"])

    def set_shift(self, seconds: float) -> float:
        """Follow Povod's clock; the shift never shrinks. Returns the shift in seconds."""
        return float(self.post("/sandbox/clock", {"shift_seconds": seconds})["shift_seconds"])

    def get(self, path: str, **params: str) -> Any:
        """JSON answer of a control route such as `/sandbox/yandex/ledger`."""
        return self._http.get(path, params=params).raise_for_status().json()

    def post(self, path: str, body: Any = None) -> Any:
        """JSON answer of a POST to a control route such as `/sandbox/yandex/faults`."""
        return self._http.post(path, json=body or {}).raise_for_status().json()

    def delete(self, path: str) -> Any:
        """JSON answer of a DELETE of a control route."""
        return self._http.delete(path).raise_for_status().json()

    def environ(self) -> dict[str, str]:
        """Environment variables that point Povod at this sandbox instead of the real services."""
        return {
            "SANDBOX_URL": self.api_url,
            "ENRICH_BROWSER": "off",  # no site of this world says more in a browser
            "YANDEX_SEARCH_URL": f"{self.api_url}/yandex/search",
            "YANDEX_OPERATION_URL": f"{self.api_url}/yandex/operation",
            "YANDEX_IAM_URL": f"{self.api_url}/yandex/iam",
            "YANDEX_CLOUD_FOLDER_ID": FOLDER_ID,
            "YANDEX_CLOUD_SA_KEY_FILE": str(self.state_dir / "demo-sa-key.json"),
            "OPENAI_BASE_URL": f"{self.api_url}/openai/v1",
            **self._greeting_services(),
            **self._fetch_services(),
            "SEND_MODE": "smtp",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self.ports["smtp"]),
            "SMTP_STARTTLS": "false",
            "SMTP_SSL": "false",
            "SMTP_USERNAME": SENDER,
            "SMTP_PASSWORD": "sandbox",
            "SMTP_FROM_EMAIL": SENDER,
            "SMTP_IMAP_HOST": "127.0.0.1",
            "SMTP_IMAP_PORT": str(self.ports["imap"]),
            "SMTP_IMAP_SECURITY": "none",
        }

    def _greeting_services(self) -> dict[str, str]:
        """Addresses and keys that matter only in the modes that use them."""
        return {
            "GIGACHAT_OAUTH_URL": f"{self.api_url}/gigachat/api/v2/oauth",
            "GIGACHAT_BASE_URL": f"{self.api_url}/gigachat/v1",
            "GIGACHAT_CREDENTIALS": GIGACHAT_CREDENTIALS,
            "DADATA_BASE_URL": f"{self.api_url}/dadata/suggestions/api/4_1/rs",
            "DADATA_API_KEY": "sandbox-dadata-key",
            "EGRUL_BASE_URL": f"{self.api_url}/egrul",
            "CRM_SYNC_URL": f"{self.api_url}/crm/clients",
            "CRM_SYNC_TOKEN": "sandbox-crm",
        }

    def _fetch_services(self) -> dict[str, str]:
        return {
            "FLARESOLVERR_URL": f"{self.api_url}/flaresolverr",
            "FIRECRAWL_URL": f"{self.api_url}/firecrawl",
            "FIRECRAWL_API_KEY": "fc-sandbox",
        }

    def s3_environ(self) -> dict[str, str]:
        """Settings that move artifacts to the sandbox's object store; not part of `environ`."""
        return {
            "S3_ENDPOINT": f"http://127.0.0.1:{self.ports['s3']}",
            "S3_BUCKET": "scraper-artifacts",
            "S3_ACCESS_KEY": "sandbox-s3",
            "S3_SECRET_KEY": "sandbox-s3-secret",
            "S3_REGION": "us-east-1",
        }

    def sheet_environ(self) -> dict[str, str]:
        """Settings of the sandbox's Google Sheet; not part of `environ`."""
        return {
            "GOOGLE_API_BASE_URL": self.api_url,
            "GOOGLE_SA_KEY_FILE": str(self.state_dir / "google-sa-key.json"),
            "GOOGLE_SHEET_ID": "sandbox-niches",
            "GOOGLE_SHEET_TAB": "NICHES_INPUT",
        }

    def proxy_url(self, scheme: str = "http", user: str = "user") -> str:
        """Address of a proxy, `http` or `socks5`, with a user's name and password."""
        port = self.ports["socks" if scheme.startswith("socks") else "proxy"]
        return f"{scheme}://{user}:sandbox@127.0.0.1:{port}"

    def hook_url(self, name: str) -> str:
        """Address of a web hook; `/sandbox/hooks/<name>` tells what it was sent."""
        return f"{self.api_url}/hooks/{name}"

    def wait(self, seconds: float) -> int:
        """Exit status of the process; `subprocess.TimeoutExpired` while it still runs."""
        return self._child.wait(seconds)

    def stop(self) -> None:
        """Ask the sandbox to end, and end it by force after five seconds."""
        self._http.close()
        self._child.terminate()
        try:
            self.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it at once, without a chance to write anything."""
        self._http.close()
        self._child.kill()
        self._child.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start_sandbox(
    state_dir: Path,
    *,
    seed: int = 7,
    sites: int = 60,
    port: int = 0,
    time_scale: float = 1,
    yandex_delay: str = "300-3600",
    timeout: float = 60,
) -> SandboxProcess:
    """Start `python -m povod.sandbox` and wait until all its servers listen.

    `yandex_delay` is the range of virtual seconds until a search is ready. `port` fixes the API
    port, which a restart under the same address needs. `SandboxFailed` after `timeout` seconds.
    """
    state_dir = state_dir.absolute()
    state_dir.mkdir(parents=True, exist_ok=True)
    ready_file = state_dir / "ready.json"
    ready_file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "povod.sandbox", "--state-dir", str(state_dir)]
    command += ["--seed", str(seed), "--sites", str(sites), "--port", str(port)]
    command += ["--time-scale", str(time_scale), "--yandex-delay", yandex_delay]
    command += ["--ready-file", str(ready_file), "--exit-with-parent", str(os.getpid())]
    log_path = state_dir / "sandbox.log"
    with log_path.open("ab") as log:
        child = subprocess.Popen(  # noqa: S603 - our own module, arguments are numbers and paths
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    ready = _wait_ready(child, ready_file, log_path, timeout)
    return SandboxProcess(child, state_dir, ready)


def _wait_ready(
    child: "subprocess.Popen[bytes]", ready_file: Path, log_path: Path, timeout: float
) -> dict[str, Any]:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline and child.poll() is None:
        if ready_file.exists():
            return cast(dict[str, Any], json.loads(ready_file.read_text(encoding="utf-8")))
        time.sleep(0.02)
    child.kill()
    child.wait()
    tail = log_path.read_text(encoding="utf-8", errors="replace")[-1500:]
    raise SandboxFailed(
        f"The sandbox did not start within {timeout:g} s or ended at once (its log is "
        f"{log_path}). Last lines:\n{tail}"
    )

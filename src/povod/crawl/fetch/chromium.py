"""The Chromium of this machine: where it is, how it is started, what it calls itself."""

import base64
import hashlib
import importlib.util
import os
import shutil

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--dns-prefetch-disable",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--no-first-run",
)


def browser_problem(executable: str) -> str:
    """Why there is no browser here, or nothing."""
    if importlib.util.find_spec("playwright") is None:
        return "playwright is not installed: pip install povod[browser]"
    if not find_browser(executable):
        return "no Chromium was found: install it, or set BROWSER_EXECUTABLE"
    return ""


def find_browser(executable: str) -> str:
    """The Chromium that the settings name, or one of the usual names."""
    if executable:
        return shutil.which(executable) or ""
    return next((found for name in NAMES if (found := shutil.which(name))), "")


def arguments(authority: str) -> list[str]:
    """The command line; `authority` is the certificate of the sandbox's authority, if any."""
    found = list(ARGUMENTS)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        found.append("--no-sandbox")
    if authority:
        found.append(f"--ignore-certificate-errors-spki-list={_key_pin(authority)}")
    return found


def agent_of(version: str) -> str:
    """What this very browser calls itself when it has a window."""
    major = version.partition(".")[0]
    return (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{major}.0.0.0 Safari/537.36"
    )


def _key_pin(pem: str) -> str:
    """Hash of an authority's key, in the form in which Chromium takes it."""
    key = load_pem_x509_certificate(pem.encode()).public_key()
    raw = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(raw).digest()).decode()

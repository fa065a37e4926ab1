"""Addresses that Cloudflare hides from robots: hexadecimal, the first byte is the key."""

from povod.crawl.extract.text import Link

_PATH = "/cdn-cgi/l/email-protection#"


def protected_text(code: str) -> str:
    """The hidden text, or an empty one if the code is none."""
    try:
        data = bytes.fromhex(code.strip())
    except ValueError:
        return ""
    return bytes(byte ^ data[0] for byte in data[1:]).decode("utf-8", "replace") if data else ""


def protected_link(link: Link) -> str:
    """The text hidden in a link's address, or an empty one if it hides none."""
    _, found, code = link.href.partition(_PATH)
    return protected_text(code) if found else ""

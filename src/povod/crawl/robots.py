"""robots.txt: what a site asks of crawlers (RFC 9309).

`protego` matches paths; here the file is brought into the shape the standard means before it reads
it: a user-agent value ends at its product token, and unknown lines do not part a group.
"""

import re
from functools import lru_cache
from typing import Self

from protego import Protego

MAX_BYTES = 500 * 1024
"""Of a longer file only the beginning is read (S63, RFC 9309 section 2.5)."""

_LINE_END = re.compile(r"\r\n?|\n")
_FIELD = re.compile(r"\s*([^\s:#]+)")
_AGENT_LINE = re.compile(r"(\s*user[\s-]?agent\s*[:\s]\s*)([^\s/#]+)", re.IGNORECASE)
_KNOWN_FIELDS = frozenset(
    {"user-agent", "useragent", "user", "allow", "disallow", "dissallow", "dissalow", "disalow"}
    | {"diasllow", "disallaw", "sitemap", "sitemaps", "site-map", "host", "crawl-delay", "crawl"}
    | {"request-rate", "request", "visit-time", "visit"}
)


class RobotsRules:
    """The rules of one robots.txt. No file at all is `RobotsRules.parse("")`: all is allowed."""

    def __init__(self, rules: Protego) -> None:
        self._rules = rules

    @classmethod
    def parse(cls, body: str | bytes) -> Self:
        """Read the file as fetched; whatever is in it, nothing is raised."""
        if isinstance(body, bytes):
            text = body[:MAX_BYTES].decode("utf-8", "replace")
        else:
            text = body[:MAX_BYTES]
        lines = _LINE_END.split(text.lstrip("\ufeff"))
        if len(body) > MAX_BYTES:
            del lines[-1]  # cut off anywhere, it may say more than it should
        return cls(Protego.parse("\n".join(_plain(line) for line in lines if _is_known(line))))

    def allows(self, agent: str, url: str) -> bool:
        """Whether `agent` may fetch `url` (absolute, or a path).

        `agent` is a product token or a whole User-Agent header; of several groups that fit, the
        longest name wins. An address that cannot be parsed is not allowed.
        """
        try:
            return self._rules.can_fetch(_located(url), _asked_as(agent))
        except ValueError:
            return False

    def crawl_delay(self, agent: str) -> float | None:
        """Seconds the site asks `agent` to wait between requests, if it does."""
        return self._rules.crawl_delay(_asked_as(agent))

    @property
    def sitemaps(self) -> list[str]:
        """Addresses of `Sitemap:` lines, as written, each once."""
        return list(dict.fromkeys(self._rules.sitemaps))


def _is_known(line: str) -> bool:
    field = _FIELD.match(line)
    return field is not None and field[1].lower() in _KNOWN_FIELDS


def _plain(line: str) -> str:
    """A user-agent line cut after its product token; any other line as it is."""
    agent = _AGENT_LINE.match(line)
    return agent[0] if agent else line


def _located(url: str) -> str:
    """A path that begins with `//` must not pass for a host."""
    return f"http://host{url}" if url.startswith("//") else url


@lru_cache(maxsize=256)
def _asked_as(agent: str) -> str:
    """The name to look for. Words without a version are neither a token nor a header: only `*`."""
    name = agent.strip()
    return name if "/" in name or " " not in name else ""

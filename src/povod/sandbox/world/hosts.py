"""Host names around the companies: aggregators, parking, studios; and what DNS says of each."""

from povod.sandbox.world.model import Trouble, World
from povod.sandbox.world.recipes import STUDIOS

AGGREGATORS: tuple[str, ...] = (
    "avito.ru", "2gis.ru", "zoon.ru", "yell.ru", "profi.ru", "vk.com", "flamp.ru", "otzovik.com",
    "orgpage.ru", "hh.ru", "rusprofile.ru", "irecommend.ru", "youtube.com", "dzen.ru",
    "market.yandex.ru", "list-org.com",
)  # fmt: skip
"""Hosts that a search finds and nobody should visit (L47)."""

PARKING_HOST = "parkovka-domenov.ru"
PLATFORM = "tilda.ws"
LOOPBACK = "127.0.0.1"

_ODD_ADDRESS = {Trouble.PRIVATE_DNS: "10.0.0.7", Trouble.METADATA_DNS: "169.254.169.254"}
_BYSTANDERS = {PARKING_HOST, *AGGREGATORS, *(studio.host for studio in STUDIOS)}


def ascii_host(name: str) -> str:
    """Lower-case A-label form without a trailing dot."""
    host = name.strip().lower().rstrip(".")
    return host if host.isascii() else host.encode("idna").decode("ascii")


def is_bystander(host: str) -> bool:
    """Whether the host belongs to the world without being a company's site."""
    parts = host.split(".")
    return any(".".join(parts[cut:]) in _BYSTANDERS for cut in range(len(parts)))


def addresses_of(world: World, name: str) -> list[str] | None:
    """Addresses of a host, `None` for NXDOMAIN; planted names point into private ranges."""
    try:
        host = ascii_host(name)
    except UnicodeError:
        return None
    site = world.site_at(host)
    if site is None:
        return [LOOPBACK] if is_bystander(host) else None
    if site.trouble is Trouble.DEAD_DNS:
        return None
    return [_ODD_ADDRESS.get(site.trouble, LOOPBACK)]

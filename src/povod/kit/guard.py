"""Which IP addresses belong to the public internet (S133).

A page, a sitemap or a redirect may name any address. Povod connects to none that lies within
somebody's own network, however it is written.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from povod.kit.errors import ConfigurationError

# IANA special-purpose registries: addresses without a meaning on the public internet.
_CLOSED_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by providers (CGNAT)
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local, cloud metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_OPEN_V6 = IPv6Network("2000::/3")
_CLOSED_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2620:4f:8000::/48",
        "3fff::/20",  # documentation
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")


@lru_cache(maxsize=4096)
def is_public_address(ip: str) -> bool:
    """Whether the text is an IP address that may be reached from here; anything else is False.

    IPv4 within IPv6 (mapped, NAT64, 6to4) is judged by the IPv4 address.
    """
    try:
        address = ip_address(ip)
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        return _is_public_v6(address)
    return _is_public_v4(address)


def _is_public_v4(address: IPv4Address) -> bool:
    return not any(address in network for network in _CLOSED_V4)


def _is_public_v6(address: IPv6Address) -> bool:
    within = _embedded(address)
    if within is not None:
        return _is_public_v4(within)
    if address.scope_id is not None or address not in _OPEN_V6:
        return False
    return not any(address in network for network in _CLOSED_V6)


def _embedded(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


class AddressGuard:
    """`is_public_address` with exemptions that the operator gave (POVOD_GUARD_ALLOW)."""

    def __init__(self, allow: Iterable[str] = ()) -> None:
        """`allow` holds CIDRs; `ConfigurationError` names the one that is none."""
        self._open = tuple(_network(text) for text in allow)

    def permits(self, ip: str) -> bool:
        """Whether a connection to this address may be made."""
        return is_public_address(ip) or (bool(self._open) and self._is_exempt(ip))

    def _is_exempt(self, ip: str) -> bool:
        try:
            address = ip_address(ip)
        except ValueError:
            return False
        return any(address in network for network in self._open)


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError:
        raise ConfigurationError(
            f"POVOD_GUARD_ALLOW: {text!r} is not a network. Example: POVOD_GUARD_ALLOW=127.0.0.0/8"
        ) from None

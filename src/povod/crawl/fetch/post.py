"""Sending news to an address that a person gave: guarded, without redirects (S128, S133)."""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.resolver import ThreadedResolver

from povod.crawl.fetch.addresses import check_address, href
from povod.crawl.fetch.build import build_resolver
from povod.crawl.fetch.result import FetchError
from povod.kit.errors import ExternalError, GuardError
from povod.kit.guard import AddressGuard
from povod.kit.settings import Settings

TIMEOUT_S = 10.0


class PostError(ExternalError):
    """Nothing was taken there. The message holds no address: those of messengers are secrets."""


def check_target(settings: Settings, url: str) -> str:
    """The address as it will be asked; `FetchError` for what may not be reached by its spelling."""
    address = href(url)
    if is_open(settings, address):
        return address
    check_address(address, AddressGuard(settings.povod_guard_allow))
    return address


def is_open(settings: Settings, url: str) -> bool:
    """Whether the operator has named this host in ALLOWED_PRIVATE_HOSTS."""
    parts = urlsplit(url)
    web = parts.scheme in ("http", "https") and not (parts.username or parts.password)
    return web and (parts.hostname or "") in settings.allowed_private_hosts


def post(settings: Settings, url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """The status of the answer; `PostError` when there is none, or the guard forbids it."""
    try:
        address = check_target(settings, url)
        return asyncio.run(_post(settings, address, body, headers))
    except FetchError as error:
        raise PostError(f"the guard forbids it: {error.kind.value}") from None
    except GuardError:
        raise PostError("the guard forbids it: the name leads to no public address") from None
    except TimeoutError:
        raise PostError(f"no answer in {TIMEOUT_S:g} s") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise PostError(f"no connection: {type(error).__name__}") from None


async def _post(settings: Settings, url: str, body: bytes, headers: Mapping[str, str]) -> int:
    resolver = _resolver(settings, url)
    connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, force_close=True)
    async with (
        aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        ) as session,
        session.post(url, data=body, headers=dict(headers), allow_redirects=False) as answer,
    ):
        return answer.status


def _resolver(settings: Settings, url: str) -> AbstractResolver:
    return ThreadedResolver() if is_open(settings, url) else build_resolver(settings)

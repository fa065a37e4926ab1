"""All fetchers as the settings build them, against the shops and helpers of the sandbox."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from povod.crawl.fetch.build import build_fetcher, build_fetchers
from povod.crawl.fetch.chromium import browser_problem
from povod.crawl.fetch.failures import FailureClass as F
from povod.crawl.fetch.request import FetchRequest
from povod.crawl.proxies.model import Proxy
from povod.crawl.steps import Step
from povod.kit.settings import Settings, load_settings
from povod.sandbox.process import SandboxProcess, start_sandbox

HOST = "proverka-shop.ru"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with start_sandbox(tmp_path_factory.mktemp("fetchers"), sites=12) as running:
        running.post("/sandbox/shops", {"host": HOST, "layout": "plain", "products": 5})
        yield running


@pytest.fixture
def house(sandbox, tmp_path: Path) -> Settings:
    return load_settings(sandbox.environ(), None, data_dir=tmp_path, povod_env="prod")


@pytest.fixture
def page(sandbox) -> str:
    sandbox.delete(f"/sandbox/shops/{HOST}/faults")
    return sandbox.get(f"/sandbox/shops/{HOST}/products")["products"][0]["url"]


def fault(sandbox: SandboxProcess, kind: str, **more) -> None:
    sandbox.post(f"/sandbox/shops/{HOST}/faults", {"kind": kind, **more})


def attempts(settings: Settings, *requests: FetchRequest):
    async def go():
        async with build_fetchers(settings) as fetchers:
            return [await fetchers.attempt(request) for request in requests]

    return asyncio.run(go())


def test_every_fetcher_reads_the_page(house, page) -> None:
    async def go():
        async with build_fetchers(house) as fetchers:
            names = fetchers.available(firecrawl=fetchers.firecrawl_key_set())
            found = {
                name: await fetchers.attempt(FetchRequest(url=page, step=Step(name)))
                for name in names
            }
            await fetchers.end_job({HOST})
            return found, fetchers.missing

    found, missing = asyncio.run(go())
    expected = {"http", "http_tls", "browser", "flaresolverr", "firecrawl"} - set(missing)
    assert set(found) == expected
    assert set(missing) <= ({"browser"} if browser_problem("") else set())
    for name, attempt in found.items():
        assert attempt.failure is None, (name, attempt.detail)
        assert b"</html>" in attempt.response.body.lower(), name
        assert str(attempt.step) == f"{name}/direct"
    assert found["flaresolverr"].estimated
    assert found["firecrawl"].bytes_total == 0


def test_challenge_falls_to_the_fetcher_that_is_let_through(sandbox, house, page) -> None:
    fault(sandbox, "challenge", needs="browser_agent")
    plain, dressed = attempts(
        house, FetchRequest(url=page), FetchRequest(url=page, step=Step("http_tls"))
    )
    assert plain.failure is F.BOT_BLOCK
    assert dressed.failure is None


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        ("captcha", F.CAPTCHA),
        ("http_500", F.HTTP_5XX),
        ("http_404", F.GONE),
        ("loop", F.TOO_MANY_REDIRECTS),
        ("off_domain", F.OFF_DOMAIN_REDIRECT),
        ("private", F.GUARD_BLOCKED),
        ("reset", F.CONNECT_RESET),
    ],
)
def test_faults_of_a_shop_have_their_classes(sandbox, house, page, kind, failure) -> None:
    fault(sandbox, kind)
    request = FetchRequest(url=page, hosts=frozenset({HOST}), timeout_s=5)
    [attempt] = attempts(house, request)
    assert attempt.failure is failure, attempt.detail


def test_busy_shop_names_its_time(sandbox, house, page) -> None:
    fault(sandbox, "http_429", retry_after=120)
    [attempt] = attempts(house, FetchRequest(url=page))
    assert (attempt.failure, attempt.retry_after) == (F.HTTP_429, 120)


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_proxies_of_the_sandbox_carry_pages(sandbox, house, page, scheme) -> None:
    parts = urlsplit(sandbox.proxy_url(scheme, user=f"fetch-{scheme}"))
    proxy = Proxy("p1", scheme, parts.hostname, parts.port, parts.username, parts.password)
    bad = Proxy("p2", scheme, parts.hostname, parts.port, parts.username, "wrong")
    good, dressed, refused = attempts(
        house,
        FetchRequest(url=page, step=Step("http", "dc"), proxy=proxy),
        FetchRequest(url=page, step=Step("http_tls", "dc"), proxy=proxy),
        FetchRequest(url=page, step=Step("http", "dc"), proxy=bad),
    )
    assert good.failure is dressed.failure is None
    assert (refused.failure, refused.proxy_refused) == (F.PROXY_ERROR, True)
    users = sandbox.get("/sandbox/proxies")["users"]
    assert users[f"fetch-{scheme}"]["connections"] >= 2


def test_services_that_are_not_set_are_missing_with_a_reason(sandbox, tmp_path) -> None:
    settings = load_settings(
        {"SANDBOX_URL": sandbox.api_url}, None, data_dir=tmp_path, browser_executable="/no/browser"
    )

    async def go():
        async with build_fetchers(settings) as fetchers:
            return fetchers.names, fetchers.missing, fetchers.firecrawl_key_set()

    names, missing, has_key = asyncio.run(go())
    assert names == ("http", "http_tls", "firecrawl")
    assert "FLARESOLVERR_URL" in missing["flaresolverr"]
    assert "Chromium" in missing["browser"]
    assert not has_key


def test_agent_is_ours_unless_the_operator_says_otherwise(sandbox, house, page) -> None:
    named = house.model_copy(update={"povod_sites_user_agent": "ShopWatch/1 (+https://w.ru)"})
    sandbox.delete(f"/sandbox/shops/{HOST}/log")
    attempts(house, FetchRequest(url=page))
    attempts(named, FetchRequest(url=page))
    seen = [entry["agent"] for entry in sandbox.get(f"/sandbox/shops/{HOST}/log")["entries"]]
    assert seen[0].startswith("PovodBot/")
    assert seen[1] == "ShopWatch/1 (+https://w.ru)"


def test_visits_use_the_plain_fetcher(house, page) -> None:
    async def go():
        async with build_fetcher(house) as fetcher:
            return await fetcher.get(page)

    assert asyncio.run(go()).status == 200

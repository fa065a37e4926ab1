"""FlareSolverr and Firecrawl by their documented protocols, against servers on loopback."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from povod.crawl.fetch.egress import EgressProxy
from povod.crawl.fetch.failures import FailureClass as F
from povod.crawl.fetch.firecrawl import FirecrawlFetcher
from povod.crawl.fetch.flaresolverr import FlareSolverrFetcher
from povod.crawl.fetch.request import FetchRequest, FirecrawlOptions
from povod.crawl.fetch.result import FetchError
from povod.crawl.policies import shipped_policies
from povod.crawl.steps import Step

PAGE = "<html><title>Тепло</title><p>Котёл 12 кВт</p></html>"
RULES = shipped_policies("prod").flaresolverr.model_copy(update={"off_s": 0.3})
HOSTS = frozenset({"firma.ru"})


def run(internet, work):
    async def go():
        async with internet() as net:
            return await work(net)

    return asyncio.run(go())


@dataclass
class Solver:
    """FlareSolverr: sessions, `request.get` through the proxy it was given, `/health`."""

    mode: str = "ok"
    commands: list[dict] = field(default_factory=list)
    proxies: dict[str, dict | None] = field(default_factory=dict)
    page_url: str = "https://firma.ru/"
    sick: bool = False
    running: int = 0
    most: int = 0
    url: str = ""

    async def v1(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.commands.append(body)
        command = body["cmd"]
        if command == "sessions.create":
            self.proxies[body["session"]] = body.get("proxy")
            return web.json_response({"status": "ok", "session": body["session"]})
        if command == "sessions.destroy":
            known = self.proxies.pop(body["session"], "none") != "none"
            return web.json_response({"status": "ok" if known else "error"})
        return await self._get(body)

    async def _get(self, body: dict) -> web.Response:
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            if self.mode == "slow":
                await asyncio.sleep(0.1)
            if self.mode == "error" or (self.mode == "once" and len(self._gets()) == 1):
                answer = {"status": "error", "message": "Error: Timeout after 60.0 seconds."}
                return web.json_response(answer, status=500)
            if self.mode == "no solution":
                return web.json_response({"status": "ok"})
            text = await self._load(body)
        finally:
            self.running -= 1
        return web.json_response(
            {
                "status": "ok",
                "message": "Challenge solved!",
                "solution": {
                    "url": self.page_url,
                    "status": 200,
                    "headers": {"Content-Type": "text/html; charset=windows-1251", "ETag": '"1"'},
                    "response": text,
                    "cookies": [{"name": "cf_clearance", "value": "ok", "domain": ".firma.ru"}],
                    "userAgent": "Mozilla/5.0 Solver",
                },
            }
        )

    async def _load(self, body: dict) -> str:
        proxy = self.proxies.get(body["session"])
        if self.mode != "load" or not proxy:
            return PAGE
        login = aiohttp.encode_basic_auth(proxy["username"], proxy["password"])
        headers = {"Proxy-Authorization": login}
        async with aiohttp.ClientSession() as session:
            plain = body["url"].replace("https:", "http:")
            async with session.get(plain, proxy=proxy["url"], headers=headers) as answer:
                return await answer.text()

    def _gets(self) -> list[dict]:
        return [body for body in self.commands if body["cmd"] == "request.get"]

    async def health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"}, status=500 if self.sick else 200)


async def serve(net, *routes) -> str:
    app = web.Application()
    app.add_routes(list(routes))
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    net.stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}"


@asynccontextmanager
async def solving(net, rules=RULES, egress=None, advertise=""):
    solver = Solver()
    routes = [web.post("/v1", solver.v1), web.get("/health", solver.health)]
    solver.url = await serve(net, *routes)
    fetcher = FlareSolverrFetcher(
        net.services,
        solver.url + "/",
        rules,
        egress=egress or net.egress,
        cookies=net.cookies,
        guard=net.guard,
        advertise=advertise,
    )
    async with fetcher:
        yield solver, fetcher


def ask(tier: str = "direct", url: str = "https://firma.ru/", **more) -> FetchRequest:
    return FetchRequest(url=url, step=Step("flaresolverr", tier), hosts=HOSTS, **more)


def test_page_is_solved_and_the_plain_fetcher_profits(internet) -> None:
    async def work(net):
        net.html("/", PAGE)
        async with solving(net) as (solver, fetcher):
            response = await fetcher.fetch(ask())
            again = await fetcher.fetch(ask())
            http = await net.http()
            await http.fetch(FetchRequest(url="https://firma.ru/"))
            await http.fetch(FetchRequest(url="https://firma.ru/", step=Step("http", "dc")))
        return response, again, solver, net.requests, fetcher

    response, again, solver, requests, fetcher = run(internet, work)
    assert response.body.decode() == again.body.decode() == PAGE
    assert response.content_type == "text/html; charset=utf-8"  # it is text already
    assert response.etag == '"1"'
    assert response.estimated
    assert response.wire_bytes == len(PAGE.encode())
    commands = [body["cmd"] for body in solver.commands]
    assert commands == ["sessions.create", "request.get", "request.get", "sessions.destroy"]
    get = solver.commands[1]
    assert get["maxTimeout"] == 60_000
    assert get["session"] == solver.commands[0]["session"]
    assert solver.proxies == {}
    assert requests[0]["Cookie"] == "cf_clearance=ok"
    assert requests[0]["User-Agent"] == "Mozilla/5.0 Solver"
    assert requests[1]["User-Agent"] == "PovodBot/0"
    assert "Cookie" not in requests[1]
    assert fetcher.success_ratio == 1.0


@pytest.mark.parametrize(
    ("mode", "gets", "kind"),
    [("error", 2, F.BOT_BLOCK), ("no solution", 2, F.BOT_BLOCK), ("once", 2, None)],
)
def test_failure_is_tried_once_more(internet, mode, gets, kind) -> None:
    async def work(net):
        async with solving(net) as (solver, fetcher):
            solver.mode = mode
            try:
                await fetcher.fetch(ask())
                found = None
            except FetchError as error:
                found = error.kind
            return found, len(solver._gets()), fetcher.success_ratio

    ratio = 1.0 if kind is None else 0.0
    assert run(internet, work) == (kind, gets, ratio)


def test_service_that_has_gone_fails_and_leaves_nothing_open(internet) -> None:
    async def work(net):
        async with solving(net) as (_, fetcher):
            fetcher._url = "http://127.0.0.1:1"
            with pytest.raises(FetchError) as caught:
                await fetcher.fetch(ask())
            await fetcher.end_job()
            return caught.value.kind

    assert run(internet, work) is F.BOT_BLOCK


def test_tiers_have_sessions_and_proxies_of_their_own(internet) -> None:
    async def work(net):
        server = await net.proxy("http")
        async with solving(net) as (solver, fetcher):
            await fetcher.fetch(ask())
            await fetcher.fetch(ask("dc", proxy=server.proxy))
            await fetcher.fetch(ask("dc"))  # the proxy has changed: a new session
            await fetcher.end_job({"other.ru"})
            kept = len(solver.proxies)
            await fetcher.end_job({"firma.ru"})
            return solver.commands, kept, len(solver.proxies)

    commands, kept, left = run(internet, work)
    created = [body for body in commands if body["cmd"] == "sessions.create"]
    assert len({body["session"] for body in created}) == 3
    assert "proxy" not in created[0]
    assert created[1]["proxy"]["username"] == "user"
    assert (kept, left) == (2, 0)


def test_old_session_is_made_anew(internet) -> None:
    async def work(net):
        rules = RULES.model_copy(update={"session_ttl_s": 0.05})
        async with solving(net, rules) as (solver, fetcher):
            await fetcher.fetch(ask())
            await asyncio.sleep(0.1)
            await fetcher.fetch(ask())
            return [body["cmd"] for body in solver.commands]

    commands = run(internet, work)
    assert commands.count("sessions.create") == 2
    assert commands.count("sessions.destroy") == 1


def test_no_more_than_three_at_once(internet) -> None:
    async def work(net):
        async with solving(net) as (solver, fetcher):
            solver.mode = "slow"
            names = [f"https://firma.ru:{port}/" for port in (443,) * 6]
            tiers = ("direct", "dc", "isp", "residential", "mobile", "direct")
            await asyncio.gather(
                *(fetcher.fetch(ask(tier, url)) for tier, url in zip(tiers, names, strict=True))
            )
            return solver.most

    assert run(internet, work) == 3


def test_three_failed_probes_switch_it_off_for_a_while(internet) -> None:
    async def work(net):
        async with solving(net) as (solver, fetcher):
            await asyncio.sleep(0.05)
            door = await net.fetchers(fetcher)
            solver.sick = True
            seen = [await fetcher.probe() for _ in range(2)]
            still = door.available()
            await fetcher.probe()
            off = door.available()
            await asyncio.sleep(0.35)
            return seen, still, off, door.available()

    seen, still, off, later = run(internet, work)
    assert seen == [False, False]
    assert (still, off, later) == (("flaresolverr",), (), ("flaresolverr",))


def test_page_that_ends_elsewhere_is_refused(internet) -> None:
    async def work(net):
        async with solving(net) as (solver, fetcher):
            kinds = []
            for url in ("https://other.ru/", "http://10.0.0.1/"):
                solver.page_url = url
                with pytest.raises(FetchError) as caught:
                    await fetcher.fetch(ask())
                kinds.append((caught.value.kind, caught.value.bytes_in))
            with pytest.raises(FetchError):
                await fetcher.fetch(ask(url="https://other.ru/"))
            return kinds, len(solver._gets())

    kinds, gets = run(internet, work)
    size = len(PAGE.encode())
    assert kinds == [(F.OFF_DOMAIN_REDIRECT, size), (F.GUARD_BLOCKED, size)]
    assert gets == 2  # the address of another site was not told to the service


def test_bytes_are_counted_when_the_service_reaches_our_proxy(internet, grant) -> None:
    async def work(net):
        import socket

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        net.html("/", PAGE * 2000)
        egress = EgressProxy(net.resolver, net.guard, advertise=f"127.0.0.1:{port}")
        async with (
            egress,
            solving(net, egress=egress, advertise=f"127.0.0.1:{port}") as (solver, fetcher),
        ):
            solver.mode = "load"
            response = await fetcher.fetch(ask())
            with pytest.raises(FetchError) as caught:
                await fetcher.fetch(ask(allowance=grant(50_000, 10_000)))
            return response, caught.value

    response, error = run(internet, work)
    size = len(PAGE.encode()) * 2000
    assert not response.estimated
    assert size < response.wire_bytes < size + 1000
    assert response.bytes_out > 100
    assert error.kind is F.BUDGET
    assert 50_000 <= error.bytes_in + error.bytes_out < 100_000


@dataclass
class Crawler:
    """Firecrawl: `/v2/scrape`; keys have a status each."""

    keys: dict[str, int]
    bodies: list[dict] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    data: dict = field(default_factory=dict)
    url: str = ""

    async def scrape(self, request: web.Request) -> web.Response:
        key = request.headers["Authorization"].removeprefix("Bearer ")
        self.used.append(key)
        self.bodies.append(await request.json())
        status = self.keys[key]
        if status != 200:
            return web.json_response({"success": False, "error": "no credits"}, status=status)
        return web.json_response({"success": True, "data": self.data})


async def paid(net, keys: dict[str, int], **data) -> tuple[Crawler, FirecrawlFetcher]:
    meta = {"statusCode": 200, "url": "https://firma.ru/"}
    crawler = Crawler(keys, data={"rawHtml": PAGE, "metadata": meta, **data})
    url = await serve(net, web.post("/v2/scrape", crawler.scrape))
    return crawler, FirecrawlFetcher(net.services, url, guard=net.guard, key=SecretStr("house"))


def crawl(*keys: str, url: str = "https://firma.ru/", **more) -> FetchRequest:
    options = FirecrawlOptions(tuple(SecretStr(key) for key in keys), **more)
    return FetchRequest(url=url, step=Step("firecrawl"), hosts=HOSTS, firecrawl=options)


def test_raw_page_is_asked_for_and_never_a_cached_one(internet) -> None:
    async def work(net):
        crawler, fetcher = await paid(net, {"k1": 200, "house": 200})
        response = await fetcher.fetch(crawl("k1", zero_data_retention=True))
        await fetcher.fetch(FetchRequest(url="https://firma.ru/", step=Step("firecrawl")))
        return response, crawler

    response, crawler = run(internet, work)
    assert response.body.decode() == PAGE
    assert response.status == 200
    first, second = crawler.bodies
    assert first["formats"] == ["rawHtml"]
    assert first["maxAge"] == 0
    assert first["onlyMainContent"] is first["skipTlsVerification"] is False
    assert (first["zeroDataRetention"], second["zeroDataRetention"]) == (True, False)
    assert crawler.used == ["k1", "house"]
    assert "k1" not in repr(crawl("k1"))  # N42: no key in a log of the request


@pytest.mark.parametrize("status", [402, 429])
def test_keys_take_turns(internet, status) -> None:
    async def work(net):
        crawler, fetcher = await paid(net, {"spent": status, "full": 200, "house": 200})
        await fetcher.fetch(crawl("spent", "full"))
        return crawler.used

    assert run(internet, work) == ["spent", "full"]


@pytest.mark.parametrize(
    ("keys", "data", "kind"),
    [
        ({"k": 402}, {}, F.BOT_BLOCK),
        ({"k": 500}, {}, F.BOT_BLOCK),
        ({"k": 200}, {"metadata": {"url": "https://other.ru/"}}, F.OFF_DOMAIN_REDIRECT),
        ({"k": 200}, {"metadata": {"url": "http://10.0.0.1/"}}, F.GUARD_BLOCKED),
    ],
)
def test_failure_of_the_paid_service_has_its_class(internet, keys, data, kind) -> None:
    async def work(net):
        _, fetcher = await paid(net, keys, **data)
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch(crawl(*keys))
        return caught.value

    error = run(internet, work)
    assert error.kind is kind
    assert error.bytes_in == 0


def test_status_of_the_page_is_the_sites(internet) -> None:
    async def work(net):
        _, fetcher = await paid(net, {"k": 200}, metadata={"statusCode": 404})
        door = await net.fetchers(fetcher)
        return await door.attempt(crawl("k")), door.available(), door.available(firecrawl=True)

    attempt, without, with_key = run(internet, work)
    assert attempt.failure is F.GONE
    assert (without, with_key) == ((), ("firecrawl",))


def test_only_the_jobs_hosts_are_told_and_a_dead_service_is_a_failure(internet) -> None:
    async def work(net):
        crawler, fetcher = await paid(net, {"k": 200})
        with pytest.raises(FetchError) as foreign:
            await fetcher.fetch(crawl("k", url="https://other.ru/"))
        dead = FirecrawlFetcher(net.services, "http://127.0.0.1:1", guard=net.guard)
        with pytest.raises(FetchError) as gone:
            await dead.fetch(crawl("k"))
        with pytest.raises(FetchError) as keyless:
            await dead.fetch(FetchRequest(url="https://firma.ru/", step=Step("firecrawl")))
        return foreign.value, gone.value, keyless.value, crawler.used

    foreign, gone, keyless, used = run(internet, work)
    assert foreign.kind is F.OFF_DOMAIN_REDIRECT
    assert gone.kind is keyless.kind is F.BOT_BLOCK
    assert "no key" in keyless.detail
    assert used == []

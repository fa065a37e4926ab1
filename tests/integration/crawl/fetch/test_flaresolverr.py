"""FlareSolverr by its documented protocol, against a server on loopback."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from online import run, serve

from povod.crawl.fetch.egress import EgressProxy
from povod.crawl.fetch.failures import FailureClass as F
from povod.crawl.fetch.flaresolverr import FlareSolverrFetcher
from povod.crawl.fetch.request import FetchRequest
from povod.crawl.fetch.result import FetchError
from povod.crawl.policies import shipped_policies
from povod.crawl.steps import Step

PAGE = "<html><title>Тепло</title><p>Котёл 12 кВт</p></html>"
RULES = shipped_policies("prod").flaresolverr.model_copy(update={"off_s": 0.3})
HOSTS = frozenset({"firma.ru"})


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

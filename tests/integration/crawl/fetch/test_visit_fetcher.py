"""What visits of leads try beyond the plain fetcher: only what the operator has set up."""

import pytest
from online import run

from povod.crawl.fetch.failures import Failure, FailureClass
from povod.crawl.fetch.request import FetchRequest
from povod.crawl.fetch.result import FetchError, FetchLimits, Response
from povod.crawl.fetch.visits import Renderer, VisitFetcher, visit_proxies
from povod.crawl.politeness import PoliteSession
from povod.crawl.visit import VisitRules, visit_site
from povod.kit.errors import ConfigurationError

LIMITS = FetchLimits(timeout=3, connect_timeout=1)
WALL = "<title>Just a moment...</title>"
PAGE = "<html><title>Окна</title><p>Пластиковые окна в Казани</p></html>"
SHELL = "<html><title>Окна</title><div id=app></div><script src=/app.js></script></html>"
SHOWN = "<html><title>Окна</title><p>info@firma.ru</p>" + "<p>Окна и двери</p>" * 30 + "</html>"


class Stand:
    """A fetcher that answers what it is told and notes what it was asked for."""

    def __init__(self, name: str, body: str = PAGE, status: int = 200, error=None) -> None:
        self.name = name
        self.body = body
        self.status = status
        self.error = error
        self.asked: list[FetchRequest] = []

    async def fetch(self, request: FetchRequest) -> Response:
        self.asked.append(request)
        if self.error is not None:
            raise FetchError(self.error, request.url, "as planned")
        fields = {"content-type": "text/html; charset=utf-8"}
        return Response(request.url, request.url, self.status, fields, self.body.encode())


def test_plain_page_is_fetched_plainly(internet) -> None:
    async def work(net):
        net.html("/", PAGE)
        browser, solver = Stand("browser"), Stand("flaresolverr")
        door = await net.fetchers(await net.http(), browser, solver)
        source = VisitFetcher(door, limits=LIMITS)
        response = await source.get("https://firma.ru/")
        return response, browser.asked, solver.asked, source

    response, browser, solver, source = run(internet, work)
    assert response.body.decode() == PAGE
    assert browser == solver == []
    assert isinstance(source, Renderer)


@pytest.mark.parametrize(
    ("path", "status", "solved", "solver_status", "expected"),
    [
        ("/", 403, True, 200, 200),
        ("/", 503, True, 200, 200),
        ("/", 403, True, 403, 403),  # the service was refused too
        ("/", 403, False, 200, 403),  # no service: the refusal stands
        ("/robots.txt", 403, True, 200, 403),
        ("/sitemap.xml", 403, True, 200, 403),
    ],
)
def test_challenge_goes_to_the_service_if_there_is_one(
    internet, path, status, solved, solver_status, expected
) -> None:
    async def work(net):
        net.html(path, WALL, status)
        solver = Stand("flaresolverr", status=solver_status)
        door = await net.fetchers(await net.http(), *([solver] if solved else []))
        return await VisitFetcher(door, limits=LIMITS).get(f"https://firma.ru{path}")

    assert run(internet, work).status == expected


def test_plain_refusal_is_taken_for_a_no(internet) -> None:
    async def work(net):
        net.html("/", "<h1>Forbidden</h1>", 403)
        solver = Stand("flaresolverr")
        door = await net.fetchers(await net.http(), solver)
        response = await VisitFetcher(door, limits=LIMITS).get("https://firma.ru/")
        return response.status, solver.asked

    assert run(internet, work) == (403, [])


def test_proxy_is_tried_after_a_failed_connection_and_rests_after_its_own(internet) -> None:
    async def work(net):
        net.html("/", PAGE)
        server = await net.proxy("http")
        url = f"http://user:secret@127.0.0.1:{server.port}"
        proxies = visit_proxies([url])
        http = await net.http()
        first = Stand("http", error=FailureClass.CONNECT_REFUSED)

        class Flaky:
            name = "http"

            async def fetch(self, request):
                return await (http if request.proxy else first).fetch(request)

        source = VisitFetcher(await net.fetchers(Flaky()), limits=LIMITS, proxies=proxies)
        good = await source.get("https://firma.ru/")
        failures = []
        server.mode = "deny"
        for _ in range(2):  # of a host to which no tunnel is open yet
            with pytest.raises(FetchError) as caught:
                await source.get("https://www.firma.ru/")
            failures.append(caught.value.kind)
        first.error = FailureClass.GUARD_BLOCKED
        with pytest.raises(FetchError) as caught:
            await source.get("https://firma.ru/")
        return good, failures, caught.value.failure, server.targets, net.tls_port

    good, failures, guarded, targets, port = run(internet, work)
    assert good.body.decode() == PAGE
    assert good.proxy_id == "visit-1"
    assert failures == [FailureClass.PROXY_ERROR, FailureClass.CONNECT_REFUSED]  # it rests now
    assert guarded is Failure.GUARD
    assert targets == [("127.0.0.1", port)]


def test_site_sees_the_same_proxy_every_time(internet) -> None:
    async def work(net):
        lines = [f"http://127.0.0.1:{port}" for port in (1, 2, 3)]
        source = VisitFetcher(await net.fetchers(), limits=LIMITS, proxies=visit_proxies(lines))
        hosts = [f"https://s{number}.ru/" for number in range(30)]
        return [[source._proxy_for(host).id for host in hosts] for _ in range(3)]

    first, *others = run(internet, work)
    assert all(again == first for again in others)
    assert set(first) == {"visit-1", "visit-2", "visit-3"}


def test_wrong_proxy_in_the_settings_is_named() -> None:
    with pytest.raises(ConfigurationError, match="ENRICH_PROXY_URL: entry 2 the scheme"):
        visit_proxies(["http://a.ru:1", "proxy.ru:8080"])


def polite(source) -> PoliteSession:
    return PoliteSession(source, pause=0, limits=LIMITS)


@pytest.mark.parametrize(
    ("wish", "browser", "found"),
    [
        ("auto", Stand("browser", SHOWN), True),
        ("off", Stand("browser", SHOWN), False),
        ("auto", Stand("browser", error=FailureClass.TOTAL_TIMEOUT), False),
        ("auto", Stand("browser", "no", status=500), False),
        ("auto", None, False),
    ],
)
def test_shell_is_shown_by_the_browser_if_there_is_one(internet, wish, browser, found) -> None:
    async def work(net):
        net.html("/", SHELL)
        stands = [browser] if browser else []
        door = await net.fetchers(await net.http(), *stands)
        source = VisitFetcher(door, limits=LIMITS, browser=wish)
        return await visit_site(source, "firma.ru", VisitRules(pages=1, pause=0, fetch=LIMITS))

    visit = run(internet, work)
    contacts = [item.value for _, facts in visit.read_pages for item in facts.contacts]
    assert (contacts == ["info@firma.ru"]) is found
    assert visit.needs_browser is not found


def test_browser_may_be_asked_for_every_page(internet) -> None:
    async def work(net):
        net.html("/", SHOWN.replace("info@", "old@"))
        browser = Stand("browser", SHOWN)
        door = await net.fetchers(await net.http(), browser)
        source = VisitFetcher(door, limits=LIMITS, browser="always")
        rules = VisitRules(pages=1, pause=0, fetch=LIMITS)
        visit = await visit_site(source, "firma.ru", rules)
        return visit, browser.asked, polite(source).renders_all, visit.requests

    visit, asked, renders_all, requests = run(internet, work)
    contacts = {item.value for _, facts in visit.read_pages for item in facts.contacts}
    assert contacts == {"info@firma.ru"}
    assert [request.url for request in asked] == ["https://firma.ru/"]
    assert renders_all
    assert requests == 3  # robots.txt, the page, the page once more


def test_plain_fetcher_renders_nothing(internet) -> None:
    async def work(net):
        net.html("/robots.txt", "", 404)
        session = polite(await net.http())
        return session.renders_all, await session.render("https://firma.ru/")

    assert run(internet, work) == (False, None)

"""A visit against a fetcher that answers from a dictionary: order, limits, and what is not read."""

import asyncio
from collections.abc import Callable

import pytest

from povod.crawl.fetch.failures import Failure, FailureClass, coarse
from povod.crawl.fetch.result import FetchError, FetchLimits, Response
from povod.crawl.visit import Visit, VisitRules, visit_site

Answer = Response | FetchError | str

MAIL = '<a href="mailto:info@firma.ru">info@firma.ru</a>'
PHONE = '<a href="tel:+78432123456">+7 (843) 212-34-56</a>'
LEGAL = "<p>ООО «Фирма»<br>ИНН 7707083893<br>ОГРН 1027700132195</p>"
MENU = '<a href="/kontakty">Контакты</a> <a href="/o-kompanii">О компании</a>'
FILLER = "Мы делаем окна и двери в Казани и области, приезжаем на замер, работаем по договору. " * 5


def page(body: str, title: str = "Фирма", head: str = "") -> str:
    return (
        f"<html><head><title>{title}</title>{head}</head><body>{body}<p>{FILLER}</p></body></html>"
    )


def response(
    url: str,
    html: str | bytes,
    *,
    status: int = 200,
    final_url: str = "",
    redirects: list[tuple[int, str]] | None = None,
    kind: str = "text/html; charset=utf-8",
    **headers: str,
) -> Response:
    body = html.encode() if isinstance(html, str) else html
    fields = {"content-type": kind, **headers}
    return Response(url, final_url or url, status, fields, body, redirects or [])


FINE = {coarse(kind): kind for kind in reversed(FailureClass)}
"""A fine class for each one of leads."""


class World:
    """Addresses and their answers; everything else is a 404, every robots.txt allows all."""

    def __init__(self, answers: dict[str, Answer], robots: Answer = "") -> None:
        self.answers = answers
        self.robots = robots
        self.asked: list[str] = []

    async def get(self, url: str, *, limits: FetchLimits | None = None) -> Response:
        self.asked.append(url)
        default: Answer = response(url, "<h1>404</h1>", status=404)
        answer = self.answers.get(url, default)
        if url.endswith("/robots.txt"):
            origin = self.answers.get(url.removesuffix("robots.txt"))
            unreachable = isinstance(origin, FetchError) and origin.failure in (
                Failure.DNS,
                Failure.TLS,
            )
            answer = origin if unreachable and origin is not None else self.robots
        if isinstance(answer, FetchError):
            raise answer
        return answer if isinstance(answer, Response) else response(url, answer)

    @property
    def pages(self) -> list[str]:
        return [url for url in self.asked if not url.endswith("/robots.txt")]


def visit(world: World, host: str = "firma.ru", **options: object) -> Visit:
    known = options.pop("known", ())
    stopped = options.pop("stopped", lambda: False)
    rules = VisitRules(pause=0, **options)
    return asyncio.run(visit_site(world, host, rules, known, stopped))


def failing(failure: Failure, url: str = "https://firma.ru/") -> FetchError:
    return FetchError(FINE[failure], url, "as planned")


def test_robots_come_first_and_the_home_page_next() -> None:
    world = World({"https://firma.ru/": page(MAIL + PHONE + LEGAL)})
    found = visit(world)
    assert world.asked == ["https://firma.ru/robots.txt", "https://firma.ru/"]
    assert found.website_url == "https://firma.ru/"
    assert {contact.value for _, facts in found.read_pages for contact in facts.contacts} == {
        "info@firma.ru",
        "+78432123456",
    }


def test_the_addresses_of_a_home_page_are_tried_in_turn() -> None:
    world = World(
        {
            "https://firma.ru/": failing(Failure.TLS),
            "https://www.firma.ru/": failing(Failure.DNS),
            "http://firma.ru/": page(MAIL + PHONE + LEGAL),
        }
    )
    found = visit(world)
    assert found.failure is None
    assert found.website_url == "http://firma.ru/"
    assert world.pages == ["http://firma.ru/"]


def test_when_no_address_answers_the_first_reason_counts() -> None:
    world = World(
        {
            "https://firma.ru/": failing(Failure.TLS),
            "https://www.firma.ru/": failing(Failure.DNS),
            "http://firma.ru/": failing(Failure.DNS),
        }
    )
    found = visit(world)
    assert (found.failure, found.detail) == (Failure.TLS, "as planned")
    assert [entry.url for entry in found.pages] == ["https://firma.ru/"]


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (failing(Failure.TIMEOUT), Failure.TIMEOUT),
        (failing(Failure.GUARD), Failure.GUARD),
        (response("", "no", status=403), Failure.BLOCKED),
        (response("", "no", status=502), Failure.HTTP_5XX),
        (response("", "no", status=410), Failure.PARKED),
        (response("", "no", status=404), Failure.PARKED),
        (response("", "no", status=418), Failure.HTTP_4XX),
        (response("", ""), Failure.NOT_HTML),
        (response("", b"%PDF-1.7", kind="application/pdf"), Failure.NOT_HTML),
        (page("<h1>Этот домен продаётся</h1>"), Failure.PARKED),
    ],
)
def test_a_home_page_that_says_no_ends_the_visit(answer: Answer, failure: Failure) -> None:
    world = World({"https://firma.ru/": answer})
    found = visit(world)
    assert found.failure is failure
    assert found.read_pages == []
    assert world.pages == ["https://firma.ru/"]


def test_retry_after_travels_with_the_failure() -> None:
    busy = response("", "no", status=429, **{"retry-after": "90"})
    assert visit(World({"https://firma.ru/": busy})).retry_after == 90


@pytest.mark.parametrize(
    "robots",
    ["User-agent: *\nDisallow: /", response("", "", status=500), failing(Failure.PROTOCOL)],
)
def test_nothing_but_robots_is_fetched_when_they_forbid_or_fail(robots: Answer) -> None:
    world = World({"https://firma.ru/": page(MAIL)}, robots)
    found = visit(world)
    assert found.failure is Failure.ROBOTS
    assert world.asked == ["https://firma.ru/robots.txt"]


def test_it_stops_when_contacts_and_requisites_are_in() -> None:
    world = World(
        {
            "https://firma.ru/": page(MENU + MAIL + PHONE),
            "https://firma.ru/kontakty": page(LEGAL),
        }
    )
    visit(world)
    assert world.pages == ["https://firma.ru/", "https://firma.ru/kontakty"]


def test_requisites_pages_are_not_asked_for_when_nothing_links_to_one() -> None:
    world = World({"https://firma.ru/": page(MAIL + PHONE)})
    visit(world)
    assert world.pages == ["https://firma.ru/"]


def test_usual_addresses_and_the_sitemap_are_the_last_resort() -> None:
    sitemap = "<urlset><url><loc>https://firma.ru/info/kontakty-ofisa</loc></url></urlset>"
    world = World(
        {
            "https://firma.ru/": page('<a href="/kontakty">Контакты</a>'),
            "https://firma.ru/kontakty": page("<p>Звоните</p>", "Контакты"),
            "https://firma.ru/about": page("<p>О нас</p>", "О нас"),
            "https://firma.ru/rekvizity": page("<p>Реквизиты по запросу</p>", "Реквизиты"),
            "https://firma.ru/sitemap.xml": response("", sitemap, kind="text/xml"),
            "https://firma.ru/info/kontakty-ofisa": page(MAIL + PHONE),
        }
    )
    found = visit(world)
    assert world.pages[:2] == ["https://firma.ru/", "https://firma.ru/kontakty"]
    assert world.pages[-1] == "https://firma.ru/info/kontakty-ofisa"
    assert found.requests <= 10


def test_limits_hold() -> None:
    links = " ".join(f'<a href="/contacts/{number}">Контакты</a>' for number in range(40))
    pages = {f"https://firma.ru/contacts/{n}": page(f"<p>Офис {n}</p>") for n in range(40)}
    world = World({"https://firma.ru/": page(links), **pages})
    assert len(visit(world).read_pages) == 6
    missing = World({"https://firma.ru/": page(links)})
    found = visit(missing)
    assert found.requests == len(missing.asked) == 10
    assert len(found.read_pages) == 1


def test_known_addresses_are_not_fetched_again_but_the_home_page_is() -> None:
    world = World({"https://firma.ru/": page(MENU), "https://firma.ru/o-kompanii": page(MAIL)})
    visit(world, known={"https://firma.ru/", "https://firma.ru/kontakty"}, requests=3)
    assert world.pages == ["https://firma.ru/", "https://firma.ru/o-kompanii"]


def test_another_domain_is_not_read() -> None:
    for status, for_good in ((301, True), (308, True), (302, False)):
        hops = [(301, "https://firma.ru/"), (status, "https://www.firma.ru/")]
        answer = response(
            "https://firma.ru/", page(MAIL), final_url="https://www.drugaya.ru/", redirects=hops
        )
        found = visit(World({"https://firma.ru/": answer}))
        assert (found.moved_to, found.moved_url) == ("drugaya.ru", "https://drugaya.ru/")
        assert found.moved_for_good is for_good
        assert found.failure is Failure.REDIRECTS
        assert found.read_pages == []


def test_a_redirect_within_the_domain_is_no_move() -> None:
    hops = [(302, "https://firma.ru/")]
    answer = response(
        "https://firma.ru/", page(MAIL), final_url="https://www.firma.ru/ru", redirects=hops
    )
    found = visit(World({"https://firma.ru/": answer}), requests=3)
    assert (found.failure, found.moved_to) == (None, "")
    assert found.website_url == "https://firma.ru/"


def test_a_parking_service_is_no_new_domain() -> None:
    sale = response(
        "https://firma.ru/",
        page("<h1>Купить домен</h1>"),
        final_url="http://parking.ru/?d=firma.ru",
        redirects=[(301, "https://firma.ru/")],
    )
    found = visit(World({"https://firma.ru/": sale}))
    assert (found.failure, found.moved_to) == (Failure.PARKED, "")


def test_an_empty_shell_is_flagged_and_left() -> None:
    shell = '<html><title>x</title><script src="/app.js"></script><div id="root"></div></html>'
    world = World({"https://firma.ru/": shell})
    found = visit(world)
    assert found.needs_browser
    assert world.pages == ["https://firma.ru/"]


def test_a_page_that_is_another_once_more_is_not_read_twice() -> None:
    home = page(MENU + MAIL)
    away = response(
        "https://firma.ru/o-kompanii",
        page(PHONE),
        final_url="https://chuzhaya.ru/",
        redirects=[(302, "https://firma.ru/o-kompanii")],
    )
    world = World(
        {
            "https://firma.ru/": home,
            "https://firma.ru/kontakty": home,
            "https://firma.ru/o-kompanii": away,
        }
    )
    found = visit(world, requests=4)
    reasons = {entry.url: entry.failure for entry in found.pages[1:]}
    assert reasons == {
        "https://firma.ru/kontakty": Failure.REDIRECTS,
        "https://firma.ru/o-kompanii": Failure.REDIRECTS,
    }
    assert len(found.read_pages) == 1


def test_it_ends_between_two_pages_when_told_to() -> None:
    world = World({"https://firma.ru/": page(MENU), "https://firma.ru/kontakty": page(MAIL)})
    answers = iter([False, True, True])
    stopped: Callable[[], bool] = lambda: next(answers)  # noqa: E731 - asked once a page
    found = visit(world, stopped=stopped)
    assert found.stopped
    assert world.pages == ["https://firma.ru/", "https://firma.ru/kontakty"]


def test_firms_of_one_platform_are_strangers() -> None:
    links = '<a href="https://beta.tilda.ws/kontakty">Контакты</a>'
    world = World({"https://alfa.tilda.ws/": page(links)})
    visit(world, host="alfa.tilda.ws", own_domain=lambda host: host)
    assert not any("beta" in url for url in world.asked)

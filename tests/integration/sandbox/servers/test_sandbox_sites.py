"""Company sites over real HTTP and HTTPS, with virtual hosts, as a crawler meets them."""

import asyncio
import json
import socket
import ssl
from datetime import timedelta
from xml.etree import ElementTree as ET

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver

from povod.sandbox.world.blocks import HIDDEN_TEXT, VISIBLE_TEXT
from povod.sandbox.world.model import Place, Trouble


class LoopbackResolver(AbstractResolver):
    """Every name is here, on the port that stands for 80 or 443."""

    def __init__(self, ports: dict[int, int]) -> None:
        self._ports = ports

    async def resolve(self, host, port=0, family=socket.AF_INET):
        here = {"hostname": host, "host": "127.0.0.1", "port": self._ports[port]}
        return [here | {"family": socket.AF_INET, "proto": 0, "flags": 0}]

    async def close(self) -> None:
        pass


class Crawler:
    """Fetches one URL the way a crawler would: names, SNI and certificates as on the net."""

    def __init__(self, sites) -> None:
        self._resolver = LoopbackResolver({80: sites.http_port, 443: sites.https_port})
        self._tls = ssl.create_default_context(cadata=sites.ca_pem)

    def get(self, url: str, *, follow: bool = True, most: int = 1 << 20, seconds: float = 5):
        return asyncio.run(self._get(url, follow, most, seconds))

    async def _get(self, url, follow, most, seconds):
        connector = aiohttp.TCPConnector(resolver=self._resolver, ssl=self._tls)
        limit = aiohttp.ClientTimeout(total=seconds)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=limit) as session,
            session.get(url, allow_redirects=follow, max_redirects=6) as response,
        ):
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > most:
                    response.close()
                    break
            response.body = bytes(body)
            return response


@pytest.fixture
def crawler(sites) -> Crawler:
    return Crawler(sites)


def site_with(world, trouble: Trouble):
    return next(site for site in world.sites if site.trouble is trouble)


def usual(world, **look):
    return next(
        site
        for site in world.sites
        if site.trouble is Trouble.NONE
        and site.redirect is None
        and site.emails
        and all(getattr(site.look, name) == value for name, value in look.items())
    )


def test_http_and_www_lead_to_the_one_true_host(crawler, whole_world):
    site = usual(whole_world, www=False)
    answer = crawler.get(f"http://www.{site.host}/kontakty")
    assert str(answer.url) == f"https://{site.host}/"
    assert [step.status for step in answer.history] == [301]
    assert site.brand in answer.body.decode()


def test_a_site_may_prefer_www(crawler, whole_world):
    site = usual(whole_world, www=True)
    answer = crawler.get(f"https://{site.host}/")
    assert str(answer.url) == f"https://www.{site.host}/"
    assert answer.status == 200


def test_a_subdomain_of_the_firm_shows_the_firm(crawler, whole_world):
    site = next(site for site in whole_world.sites if site.aliases)
    answer = crawler.get(f"https://{site.aliases[0]}/")
    assert not answer.history
    assert site.brand in answer.body.decode()


@pytest.mark.parametrize("charset", ["cp1251", "koi8-r"])
def test_pages_come_in_old_charsets(crawler, whole_world, charset):
    site = usual(whole_world, charset=charset)
    body = crawler.get(f"https://{site.host}/").body
    assert site.brand in body.decode(charset)
    with pytest.raises(UnicodeDecodeError):
        body.decode("utf-8")


def test_a_site_lies_about_its_charset(crawler, whole_world):
    site = usual(whole_world, charset="cp1251", header_charset="utf-8")
    answer = crawler.get(f"https://{site.host}/")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert site.brand in answer.body.decode("cp1251")


def test_contacts_may_stand_on_the_contacts_page_only(crawler, whole_world):
    site = next(
        site
        for site in whole_world.sites
        if site.look.place is Place.CONTACTS and site.emails and site.trouble is Trouble.NONE
        and not site.look.json_ld and site.emails[0].shown == "mailto"
    )  # fmt: skip
    address = site.best_email.encode()
    assert address not in crawler.get(f"https://{site.host}/").body
    assert address in crawler.get(f"https://{site.host}/kontakty/").body


def test_unknown_pages_and_hosts_are_refused(crawler, whole_world):
    assert crawler.get(f"https://{usual(whole_world).host}/nowhere").status == 404
    assert crawler.get("http://nobody.example/").status == 421
    with pytest.raises(aiohttp.ClientConnectorError):
        crawler.get("https://nobody.example/")


def test_robots_and_sitemap_name_the_pages(crawler, whole_world):
    site = usual(whole_world)
    robots = crawler.get(f"https://{site.host}/robots.txt").body.decode()
    sitemap = robots.split("Sitemap: ")[1].strip()
    tree = ET.fromstring(crawler.get(sitemap).body)
    pages = [node.text for node in tree.iter() if node.tag.endswith("loc")]
    assert f"{sitemap.removesuffix('sitemap.xml')}kontakty" in pages
    assert all(crawler.get(page).status == 200 for page in pages)


def test_robots_may_forbid_or_fail(crawler, whole_world):
    forbids = site_with(whole_world, Trouble.ROBOTS_FORBID)
    assert "Disallow: /\n" in crawler.get(f"https://{forbids.host}/robots.txt").body.decode()
    fails = site_with(whole_world, Trouble.ROBOTS_ERROR)
    assert crawler.get(f"https://{fails.host}/robots.txt").status == 500


def test_a_moved_firm_leads_to_its_new_host(crawler, whole_world):
    moved = next(site for site in whole_world.sites if site.duplicate_kind == "moved")
    answer = crawler.get(f"https://{moved.host}/uslugi")
    assert answer.url.host.removeprefix("www.") == moved.duplicate_of
    assert answer.history[0].status == 301


def test_a_chain_passes_an_older_host(crawler, whole_world):
    first = next(site for site in whole_world.sites if site.duplicate_kind == "chain")
    answer = crawler.get(f"https://{first.host}/")
    assert first.redirect.via[0] in [step.url.host for step in answer.history]
    assert answer.url.host.removeprefix("www.") == first.duplicate_of


def test_another_firm_is_only_a_temporary_redirect(crawler, whole_world):
    site = site_with(whole_world, Trouble.ELSEWHERE)
    answer = crawler.get(f"https://{site.host}/")
    assert answer.history[0].status == 302
    assert answer.url.host != site.host


def test_a_redirect_loop_never_ends(crawler, whole_world):
    with pytest.raises(aiohttp.TooManyRedirects):
        crawler.get(f"https://{site_with(whole_world, Trouble.LOOP).host}/")


def test_a_lost_domain_leads_to_a_parking_page(crawler, whole_world):
    answer = crawler.get(f"https://{site_with(whole_world, Trouble.PARKED).host}/")
    assert "Домен припаркован" in answer.body.decode()


def test_a_forbidding_site_answers_403(crawler, whole_world):
    assert crawler.get(f"https://{site_with(whole_world, Trouble.FORBIDDEN).host}/").status == 403


def test_a_busy_site_recovers_after_the_asked_time(crawler, whole_world, web_clock):
    url = f"https://{site_with(whole_world, Trouble.THROTTLED).host}/"
    refused = crawler.get(url)
    assert refused.status == 429
    web_clock.advance(timedelta(seconds=int(refused.headers["Retry-After"])))
    assert crawler.get(url).status == 200


def test_a_slow_site_runs_into_a_timeout(crawler, whole_world):
    with pytest.raises(TimeoutError):
        crawler.get(f"https://{site_with(whole_world, Trouble.SLOW).host}/", seconds=0.7)


def test_an_endless_body_is_stopped_by_the_reader_alone(crawler, whole_world):
    host = site_with(whole_world, Trouble.ENDLESS).host
    assert len(crawler.get(f"https://{host}/", most=3_000_000).body) > 3_000_000


def test_a_bomb_unpacks_to_more_than_anyone_should_read(crawler, whole_world):
    answer = crawler.get(f"https://{site_with(whole_world, Trouble.BOMB).host}/", most=2 << 20)
    assert int(answer.headers["Content-Length"]) < 200_000
    assert len(answer.body) > 2 << 20


def test_a_site_may_speak_no_tls(crawler, whole_world):
    host = site_with(whole_world, Trouble.HTTP_ONLY).host
    with pytest.raises(aiohttp.ClientConnectorError):
        crawler.get(f"https://{host}/")
    assert crawler.get(f"http://{host}/").status == 200


def test_an_expired_certificate_is_refused_and_http_leads_back_to_it(crawler, whole_world):
    host = site_with(whole_world, Trouble.EXPIRED_TLS).host
    with pytest.raises(aiohttp.ClientConnectorCertificateError, match="expired"):
        crawler.get(f"https://{host}/")
    answer = crawler.get(f"http://{host}/", follow=False)
    assert answer.headers["Location"] == f"https://{host}/"


def test_a_shell_and_an_empty_page_say_nothing(crawler, whole_world):
    shell = crawler.get(f"https://{site_with(whole_world, Trouble.SPA).host}/").body.decode()
    assert "/app.js" in shell
    assert "@" not in shell
    assert crawler.get(f"https://{site_with(whole_world, Trouble.EMPTY).host}/").body == b""


def test_a_cyrillic_host_answers_under_its_alabel(crawler, whole_world):
    site = next(site for site in whole_world.sites if site.host.startswith("xn--"))
    readable = site.host.encode().decode("idna")
    answer = crawler.get(f"https://{readable}/")
    assert answer.status == 200
    assert readable.endswith(".рф")


def test_text_with_orders_for_a_model_is_on_the_pages(crawler, whole_world):
    hidden, visible = (
        usual(whole_world, injection="hidden"),
        usual(whole_world, injection="visible"),
    )
    page = crawler.get(f"https://{hidden.host}/").body.decode()
    assert f'<div style="display:none">{HIDDEN_TEXT}' in page
    assert f"<p>{VISIBLE_TEXT}" in crawler.get(f"https://{visible.host}/").body.decode()


def test_json_ld_holds_the_contacts(crawler, whole_world):
    site = usual(whole_world, json_ld=True)
    page = crawler.get(f"https://{site.host}/").body.decode()
    block = page.split('<script type="application/ld+json">')[1].split("</script>")[0]
    data = json.loads(block)
    assert data["email"] == site.best_email
    assert data["telephone"] == list(site.phones)


def test_every_request_is_in_the_log(crawler, sites, whole_world):
    site = usual(whole_world)
    crawler.get(f"https://{site.host}/kontakty?x=1")
    entry = sites.log[-1]
    assert (entry["host"], entry["path"], entry["status"]) == (site.host, "/kontakty?x=1", 200)
    assert entry["scheme"] == "https"


def test_names_resolve_as_planted(sites, whole_world):
    assert sites.dns(usual(whole_world).host) == ["127.0.0.1"]
    assert sites.dns(site_with(whole_world, Trouble.DEAD_DNS).host) is None
    assert sites.dns(site_with(whole_world, Trouble.PRIVATE_DNS).host) == ["10.0.0.7"]
    assert sites.dns(site_with(whole_world, Trouble.METADATA_DNS).host) == ["169.254.169.254"]

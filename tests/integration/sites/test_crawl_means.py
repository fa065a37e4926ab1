"""The means of a crawl: proxies, further addresses of adapters, stored pages, redirects."""

import threading
from decimal import Decimal

import pytest
import sqlalchemy as sa
from aiohttp import web
from shop_server import page, product_page

from povod.crawl.proxies.store import import_proxies
from povod.crawl.steps import Step
from povod.sites.equipment import allowed_tiers
from povod.sites.fetching import firecrawl_options
from povod.store.tables import job_urls, proxies

QUICK = {"politeness": {"min_delay_ms": 0}, "ladder": {"delay_base_s": 0}}


@pytest.mark.parametrize(
    ("alive", "strategy", "residential", "tiers"),
    [
        (set(), "auto", "", ("direct",)),
        ({"dc"}, "auto", "", ("direct", "dc")),
        ({"dc", "residential"}, "auto", "no consent", ("direct", "dc")),
        ({"dc", "residential"}, "auto", "", ("direct", "dc", "residential")),
        ({"dc"}, "none", "", ("direct",)),
        ({"mobile"}, "auto", "", ("direct",)),
    ],
)
def test_tiers_that_may_be_climbed_to(alive, strategy, residential, tiers):
    """S78: residential only with all consents; mobile only where a profile lists it."""
    wanted = ("direct", "dc", "isp", "residential")
    assert allowed_tiers(wanted, alive, strategy, residential) == tiers


class Wanting:
    """An extraction whose page wants one further address, as adapters do."""

    def __init__(self, house, path):
        self.real, self.path = house.deps.extract, path
        object.__setattr__(house.deps, "extract", self)

    def __call__(self, body, kind, url, *rest, **named):
        from dataclasses import replace

        found = self.real(body, kind, url, *rest, **named)
        return replace(found, wants=[url.rsplit("/", 2)[0] + self.path])


@pytest.mark.parametrize(("status", "warned"), [(200, False), (500, True)])
def test_what_an_adapter_wants_is_fetched_in_the_same_claim(house, shop, status, warned):
    """S85, S97."""
    Wanting(house, "/variants.json")
    shop.rules["/variants.json"] = lambda _: web.json_response({"v": 1}, status=status)
    job_id = house.make(shop, ["/p/1"])
    house.run()
    row = house.pages(job_id)["/p/1"]
    assert house.outcomes(job_id) == {"/p/1": "ok"}
    assert shop.hits["/variants.json"] == 1
    assert row["data_full"]["second_request"] is True
    assert ("variants_unavailable" in row["warnings"]) is warned
    assert house.job(job_id)["traffic_bytes"] > row["bytes_in"]


def test_what_robots_txt_forbids_is_not_fetched_for_an_adapter(house, shop):
    Wanting(house, "/variants.json")
    shop.robots = "User-agent: *\nDisallow: /variants\n"
    job_id = house.make(shop, ["/p/1"])
    house.run()
    assert shop.hits["/variants.json"] == 0
    assert "variants_unavailable" in house.pages(job_id)["/p/1"]["warnings"]


def test_redirects_stay_on_the_site_and_within_robots_txt(house, shop):
    shop.robots = "User-agent: *\nDisallow: /private\n"

    def to(target):
        return lambda _: web.Response(status=302, headers={"Location": target})

    shop.rules |= {
        "/p/1": to("/p/9"),
        "/p/2": to("/private/1"),
        "/p/3": to("https://example.org/"),
    }
    job_id = house.make(shop, ["/p/1", "/p/2", "/p/3"], min_coverage=0)
    house.run()
    urls = house.urls(job_id)
    assert urls["/p/1"]["outcome"] == "ok"
    assert house.pages(job_id)["/p/1"]["final_url"] == shop.url("/p/9")
    assert (urls["/p/2"]["outcome"], urls["/p/2"]["error_class"]) == ("skipped", "robots")
    assert urls["/p/3"]["error_class"] == "off_domain_redirect"
    assert shop.hits["/private/1"] == 0


def test_pages_are_kept_when_asked_for(house, shop):
    """S126."""
    kept = []

    def keep(job_id, key, body):
        kept.append((job_id, key, body))
        return f"html/{len(kept)}"

    object.__setattr__(house.deps, "keep_page", keep)
    job_id = house.make(shop, ["/p/1"], keep_html=True)
    house.run()
    assert [(item[0], b"</html>" in item[2]) for item in kept] == [(job_id, True)]
    assert house.pages(job_id)["/p/1"]["html_path"] == "html/1"


def test_respect_robots_false_is_the_profile_s_to_say(house, shop):
    shop.robots = "User-agent: *\nDisallow: /\n"
    house.profile("127.0.0.1", ports=[shop.port], policies_override=QUICK, respect_robots=False)
    job_id = house.make(shop, ["/p/1"])
    house.run()
    assert house.outcomes(job_id) == {"/p/1": "ok"}
    assert shop.hits["/robots.txt"] == 0


class ForwardProxy:
    """A plain HTTP proxy on loopback that adds a mark; `broken` ones hang up."""

    def __init__(self):
        import socket

        self.seen, self.broken = [], False
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(client,), daemon=True).start()

    def _one(self, client):
        import re
        import socket

        with client:
            head = b""
            while b"\r\n\r\n" not in head:
                part = client.recv(65536)
                if not part:
                    return
                head += part
            line = head.split(b"\r\n", 1)[0].decode()
            self.seen.append(line)
            if self.broken:
                return
            found = re.match(r"(\w+) (?:http://)?([\d.]+):(\d+)(\S*) ", line)
            with socket.create_connection((found[2], int(found[3]))) as there:
                if found[1] == "CONNECT":
                    client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                    _pipe(client, there)
                    return
                rest = head.split(b"\r\n", 1)[1]
                there.sendall(f"{found[1]} {found[4]} HTTP/1.1\r\n".encode() + rest)
                _pipe(client, there)


def _pipe(one, two):
    import contextlib
    import selectors

    with contextlib.suppress(OSError), selectors.DefaultSelector() as ready:
        ready.register(one, selectors.EVENT_READ, two)
        ready.register(two, selectors.EVENT_READ, one)
        while True:
            for key, _ in ready.select():
                data = key.fileobj.recv(65536)
                if not data:
                    return
                key.data.sendall(data)


@pytest.fixture
def proxy(house):
    made = ForwardProxy()
    text = f"http://user:secret@127.0.0.1:{made.port}"
    import_proxies(
        house.db, house.deps.sealer, text, tier="dc", provider="p1", cost_per_gb=Decimal(1000)
    )
    yield made
    made.server.close()


def test_a_proxied_step_names_its_proxy_and_counts_its_cost(house, shop, proxy):
    """S77, S23."""
    job_id = house.make(shop, ["/p/1"])
    with house.db.tx() as conn:
        conn.execute(sa.update(job_urls).values(fetcher="http", tier="dc"))
    house.run()
    row, job = house.pages(job_id)["/p/1"], house.job(job_id)
    assert row["outcome"] == "ok", (row["error_class"], row["error_message"])
    assert row["strategy_used"] == "http/dc"
    assert row["proxy_used"].startswith("dc#")
    assert "secret" not in str(row)
    assert proxy.seen
    assert 0 < job["cost"] < 1
    with house.db.read() as conn:
        used = conn.execute(sa.select(proxies.c.ok_count, proxies.c.bytes_used)).one()
    assert used.ok_count == 1
    assert used.bytes_used > 1000


def test_a_broken_proxy_ends_in_an_error_of_its_own(house, shop, proxy):
    proxy.broken = True
    job_id = house.make(shop, ["/p/1"], min_coverage=0)
    with house.db.tx() as conn:
        conn.execute(sa.update(job_urls).values(fetcher="http", tier="dc"))
    house.run()
    row = house.urls(job_id)["/p/1"]
    assert (row["outcome"], row["tier"]) == ("error", "dc")
    assert shop.hits["/p/1"] == 0
    assert {Step(item["fetcher"], item["tier"]) for item in row["step_log"]} == {Step("http", "dc")}


def test_firecrawl_needs_the_switch():
    class Ctx:
        class options:  # noqa: N801
            enable_firecrawl = False

    assert firecrawl_options(Ctx, ["k"], {}) is None
    Ctx.options.enable_firecrawl = True
    asked = {"firecrawl": {"zero_data_retention": True, "max_age_ms": 5}}
    options = firecrawl_options(Ctx, ["", "k"], asked)
    assert [key.get_secret_value() for key in options.keys] == ["k"]
    assert (options.zero_data_retention, options.max_age_ms) == (True, 5)


def test_a_page_with_nothing_but_a_script_is_no_page(house, shop):
    """S58: js_required without a browser ends as an error of that class."""
    shell = (
        "<html><title>x</title><body><div id=app></div><script src=/a.js></script></body></html>"
    )
    shop.rules["/p/1"] = lambda _: page(shell)
    shop.rules["/p/2"] = lambda _: page(product_page(2))
    job_id = house.make(shop, ["/p/1", "/p/2"], fetchers=["http", "http_tls"], min_coverage=0)
    house.run()
    row = house.urls(job_id)["/p/1"]
    assert (row["outcome"], row["error_class"]) == ("error", "js_required")
    assert house.urls(job_id)["/p/2"]["outcome"] == "ok"

"""Two crawls of a shop, one that is held, one that runs, one that waits, and what they led to."""

from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from povod.app.house import House
from povod.crawl.frontier import count_urls
from povod.crawl.urlkey import url_key
from povod.kit.clock import FixedClock
from povod.kit.ids import new_id
from povod.sites.deps import JobContext
from povod.sites.finish.finalize import Finisher
from povod.sites.options import JobOptions
from povod.sites.states import job_topic
from povod.sites.verdict import judge
from povod.store.tables import (
    clients,
    companies,
    company_domains,
    crawl_hosts,
    events,
    job_urls,
    jobs,
    pages,
    proxies,
    site_profiles,
    snapshots,
)

DOMAIN = "kraski.ru"
HOSTILE = '<script>alert("7")</script><img src=x onerror=alert(8)>'
_COUNTERS = {"success_urls": 0, "failed_urls": 0, "gone_urls": 0, "skipped_urls": 0}


@dataclass
class SiteRows:
    """Ids that tests ask for by name."""

    first: str = ""
    second: str = ""
    held: str = ""
    running: str = ""
    queued: str = ""
    company: str = ""
    client: str = ""
    event: str = ""
    products: dict[str, str] = field(default_factory=dict)


def product(name: str, price: str, **more: Any) -> dict[str, Any]:
    """A product as extraction writes it."""
    full = {"name": name, "price": price, "currency": "RUB", "availability": "in_stock"}
    full |= {"stock": 12, "sku": "K-" + price, "brand": "Радуга", "category": "Краски"}
    full |= {"sources": {"name": "json_ld", "price": "json_ld", "stock": "generic"}}
    return {**full, "images": [], "attrs": {}, "variants": [], "breadcrumbs": [], **more}


def variant(key: str, price: str) -> dict[str, Any]:
    own = {"id": key, "variant_key": key, "sku": None, "url": None, "type": "Цвет"}
    own |= {"value": "синий", "price": price, "stock": 3, "in_stock": True}
    return {**own, "attributes": {"Цвет": "синий"}}


def catalogue(step: int) -> dict[str, Any]:
    """What the shop shows: prices rise, one product goes, another comes."""
    seen: dict[str, Any] = {
        f"/kraska-{n}": product(f"Краска фасадная {n} л", f"{890 + n * 110 + step * 45 * (n % 3)}")
        for n in range(1, 7)
    }
    seen["/emal"] = product("Эмаль ПФ-115", "320", variants=[variant("v1", str(320 + step * 10))])
    seen["/odd"] = product(HOSTILE, "77.50", brand=HOSTILE, stock=None)
    seen["/lak"] = "gone" if step else product("Лак паркетный", "1450")
    seen["/kist"] = product("Кисть плоская", "95") if step else "skipped"
    seen |= {"/zakryto": "blocked", "/upal": "error"} if step else {}
    return seen


@dataclass
class Crawls:
    """Fabricates the end of crawls."""

    house: House

    def run(self, seen: dict[str, Any], domain: str = DOMAIN, **columns: Any) -> str:
        job_id = self._put_job(domain, {"status": "running", "phase": "finalize", **columns})
        with self.house.db.tx() as conn:
            for position, (path, what) in enumerate(seen.items()):
                self._put_page(conn, job_id, domain, position, path, what)
        self._finish(job_id)
        return job_id

    def _put_job(self, domain: str, columns: dict[str, Any]) -> str:
        clock = self.house.clock
        assert isinstance(clock, FixedClock)
        clock.advance(timedelta(days=3))
        row: dict[str, Any] = {"id": new_id(), "domain": domain, "options": {"domain": domain}}
        row |= {"input_kind": "sitemap_url", "input_ref": f"https://{domain}/sitemap.xml"}
        row |= {"started_at": clock.now() - timedelta(minutes=6), "created_by": "olga"}
        row |= {"rights_by": "olga", "rights_how": "ui", "rights_at": clock.now()}
        row |= {"created_at": clock.now() - timedelta(minutes=7), **columns}
        with self.house.db.tx() as conn:
            conn.execute(sa.insert(jobs).values(**row))
        return str(row["id"])

    def _put_page(
        self, conn: Any, job_id: str, domain: str, position: int, path: str, what: Any
    ) -> None:
        url, now = f"https://{domain}{path}", self.house.clock.now()
        outcome = what if isinstance(what, str) else "ok"
        place = {"job_id": job_id, "url": url, "url_key": url_key(url)}
        reasons = {"blocked": "captcha", "error": "http_5xx", "skipped": "budget"}
        line = {**place, "host": domain, "position": position, "state": "done", "attempts": 3}
        line |= {"outcome": outcome, "reason": reasons.get(outcome, ""), "finished_at": now}
        conn.execute(sa.insert(job_urls).values(**line, fetcher="http", tier="direct"))
        if outcome == "skipped":
            return
        page = {**place, "outcome": outcome, "fetched_at": now, "final_url": url}
        page |= {"http_status": {"gone": 404, "blocked": 403, "error": 502}.get(outcome, 200)}
        if outcome in reasons:
            page |= {"error_message": f"the server said {HOSTILE}", "strategy_used": "http"}
        if outcome == "ok":
            page |= {"page_kind": "product", "data_full": what, "title": what["name"]}
            page |= {"h1": what["name"], "text_hash": what["name"], "content_hash": "ab12" * 16}
            page |= {"data_seo": {"title": what["name"]}, "strategy_used": "http:direct"}
        conn.execute(sa.insert(pages).values(**page))

    def _finish(self, job_id: str) -> None:
        house, deps = self.house, self.house.sites.deps
        with house.db.read() as conn:
            job = dict(conn.execute(sa.select(jobs).where(jobs.c.id == job_id)).mappings().one())
            counts = count_urls(conn, job_id)
        verdict = judge(counts, min_coverage=0.5, input_complete=True, stop_reason="")
        run: Any = SimpleNamespace(cancelled=lambda: False, progressed=lambda: None)
        context = JobContext(deps, job, JobOptions.parse(job["options"]), {}, run)
        result = Finisher(house.sites.exports)(context, verdict)
        figures = {"total_urls": counts.total, "traffic_bytes": 3_400_000}
        figures |= {"success_urls": counts.ok, "gone_urls": counts.gone}
        figures |= {"failed_urls": counts.blocked + counts.error, "skipped_urls": counts.skipped}
        end = {"status": "partial" if result.held else verdict.status, **figures}
        end |= {"stop_reason": "diff_held"} if result.held else {}
        with house.db.tx() as conn:
            done = sa.update(jobs).where(jobs.c.id == job_id)
            conn.execute(done.values(finished_at=house.clock.now(), **end))


def watch(house: House) -> SiteRows:
    """Fill the house."""
    rows, crawls = SiteRows(), Crawls(house)
    rows.company, rows.client = _client(house)
    rows.first = crawls.run(catalogue(0))
    rows.second = crawls.run(catalogue(1), label="осень")
    many = {f"/tovar-{n}": product(f"Товар {n}", "100") for n in range(40)}
    crawls.run(many, "bolshoy.ru")
    few = {path: "gone" if n < 30 else what for n, (path, what) in enumerate(many.items())}
    rows.held = crawls.run(few, "bolshoy.ru")
    rows.running = _running(house, crawls)
    queued = {"status": "queued", "phase": "input", "started_at": None}
    rows.queued = crawls._put_job("xn--80atjc.xn--p1ai", queued)
    with house.db.read() as conn:
        query = sa.select(snapshots.c.url_key, snapshots.c.id, snapshots.c.variant_key)
        for key, snapshot_id, variant_key in conn.execute(query):
            rows.products[key.rpartition("/")[2] + variant_key] = str(snapshot_id)
        found = sa.select(events.c.id).where(events.c.event_key == f"site:{rows.second}")
        rows.event = str(conn.execute(found).scalar() or "")
    _equipment(house)
    return rows


def _client(house: House) -> tuple[str, str]:
    company, client, now = new_id(), new_id(), house.clock.now()
    seen = {"first_seen_at": now, "last_seen_at": now}
    site = {"canonical_domain": DOMAIN, "website_url": f"https://{DOMAIN}/"}
    person = {"first_name": "Анна", "last_name": "Петрова", "email": f"anna@{DOMAIN}"}
    with house.db.tx() as conn:
        conn.execute(companies.insert().values(id=company, name="Краски «Радуга»", **site, **seen))
        place = {"company_id": company, "domain": DOMAIN, "kind": "primary", "since": now}
        conn.execute(company_domains.insert().values(**place))
        conn.execute(clients.insert().values(id=client, company_id=company, **person))
    return company, client


def _running(house: House, crawls: Crawls) -> str:
    counts = {"total_urls": 400, "success_urls": 128, "failed_urls": 4, "skipped_urls": 2}
    state = {"status": "running", "phase": "crawl", "traffic_bytes": 5_500_000, **counts}
    job_id = crawls._put_job("idet.ru", {**state, "heartbeat_at": house.clock.now()})
    topic = job_topic(job_id)
    house.events.emit(topic, "state", {"from": "queued", "to": "running", "by": "worker"})
    page = {"url": "https://idet.ru/tovar", "outcome": "blocked", "reason": "captcha"}
    house.events.emit(topic, "page", {**page, "fetcher": "http", "tier": "direct", "status": 403})
    told = {"rate": 2.4, "eta_s": 115, "progress": 0.335, "counters": _COUNTERS}
    house.events.emit(topic, "progress", told)
    house.events.flush()
    return job_id


def _equipment(house: House) -> None:
    host = {"host": "idet.ru", "delay_ms": 1500, "requests": 134, "breaker": "open"}
    until = house.clock.now() + timedelta(minutes=5)
    proxy = {"scheme": "socks5", "host": "203.0.113.7", "port": 1080, "username": "geheim"}
    with house.db.tx() as conn:
        conn.execute(crawl_hosts.insert().values(**host, breaker_until=until, robots_status=200))
        conn.execute(proxies.insert().values(**proxy, password_sealed="x", tier="dc", ok_count=9))
        data = {"min_delay_ms": 1500, "exclude": ["*/reviews/*"]}
        conn.execute(
            site_profiles.insert().values(domain=DOMAIN, version=2, data=data, updated_by="olga")
        )

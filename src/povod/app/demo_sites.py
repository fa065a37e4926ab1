"""The demo's second act: a shop is watched, twenty things change in it, one of them is a reason."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from povod.app import running
from povod.app.house import House
from povod.app.truth import Score
from povod.book.clients.model import Author, Ground
from povod.delivery.states import Actor
from povod.kit.errors import ConflictError
from povod.sandbox.process import SandboxProcess
from povod.sites.start import Order, Source
from povod.store.tables import (
    clients,
    companies,
    contacts,
    events,
    exports,
    jobs,
    site_profiles,
    snapshot_versions,
    snapshots,
)
from povod.store.upsert import insert_new

Say = Callable[[str], None]
SHOP = "dom-uyut.ru"
CHANGES = {"count": 20, "seed": 3}
# The shop is on this machine: nobody is hurt by haste.
HASTE = {"politeness": {"min_delay_ms": 0}}
# What is sold, and what a search engine reads of it.
COMPARED = ["price", "currency", "availability", "title", "stock", "name", "meta_description"]
ANNA = Author("demo")


@dataclass(frozen=True)
class SitesResult:
    """What became of the shop: counts, and the diff beside what was planted."""

    figures: Mapping[str, int]
    scores: list[Score]


def play(house: House, world: SandboxProcess, data: Path, say: Say) -> SitesResult:
    """Crawl, let things change, crawl again, write about it; what is done already is kept."""
    truth_file = data / "shop_truth.json"
    client = _client(house)
    _profile(house, client)
    if _jobs_done(house) == 0:
        say(f"3. watch a shop: every page of https://{SHOP}/sitemap.xml")
        _crawl(house, say)
    if _jobs_done(house) == 1:
        world.post(f"/sandbox/shops/{SHOP}/changes", CHANGES)
        truth = world.get(f"/sandbox/shops/{SHOP}/truth")
        truth_file.write_text(json.dumps(truth), encoding="utf-8")
        say(f"   {CHANGES['count']} things change in the shop; look again")
        _crawl(house, say)
    _write(house, say)
    truth = json.loads(truth_file.read_text(encoding="utf-8"))
    return SitesResult(_figures(house), _scores(house, truth))


def _client(house: House) -> str:
    """A found company becomes a client: the one with the best address."""
    query = (
        sa.select(companies.c.id)
        .join(contacts, contacts.c.company_id == companies.c.id)
        .where(
            companies.c.duplicate_of.is_(None),
            contacts.c.contact_type == "email",
            contacts.c.is_primary,
            contacts.c.status == "active",
        )
        .order_by(contacts.c.rank.desc(), companies.c.id)
    )
    with house.db.tx() as conn:
        company = conn.execute(query.limit(1)).scalar_one()
        try:
            ground = Ground("existing_client", "договор из примера")
            return house.book.client_of_company(conn, company, ANNA, ground=ground)
        except ConflictError as known:
            return str(known.extra["client_id"])


def _profile(house: House, client: str) -> None:
    """Whose shop it is, and that it may be visited in haste."""
    row = {"domain": SHOP, "client_id": client, "data": {"policies_override": HASTE}}
    with house.db.tx() as conn:
        insert_new(conn, site_profiles, [row], ["domain"])


def _crawl(house: House, say: Say) -> None:
    source = Source(sitemap_url=f"https://{SHOP}/sitemap.xml")
    options = {"max_concurrency": 5, "traffic_budget_mb": 50, "compare": COMPARED}
    started = house.sites.start(Order(source=source, options=options, by="demo", how="cli"))
    running.until_idle(house, jump=False)
    job = house.sites.response(started.job["id"])
    diff = ", ".join(f"{name} {n}" for name, n in job["diff"].items() if name != "state" and n)
    say(f"   {job['status']}: {job['success_urls']} of {job['total_urls']} pages; {diff}")


def _jobs_done(house: House) -> int:
    query = sa.select(sa.func.count()).where(
        jobs.c.domain == SHOP, jobs.c.status.in_(["succeeded", "partial"])
    )
    with house.db.read() as conn:
        return conn.execute(query).scalar_one()


def _write(house: House, say: Say) -> None:
    """The change is a reason: a letter, approved by the person whom the demo plays."""
    query = sa.select(events.c.id, events.c.metadata).where(events.c.event_type == "site_change")
    with house.db.read() as conn:
        found = [row for row in conn.execute(query) if "message_id" not in row.metadata]
    for event in found:
        letter = house.greetings.letter_about_site(event.id, Actor("operator", "demo"))
        house.approve(letter, actor="demo", note="повод верный")
        say("   a changed price is a reason to write: the letter is approved and on its way")
    running.until_idle(house, approve=False)


def _figures(house: House) -> dict[str, int]:
    with house.db.read() as conn:

        def count(table: sa.Table, *where: Any) -> int:
            query = sa.select(sa.func.count()).select_from(table).where(*where)
            return conn.execute(query).scalar_one()

        seen = sa.select(sa.func.coalesce(sa.func.sum(jobs.c.success_urls), 0))
        return {
            "site_jobs": count(jobs, jobs.c.domain == SHOP),
            "pages": conn.execute(seen.where(jobs.c.domain == SHOP)).scalar_one(),
            "files": count(exports),
            "reasons": count(events, events.c.event_type == "site_change"),
            "clients_of_companies": count(clients, clients.c.source == "leads"),
        }


def _scores(house: House, truth: Mapping[str, Any]) -> list[Score]:
    """Changed, new and removed addresses, told by the second job, beside the planted ones."""
    last = sa.select(sa.func.max(jobs.c.id)).where(jobs.c.domain == SHOP).scalar_subquery()
    version = snapshot_versions.c
    query = (
        sa.select(version.change_type, snapshots.c.url)
        .join(snapshots, snapshots.c.id == version.snapshot_id)
        .where(version.job_id == last)
    )
    with house.db.read() as conn:
        found = {(row.change_type, row.url) for row in conn.execute(query)}
    planted = {("MODIFIED", one["url"]) for one in truth["modified"]}
    planted |= {("ADDED", url) for url in truth["new"]}
    planted |= {("REMOVED", url) for url in truth["removed"]}
    return [Score("changes in the shop", len(found), len(planted), len(found & planted))]

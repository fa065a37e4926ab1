"""Is a domain's mail served in Russia? Asked of DNS at delivery time, cached (D50-D52)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import dns.exception
import dns.resolver
import sqlalchemy as sa

from povod.delivery.office import Office
from povod.store.tables import mx_cache
from povod.store.upsert import upsert

RU, OTHER, UNKNOWN = "RU", "OTHER", "UNKNOWN"
KEEP = timedelta(hours=168)
KEEP_UNKNOWN = timedelta(minutes=60)
RU_TLDS = ("ru", "su", "xn--p1ai", "xn--p1acf", "moscow", "moskva", "xn--80adxhks")
RU_HOSTS = (
    *("beget.com", "facct.email", "lancloud.ru", "lukoil.com", "mail.ru", "masterhost.ru"),
    *("mchost.ru", "netangels.ru", "rambler-co.ru", "rambler.ru", "runity.ru", "selectel.org"),
    *("sevstar.net", "sprinthost.ru", "timeweb.ru", "vtbcapital.ru", "yandex.net", "yandex.ru"),
)
"""Mail servers of Russian providers and firms; those under a Russian ending need no entry."""

Resolve = Callable[[str], list[str]]
"""MX hosts of a domain; raises `dns.exception.DNSException` when nobody answers."""


@dataclass(frozen=True)
class MxAnswer:
    """Class of a domain, the hosts that gave it, and when they were asked."""

    mx_class: str
    records: list[str]
    checked_at: datetime | None


def class_of(hosts: Sequence[str]) -> str:
    """RU if any host ends, by whole labels, in a pattern or a Russian ending."""
    for host in hosts:
        name = host.rstrip(".").lower()
        if any(name == end or name.endswith(f".{end}") for end in (*RU_HOSTS, *RU_TLDS)):
            return RU
    return OTHER


def resolver(settings_resolvers: Sequence[str], timeout_ms: int) -> Resolve:
    """A resolver that asks the given servers and, on any error, the system's once (D50)."""

    def ask(domain: str, servers: Sequence[str]) -> list[str]:
        client = dns.resolver.Resolver(configure=not servers)
        if servers:
            client.nameservers = [server.partition(":")[0] for server in servers]
            ports = {s.partition(":")[0]: int(s.partition(":")[2] or 53) for s in servers}
            client.nameserver_ports = ports
        client.lifetime = timeout_ms / 1000
        answer = client.resolve(domain, "MX")
        return sorted(str(record.exchange).rstrip(".").lower() for record in answer)

    def resolve(domain: str) -> list[str]:
        try:
            return ask(domain, settings_resolvers)
        except dns.exception.DNSException:
            return ask(domain, ())

    return resolve


def known(office: Office, domain: str) -> MxAnswer | None:
    """Class of a domain without asking DNS: forced list, fresh cache row."""
    now = office.clock.now()
    if domain in office.settings.routing_force_ru_domains:
        return MxAnswer(RU, [], now)
    query = sa.select(mx_cache).where(mx_cache.c.id == f"mx:{domain}", mx_cache.c.expires_at > now)
    with office.db.read() as conn:
        row = conn.execute(query).first()
    return None if row is None else MxAnswer(row.mx_class, row.records, row.checked_at)


def classify(office: Office, domain: str, resolve: Resolve) -> MxAnswer:
    """Class of a recipient's domain: what is known, else DNS, whose answer is then cached."""
    found_before = known(office, domain)
    if found_before is not None:
        return found_before
    now = office.clock.now()
    try:
        hosts = resolve(domain)
        found = class_of(hosts)
    except dns.exception.DNSException:
        hosts, found = [], UNKNOWN
    fresh = {
        "id": f"mx:{domain}",
        "mx_class": found,
        "records": hosts,
        "checked_at": now,
        "expires_at": now + (KEEP_UNKNOWN if found == UNKNOWN else KEEP),
    }
    with office.db.tx() as conn:
        columns = ["mx_class", "records", "checked_at", "expires_at"]
        upsert(conn, mx_cache, [fresh], ["id"], columns)
    return MxAnswer(found, hosts, now)

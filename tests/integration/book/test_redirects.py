"""A home page that ends on another domain: renamed, merged, parked, or left as it is."""

import pytest
import sqlalchemy as sa

from povod.book.companies import Sighting, dedupe_hash, find_owners, see
from povod.book.redirects import MOST_MOVERS, Move, follow, suspect
from povod.store.tables import companies, company_domains, company_merges, dedup_pairs


@pytest.fixture
def make(db, clock):
    def company(domain: str) -> str:
        with db.tx() as conn:
            seen = see(conn, clock.now(), [Sighting(domain, domain, domain)])
        return seen[domain].company_id

    return company


@pytest.fixture
def lead(db, clock):
    def to(company_id: str, old: str, new: str) -> str:
        with db.tx() as conn:
            return follow(conn, clock, Move(company_id, old, new, (f"https://{old}/",)))

    return to


def row(db, company_id: str):
    with db.read() as conn:
        return conn.execute(sa.select(companies).where(companies.c.id == company_id)).one()


def domains(db, company_id: str) -> dict[str, str]:
    query = sa.select(company_domains).where(company_domains.c.company_id == company_id)
    with db.read() as conn:
        return {found.domain: found.kind for found in conn.execute(query)}


def test_a_domain_of_nobody_becomes_the_companys_own(db, make, lead):
    company = make("staraya.ru")
    assert lead(company, "staraya.ru", "novaya.ru") == "renamed"
    assert domains(db, company) == {"staraya.ru": "alias", "novaya.ru": "primary"}
    assert row(db, company).canonical_domain == "novaya.ru"
    assert row(db, company).dedupe_hash == dedupe_hash("novaya.ru")
    assert lead(company, "novaya.ru", "novaya.ru") == "same"


def test_the_domain_of_another_company_makes_them_one(db, make, lead):
    target, mover = make("glavnaya.ru"), make("kopiya.ru")
    assert lead(mover, "kopiya.ru", "glavnaya.ru") == "merged"
    assert row(db, mover).duplicate_of == target
    with db.read() as conn:
        merge = conn.execute(sa.select(company_merges)).one()
        assert find_owners(conn, ["kopiya.ru"]) == {"kopiya.ru": target}
    assert (merge.reason, merge.evidence["to"]) == ("canonical", "glavnaya.ru")
    assert lead(mover, "kopiya.ru", "glavnaya.ru") == "same"


def test_a_domain_to_which_many_lead_proves_nothing(db, make, lead):
    target = make("obshchaya.ru")
    movers = [make(f"firma{number}.ru") for number in range(MOST_MOVERS + 1)]
    ends = [lead(m, f"firma{n}.ru", "obshchaya.ru") for n, m in enumerate(movers)]
    assert ends == ["merged"] * MOST_MOVERS + ["parked"]
    assert row(db, movers[-1]).duplicate_of is None
    assert row(db, target).duplicate_of is None


def test_a_canonical_link_alone_is_for_a_person_to_judge(db, make):
    one, two = make("odna.ru"), make("drugaya.ru")
    with db.tx() as conn:
        assert suspect(conn, one, "drugaya.ru")
        assert not suspect(conn, two, "odna.ru")
        assert not suspect(conn, one, "odna.ru")
        assert not suspect(conn, one, "neizvestnaya.ru")
        pair = conn.execute(sa.select(dedup_pairs)).one()
    assert (pair.a, pair.b) == (min(one, two), max(one, two))
    assert (pair.status, pair.guard) == ("review", "canonical_link")

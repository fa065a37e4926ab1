"""Facts by INN: stub, own file, DaData over HTTP; cache, limits, stops (G118-G122, G199-G201)."""

from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa

from povod.app.worlds import world_environ
from povod.book.enrich.build import build_enricher, load_own_reference
from povod.book.enrich.enricher import party_of
from povod.book.enrich.party import UnavailableError
from povod.book.enrich.stub import PARTIES
from povod.engine.quotas import Quotas
from povod.kit.errors import ConfigurationError, InputError
from povod.kit.ids import new_id
from povod.kit.inn import inn_with_check, is_valid_inn
from povod.kit.settings import load_settings
from povod.sandbox.process import start_sandbox
from povod.store.tables import clients, companies, inn_cache

INN = inn_with_check("770708389")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with start_sandbox(tmp_path_factory.mktemp("register"), sites=3) as process:
        yield process


@pytest.fixture
def enricher(db, clock, world):
    """Enrichment as the settings say; the sandbox's journal begins anew."""

    def make(**given):
        environ = world_environ(world)
        settings = load_settings(environ, None, **given)
        return build_enricher(settings, db, clock, Quotas(db, clock))

    with httpx.Client(base_url=world.api_url) as client:
        client.delete("/sandbox/journal")
        client.delete("/sandbox/dadata/faults")
    return make


@pytest.fixture
def asked(world):
    def count():
        answer = httpx.get(f"{world.api_url}/sandbox/journal", params={"service": "dadata"})
        return answer.json()["total"]

    return count


def plan(world, **fault):
    httpx.post(f"{world.api_url}/sandbox/dadata/faults", json=fault).raise_for_status()


def add_client(db, inn, **values):
    row = {"id": new_id(), "company_name": "", "first_name": "Анна", "inn": inn, **values}
    with db.tx() as conn:
        conn.execute(sa.insert(clients), [row])
    return row["id"]


def test_the_invented_companies_are_twenty_and_right():
    assert len(PARTIES) == 20
    assert all(is_valid_inn(inn) for inn in PARTIES)
    assert sum(not party.is_active for party in PARTIES.values()) == 1


def test_the_stub_touches_demo_rows_only(db, enricher):
    inn = next(iter(PARTIES))
    real, demo = add_client(db, inn), add_client(db, inn, is_demo=True)
    stub = enricher()
    assert stub.enrich(inn).party.okved == "41.20"
    with db.read() as conn:
        okved = dict(conn.execute(sa.select(clients.c.id, clients.c.okved)).all())
    assert okved == {real: "", demo: "41.20"}
    assert stub.lookup(INN).party is None


@pytest.mark.parametrize("inn", ["0000000000", "7707083894", "１２３４５６７８９０", "", "ab"])
def test_an_invalid_inn_never_reaches_the_provider(enricher, asked, inn):
    with pytest.raises(InputError):
        enricher(enrichment_mode="dadata").lookup(inn)
    assert asked() == 0


def test_dadata_is_asked_once_and_then_the_cache(db, clock, enricher, asked):
    register = enricher(enrichment_mode="dadata")
    party = register.lookup(INN).party
    assert (party.inn, party.source, party.is_active) == (INN, "dadata", True)
    assert party.okved
    assert party.director
    register.lookup(f"ИНН {INN[:4]} {INN[4:]}")
    assert asked() == 1
    clock.advance(timedelta(days=30, seconds=1))
    register.lookup(INN)
    assert asked() == 2


def test_what_the_register_does_not_know_is_remembered_for_a_week(clock, world, enricher, asked):
    (unknown,) = fates(world)["empty"][:1]
    register = enricher(enrichment_mode="dadata")
    assert register.lookup(unknown).party is None
    assert register.lookup(unknown).party is None
    assert asked() == 1
    clock.advance(timedelta(days=7, seconds=1))
    register.lookup(unknown)
    assert asked() == 2


def fates(world):
    found = httpx.get(f"{world.api_url}/sandbox/dadata").json()["inns"]
    return {name: [inns] if isinstance(inns, str) else list(inns) for name, inns in found.items()}


def test_facts_go_to_the_company_and_the_client_but_the_director_does_not(db, clock, enricher):
    now = clock.now()
    company = {"id": new_id(), "name": "Имя", "inn": INN, "first_seen_at": now}
    with db.tx() as conn:
        conn.execute(sa.insert(companies), [{**company, "last_seen_at": now}])
    client = add_client(db, INN, last_name="Петрова", position="директор")
    party = enricher(enrichment_mode="dadata").enrich(INN).party
    with db.read() as conn:
        row = conn.execute(sa.select(companies)).one()
        person = conn.execute(sa.select(clients).where(clients.c.id == client)).one()
        assert party_of(conn, INN) == party
    assert row.ogrn == party.ogrn
    assert row.attributes["register"]["director"] == party.director
    assert row.field_sources["ogrn"] == "requisites"
    assert person.okved == party.okved_2014
    assert (person.last_name, person.position) == ("Петрова", "директор")


def test_a_liquidated_company_is_not_active(world, enricher):
    (inn,) = fates(world)["liquidated"][:1]
    assert not enricher(enrichment_mode="dadata").lookup(inn).party.is_active


def test_an_old_answer_stands_in_for_a_silent_provider(clock, world, enricher):
    register = enricher(enrichment_mode="dadata")
    party = register.lookup(INN).party
    clock.advance(timedelta(days=40))
    plan(world, kind="http_500", times=1)
    answer = register.lookup(INN)
    assert (answer.party, answer.stale) == (party, True)
    plan(world, kind="http_500", times=1)
    with pytest.raises(UnavailableError, match="500"):
        register.lookup(inn_with_check("770708390"))


def batch(count):
    return [inn_with_check(f"7801{n:05}") for n in range(count)]


def test_a_used_up_day_stops_the_batch_and_a_restart_remembers(db, clock, enricher, asked):
    quota = {"enrichment_mode": "dadata", "dadata_api_key": "sandbox-dadata-quota"}
    result = enricher(**quota).enrich_due(100, batch(5))
    assert (result.failed, result.found, asked()) == (1, 0, 1)
    assert "used up" in result.stopped
    again = enricher(**quota).enrich_due(100, batch(5))
    assert (again.failed, asked()) == (1, 1)
    clock.advance(timedelta(hours=24))
    enricher(**quota).enrich_due(100, batch(5))
    assert asked() == 2


def test_a_refused_key_is_off_until_it_changes(clock, enricher, asked):
    bad = {"enrichment_mode": "dadata", "dadata_api_key": "sandbox-dadata-bad"}
    assert "DADATA_API_KEY" in enricher(**bad).enrich_due(100, batch(3)).stopped
    clock.advance(timedelta(days=100))
    enricher(**bad).enrich_due(100, batch(3))
    assert asked() == 1
    assert enricher(enrichment_mode="dadata").enrich_due(100, batch(1)).found == 1


def test_the_daily_limit_is_counted_by_moscow_days(clock, enricher, asked):
    few = {"enrichment_mode": "dadata", "dadata_daily_limit": 3}
    result = enricher(**few).enrich_due(100, batch(5))
    assert (result.found, asked()) == (3, 3)
    assert "DADATA_DAILY_LIMIT" in result.stopped
    restarted = enricher(**few).enrich_due(100, batch(5)[3:])
    assert restarted.found == 0
    clock.advance(timedelta(hours=24))
    assert enricher(**few).enrich_due(100, batch(5)[3:]).found == 2


def test_busy_stops_and_says_when_to_come_again(enricher):
    busy = enricher(enrichment_mode="dadata", dadata_api_key="sandbox-dadata-busy")
    with pytest.raises(UnavailableError) as caught:
        busy.lookup(INN)
    assert caught.value.retry_after == 1
    assert caught.value.lasting


def test_the_nightly_batch_asks_for_clients_without_a_fresh_answer(db, enricher, asked):
    add_client(db, INN)
    add_client(db, INN, first_name="Борис")
    add_client(db, "", first_name="Вера")
    register = enricher(enrichment_mode="dadata")
    assert register.enrich_due(10).found == 1
    assert register.enrich_due(10).asked == 0
    assert asked() == 1


def test_dadata_without_a_key_names_the_variable(db, clock):
    settings = load_settings({}, None, enrichment_mode="dadata")
    with pytest.raises(ConfigurationError, match="DADATA_API_KEY"):
        build_enricher(settings, db, clock, Quotas(db, clock))


def test_an_own_file_fills_the_cache(db, clock, tmp_path):
    file = tmp_path / "companies.csv"
    file.write_text(
        "inn;name;okved;director;post;status;registered_on;ogrn\n"
        f"{INN};ООО «Ромашка»;41.20;Орлова А.С.;директор;ACTIVE;01.04.2005;1027700132195\n"
        "7707083894;Опечатка;1;;;;;\n",
        encoding="cp1251",
    )
    settings = load_settings({}, None, enrichment_mode="csv", enrichment_csv_file=file)
    for _ in range(2):
        loaded, problems = load_own_reference(settings, db, clock)
        assert loaded == 1
        assert [(problem.row, problem.column) for problem in problems] == [(3, "inn")]
    party = build_enricher(settings, db, clock, Quotas(db, clock)).lookup(INN).party
    assert (party.name, party.registered_on, party.ogrn) == (
        "ООО «Ромашка»",
        "2005-04-01",
        "1027700132195",
    )
    with db.read() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(inn_cache)).scalar() == 1


@pytest.mark.parametrize("text", ["", "name;okved\nА;1\n"])
def test_an_own_file_without_inns_is_refused(db, clock, tmp_path, text):
    file = tmp_path / "companies.csv"
    file.write_text(text)
    settings = load_settings({}, None, enrichment_mode="csv", enrichment_csv_file=file)
    with pytest.raises(InputError, match="inn"):
        load_own_reference(settings, db, clock)
    gone = load_settings({}, None, enrichment_csv_file=tmp_path / "none.csv")
    with pytest.raises(InputError, match="cannot be read"):
        load_own_reference(gone, db, clock)
    with pytest.raises(ConfigurationError, match="ENRICHMENT_CSV_FILE"):
        load_own_reference(load_settings({}, None), db, clock)

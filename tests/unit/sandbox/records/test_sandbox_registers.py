import asyncio

import httpx
import pytest
from starlette.applications import Starlette

from povod.kit.errors import InputError
from povod.kit.inn import is_valid_inn, is_valid_ogrn
from povod.sandbox.control import _route
from povod.sandbox.records.control import handlers
from povod.sandbox.records.crm import Crm
from povod.sandbox.records.dadata import DaData
from povod.sandbox.records.egrul import Egrul
from povod.sandbox.records.parties import SPECIAL, Parties
from povod.sandbox.world import build_world

PERSON_INN = "500100732259"
FIND = "/dadata/suggestions/api/4_1/rs/findById/party"


@pytest.fixture(scope="module")
def small_world():
    return build_world(7, 12)


@pytest.fixture
def services(small_world):
    parties = Parties(small_world)
    return DaData(parties), Egrul(parties), Crm()


@pytest.fixture
def ask(services):
    dadata, egrul, crm = services
    routes = [*dadata.routes(), *egrul.routes(), *crm.routes()]
    routes += [_route(*control) for control in handlers(*services)]

    async def send(method, path, **given):
        transport = httpx.ASGITransport(Starlette(routes=routes))
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            return await client.request(method, path, **given)

    def call(method, path, **given):
        return asyncio.run(send(method, path, **given))

    return call


def find(ask, inn, key="sandbox-dadata-key"):
    headers = {"Authorization": f"Token {key}"} if key else {}
    return ask("POST", FIND, json={"query": inn, "count": 10}, headers=headers)


@pytest.mark.parametrize(
    ("fate", "status"),
    [
        ("found", "ACTIVE"),
        ("liquidated", "LIQUIDATED"),
        ("liquidating", "LIQUIDATING"),
        ("bankrupt", "BANKRUPT"),
        ("reorganizing", "REORGANIZING"),
    ],
)
def test_companies_of_every_fate(ask, fate, status):
    assert is_valid_inn(SPECIAL[fate])
    data = find(ask, SPECIAL[fate]).json()["suggestions"][0]["data"]
    assert (data["inn"], data["type"], data["state"]["status"]) == (SPECIAL[fate], "LEGAL", status)
    assert is_valid_ogrn(data["ogrn"])
    assert data["management"]["name"]
    assert (data["state"]["liquidation_date"] is not None) == (status == "LIQUIDATED")


def test_a_trader_has_a_name_and_no_management(ask):
    data = find(ask, PERSON_INN).json()["suggestions"][0]["data"]
    assert (data["type"], data["kpp"], data["management"]) == ("INDIVIDUAL", None, None)
    assert len(data["ogrn"]) == 15
    assert is_valid_ogrn(data["ogrn"])
    assert data["name"]["full_with_opf"].startswith("Индивидуальный предприниматель ")
    assert data["fio"]["patronymic"]


@pytest.mark.parametrize("inn", [SPECIAL["empty"], "7707083894", "нет"])
def test_nobody_behind_a_number(ask, inn):
    assert find(ask, inn).json() == {"suggestions": []}


def test_companies_of_the_world_stand_in_the_register(ask, small_world):
    site = next(site for site in small_world.sites if len(site.inn) == 10)
    data = find(ask, site.inn).json()["suggestions"][0]["data"]
    assert data["name"]["short_with_opf"] == site.legal_name
    assert data["ogrn"] == site.requisites.ogrn
    assert data["management"]["name"] == site.requisites.director


@pytest.mark.parametrize(
    ("key", "status"),
    [
        ("", 401),
        ("sandbox-dadata-bad", 401),
        ("sandbox-dadata-quota", 403),
        ("sandbox-dadata-busy", 429),
    ],
)
def test_keys_decide(ask, key, status):
    answer = find(ask, SPECIAL["found"], key)
    assert answer.status_code == status
    assert answer.json()["family"] == "CLIENT_ERROR"
    assert ("Retry-After" in answer.headers) == (status == 429)


def test_a_body_that_is_no_question(ask):
    headers = {"Authorization": "Token sandbox-dadata-key"}
    for content in (b"{", b"[]", b'{"query": 5}'):
        assert ask("POST", FIND, content=content, headers=headers).status_code == 400


def test_planned_troubles_and_planted_parties(ask):
    inn = SPECIAL["found"]
    fault = {"kind": "http_503", "times": 1, "contains": inn, "retry_after": "7"}
    assert ask("POST", "/sandbox/dadata/faults", json=fault).status_code == 200
    assert find(ask, SPECIAL["bankrupt"]).status_code == 200
    broken = find(ask, inn)
    assert (broken.status_code, broken.headers["Retry-After"]) == (503, "7")
    assert find(ask, inn).status_code == 200
    ask("POST", "/sandbox/dadata/faults", json={"kind": "slow", "seconds": 0.01, "times": None})
    assert find(ask, inn).status_code == 200
    ask("DELETE", "/sandbox/dadata/faults")
    party = {"inn": inn, "okved": "01.11", "status": "LIQUIDATED", "name": "АО «Новь»"}
    ask("POST", "/sandbox/dadata/parties", json=party)
    data = find(ask, inn).json()["suggestions"][0]["data"]
    assert (data["okved"], data["state"]["status"]) == ("01.11", "LIQUIDATED")
    assert data["name"]["full_with_opf"] == "Акционерное общество «Новь»"
    ask("POST", "/sandbox/dadata/parties", json={"inn": inn, "empty": True})
    assert find(ask, inn).json() == {"suggestions": []}
    ask("DELETE", "/sandbox/dadata/parties")
    assert find(ask, inn).json()["suggestions"]
    assert ask("GET", "/sandbox/dadata").json()["inns"] == SPECIAL


@pytest.mark.parametrize("spec", [{"inn": "1"}, {"inn": SPECIAL["found"], "colour": "red"}])
def test_impossible_parties_are_refused(services, spec):
    with pytest.raises(InputError):
        services[0].parties.plant(spec)


@pytest.mark.parametrize("spec", [{"kind": "flood"}, {"kind": "http_200"}, {"kind": 5}, {"x": 1}])
def test_impossible_troubles_are_refused(services, spec):
    with pytest.raises(InputError):
        services[0].faults.add(spec)


def test_the_public_register_in_two_steps(ask):
    token = ask("POST", "/egrul/", data={"query": SPECIAL["found"]}).json()["t"]
    assert ask("GET", f"/egrul/search-result/{token}").json() == {"status": "wait"}
    row = ask("GET", f"/egrul/search-result/{token}").json()["rows"][0]
    assert (row["i"], row["k"]) == (SPECIAL["found"], "ul")
    assert ": " in row["g"]
    token = ask("POST", "/egrul/", data={"query": PERSON_INN}).json()["t"]
    ask("GET", f"/egrul/search-result/{token}")
    assert ask("GET", f"/egrul/search-result/{token}").json()["rows"][0]["k"] == "fl"


def test_the_public_register_asks_for_a_captcha_or_knows_nobody(ask):
    token = ask("POST", "/egrul/", data={"query": SPECIAL["empty"]}).json()["t"]
    ask("GET", f"/egrul/search-result/{token}")
    assert ask("GET", f"/egrul/search-result/{token}").json() == {"rows": []}
    ask("POST", "/sandbox/egrul/faults", json={"captcha": True})
    answer = ask("POST", "/egrul/", data={"query": "1"}).json()
    assert answer["captchaRequired"] is True
    assert ask("GET", f"/egrul/search-result/{answer['t']}").status_code == 400
    ask("DELETE", "/sandbox/egrul/faults")
    ask("POST", "/sandbox/egrul/faults", json={"kind": "http_500"})
    assert ask("POST", "/egrul/", data={"query": "1"}).status_code == 500
    assert ask("POST", "/egrul/", data={"query": ""}).status_code == 400
    assert ask("GET", "/egrul/search-result/unknown").status_code == 400


def crm_rows(ask, query=""):
    url, rows = f"/crm/clients?page=1{query}", []
    while url:
        answer = ask("GET", url, headers={"Authorization": "Bearer sandbox-crm"}).json()
        rows, url = rows + answer["items"], answer["next"]
    return rows


def test_a_crm_in_pages_with_a_vanished_fifth(ask):
    whole = crm_rows(ask)
    assert len({row["id"] for row in whole}) == 50
    assert all(is_valid_inn(row["инн"]) for row in whole)
    ask("POST", "/sandbox/crm", json={"vanished": 0.2})
    assert len(crm_rows(ask)) == 40
    ask("DELETE", "/sandbox/crm")
    since = whole[45]["updated_at"].replace("+", "%2B")
    assert crm_rows(ask, f"&updated_since={since}") == whole[45:]


def test_a_crm_that_refuses(ask):
    assert ask("GET", "/crm/clients").status_code == 401
    ask("POST", "/sandbox/crm/faults", json={"kind": "http_429", "retry_after": "3"})
    assert ask("GET", "/crm/clients").headers["Retry-After"] == "3"
    assert ask("POST", "/crm/clients").status_code == 405
    assert ask("POST", "/sandbox/crm", json={"clients": -1}).status_code == 400

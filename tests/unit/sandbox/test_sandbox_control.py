import asyncio
from types import SimpleNamespace

import httpx
import pytest
from starlette.applications import Starlette

from povod.sandbox.control import Pieces, control_routes
from povod.sandbox.mail.behaviour import Faults
from povod.sandbox.openai import Model


@pytest.fixture
def pieces(tiny_world, still_clock, service):
    sites = SimpleNamespace(
        http_port=1, https_port=2, ca_pem="-----BEGIN", log=[], where=lambda: None
    )
    ledger = SimpleNamespace(rows=lambda: [{"rcpt": "a@firm1.example"}])
    mail = SimpleNamespace(smtp_port=3, imap_port=4, ledger=ledger, faults=Faults())
    return Pieces(tiny_world, still_clock, service, Model(), sites, mail)


@pytest.fixture
def call(pieces):
    async def send(method, path, body, caller):
        transport = httpx.ASGITransport(
            Starlette(routes=control_routes(pieces)), client=(caller, 1)
        )
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            return await client.request(method, path, json=body)

    def run(method, path, body=None, caller="127.0.0.1"):
        return asyncio.run(send(method, path, body, caller))

    return run


def test_the_clock_is_read_advanced_and_followed(call):
    assert call("GET", "/sandbox/clock").json()["shift_seconds"] == 0
    assert call("POST", "/sandbox/clock", {"advance_seconds": 60}).json()["shift_seconds"] == 60
    assert call("POST", "/sandbox/clock", {"shift_seconds": 90}).json()["shift_seconds"] == 90
    assert call("POST", "/sandbox/clock", {"shift_seconds": 10}).json()["shift_seconds"] == 90


@pytest.mark.parametrize("value", ["60", None, True, []])
def test_a_clock_is_moved_by_numbers_only(call, value):
    answer = call("POST", "/sandbox/clock", {"advance_seconds": value})
    assert answer.status_code == 400
    assert "advance_seconds" in answer.json()["error"]


def test_names_ports_certificate_and_truth(call):
    assert call("GET", "/sandbox/dns?name=firm1.example").json() == {"addresses": ["127.0.0.1"]}
    assert call("GET", "/sandbox/dns?name=nobody.example").status_code == 404
    assert call("GET", "/sandbox/ports").json() == {"http": 1, "https": 2, "smtp": 3, "imap": 4}
    assert call("GET", "/sandbox/ca.pem").text == "-----BEGIN"
    truth = call("GET", "/sandbox/truth").json()
    assert truth["sites"] == []
    assert truth["shops"][0]["host"] == "instrument-mag.ru"


def test_faults_are_planned_listed_and_forgotten(call, pieces):
    assert call("POST", "/sandbox/yandex/faults", {"kind": "http_503"}).status_code == 200
    assert call("GET", "/sandbox/yandex/faults").json()["faults"][0]["kind"] == "http_503"
    assert "earthquake" in call("POST", "/sandbox/yandex/faults", {"kind": "earthquake"}).text
    call("DELETE", "/sandbox/yandex/faults")
    assert pieces.yandex.faults.planned == []


def test_settings_reset_and_ledger(call, pieces):
    call("POST", "/sandbox/yandex/settings", {"expiry": "empty"})
    assert call("GET", "/sandbox/yandex/settings").json()["expiry"] == "empty"
    assert call("POST", "/sandbox/yandex/settings", {"expiry": "x"}).status_code == 400
    call("POST", "/sandbox/yandex/reset")
    assert pieces.yandex.settings.expiry == "gone"
    assert call("GET", "/sandbox/yandex/ledger").json()["entries"] == []


def test_the_model_is_told_how_to_behave(call, pieces):
    assert call("POST", "/sandbox/openai/mode", {"mode": "empty"}).status_code == 200
    assert pieces.model.plans[0].mode == "empty"
    call("DELETE", "/sandbox/openai/mode")
    assert pieces.model.plans == []
    assert call("GET", "/sandbox/openai/log").json() == {"entries": []}


def test_mail_has_a_ledger_and_faults(call):
    assert call("GET", "/sandbox/smtp/ledger").json() == {"entries": [{"rcpt": "a@firm1.example"}]}
    assert call("POST", "/sandbox/smtp/faults", {"stage": "rcpt"}).json()["stage"] == "rcpt"
    assert len(call("GET", "/sandbox/smtp/faults").json()["faults"]) == 1
    assert call("POST", "/sandbox/smtp/faults", {"stage": "moon"}).status_code == 400
    call("DELETE", "/sandbox/smtp/faults")
    assert call("GET", "/sandbox/smtp/faults").json() == {"faults": []}


def test_the_log_of_the_sites(call):
    assert call("GET", "/sandbox/sites/log").json() == {"entries": []}


@pytest.mark.parametrize("raw", [b"{", b"[1]"])
def test_a_bad_body_is_400(pieces, raw):
    async def send():
        transport = httpx.ASGITransport(Starlette(routes=control_routes(pieces)))
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            return await client.post("/sandbox/clock", content=raw)

    assert asyncio.run(send()).status_code == 400


def test_only_loopback_may_control(call):
    assert call("GET", "/sandbox/clock", caller="192.0.2.1").status_code == 403


def test_a_name_can_answer_otherwise_each_time(call):
    plan = {"name": "firm1.example", "answers": [["127.0.0.1"], ["10.0.0.7"], []]}
    assert call("POST", "/sandbox/dns", plan).status_code == 200
    asked = [call("GET", "/sandbox/dns?name=FIRM1.example.") for _ in range(4)]
    assert [answer.status_code for answer in asked] == [200, 200, 404, 404]
    assert asked[1].json() == {"addresses": ["10.0.0.7"]}
    call("DELETE", "/sandbox/dns")
    assert call("GET", "/sandbox/dns?name=firm1.example").json() == {"addresses": ["127.0.0.1"]}
    for wrong in ({}, {"name": "a.ru"}, {"name": "a.ru", "answers": ["127.0.0.1"]}):
        assert call("POST", "/sandbox/dns", wrong).status_code == 400

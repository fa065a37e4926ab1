"""Programs of admins ask for what is kept about a person, or let it be erased."""

import io
import zipfile
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from povod.app.house import House
from povod.book.clients.model import Author

SignedIn = Callable[[str], TestClient]
ADDRESS = "ilya@ladogin.ru"
PATHS = ("/api/persons/export", "/api/persons/erase")


@pytest.fixture
def ladogin(house: House) -> str:
    names = {"first_name": "Илья", "last_name": "Ладогин", "email": ADDRESS}
    with house.db.tx() as conn:
        return house.book.create(conn, names, Author("anna"))


def test_exported(client: TestClient, ladogin: str) -> None:
    answer = client.post("/api/persons/export", json={"address": ADDRESS})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as package:
        assert "Ладогин" in package.read("clients.json").decode()


def test_erased_and_once_more(client: TestClient, ladogin: str) -> None:
    done = client.post("/api/persons/erase", json={"address": f" {ADDRESS.upper()} "}).json()
    assert done["rows"]["clients"] == 1
    assert client.get(f"/api/clients/{ladogin}").json()["last_name"] == ""
    again = client.post("/api/persons/erase", json={"address": ADDRESS}).json()
    assert (again["rows"], again["cancelled"], again["under_way"]) == ({}, 0, 0)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("address", ["", "Ладогин", "x" * 321])
def test_what_is_no_address_is_named(client: TestClient, path: str, address: str) -> None:
    answer = client.post(path, json={"address": address})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "address"


@pytest.mark.parametrize("path", PATHS)
def test_only_admins(signed_in: SignedIn, path: str) -> None:
    for role in ("viewer", "operator", "approver"):
        assert signed_in(role).post(path, json={"address": ADDRESS}).status_code == 403


@pytest.mark.parametrize("path", PATHS)
def test_they_are_in_the_reference(client: TestClient, path: str) -> None:
    told = client.get("/api/openapi.json").json()["paths"][path]["post"]
    assert told["security"]
    assert path in client.get("/api/docs").text

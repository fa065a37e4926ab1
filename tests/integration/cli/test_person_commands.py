"""`povod book forget`, `povod book export --person`, `povod audit verify`."""

import io
import json
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from povod.app.house import House
from povod.app.person import Forgotten, PersonalData
from povod.book.clients.model import Author
from povod.store.tables import audit_log, clients

ADDRESS = "ilya@ladogin.ru"


@pytest.fixture
def ladogin(house: House) -> str:
    names = {"first_name": "Илья", "last_name": "Ладогин", "email": ADDRESS}
    with house.db.tx() as conn:
        return house.book.create(conn, names, Author("anna"))


def erased(house: House) -> bool:
    with house.db.read() as conn:
        return conn.execute(sa.select(clients.c.erased_at)).scalar() is not None


def test_forget(povod, house: House, ladogin: str) -> None:
    done = povod("book", "forget", ADDRESS, "--yes")
    assert done.code == 0, done.err
    assert "erased; 0 messages cancelled" in done.out
    assert erased(house)
    again = povod("book", "forget", ADDRESS, "--yes")
    assert "nothing is kept any more" in again.out


def test_forget_as_json(povod, house: House, ladogin: str) -> None:
    found = povod("book", "forget", ADDRESS, "--yes", "--json").json
    assert found["rows"]["clients"] == 1
    assert found["under_way"] == 0


@pytest.mark.parametrize(("said", "code", "done"), [("y\n", 0, True), ("n\n", 1, False)])
def test_forget_asks_first(
    povod, house: House, ladogin: str, monkeypatch: pytest.MonkeyPatch, said, code, done
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(said))
    answer = povod("book", "forget", ADDRESS)
    assert answer.code == code
    assert "cannot be undone" in answer.out
    assert erased(house) is done


def test_what_is_no_address_is_wrong_use(povod, house: House) -> None:
    done = povod("book", "forget", "Ладогин", "--yes")
    assert done.code == 2
    assert "neither an e-mail address nor a telephone number" in done.err


def test_the_export_of_a_person(povod, house: House, ladogin: str, tmp_path: Path) -> None:
    out = tmp_path / "ilya.zip"
    done = povod("book", "export", "--person", ADDRESS, "--out", str(out))
    assert done.code == 0, done.err
    with zipfile.ZipFile(out) as package:
        [row] = json.loads(package.read("clients.json"))
    assert row["last_name"] == "Ладогин"
    assert povod("book", "export", "--person", ADDRESS, "--json").json["rows"]["clients"] == 1


def test_an_export_that_cannot_be_written(povod, house: House, tmp_path: Path) -> None:
    out = tmp_path / "nowhere" / "ilya.zip"
    done = povod("book", "export", "--person", ADDRESS, "--out", str(out))
    assert done.code == 2
    assert "cannot be written" in done.err


@pytest.mark.parametrize("args", [(), ("all.csv", "--person", ADDRESS)])
def test_an_export_is_of_all_or_of_one(povod, house: House, args: tuple[str, ...]) -> None:
    done = povod("book", "export", *args)
    assert done.code == 2
    assert "--person ADDRESS" in done.err


def test_an_audit_that_holds(povod, house: House, ladogin: str) -> None:
    assert povod("audit", "verify").out == "the audit log holds\n"
    povod("book", "forget", ADDRESS, "--yes")
    assert povod("audit", "verify", "--json").json == {"holds": True, "first_broken": None}


def test_an_audit_that_was_changed(povod, house: House, ladogin: str) -> None:
    with house.db.tx() as conn:
        first = conn.execute(sa.select(sa.func.min(audit_log.c.id))).scalar_one()
        conn.execute(audit_log.update().where(audit_log.c.id == first).values(actor="nobody"))
    done = povod("audit", "verify")
    assert done.code == 1
    assert f"row {first} does not follow" in done.err
    assert json.loads(povod("audit", "verify", "--json").out)["first_broken"] == first


def test_a_message_under_way_is_told(povod, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PersonalData, "forget", lambda *_: Forgotten(under_way=1))
    done = povod("book", "forget", ADDRESS, "--yes")
    assert done.code == 1
    assert "run this command again" in done.err

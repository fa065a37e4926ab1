"""Starting the console: the first user, and where it may listen."""

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from povod.app.house import House
from povod.app.people import ensure_first_user
from povod.kit.errors import ConfigurationError
from povod.store.tables import users
from povod.web import serving


def test_the_first_user_is_made_once(any_house: House) -> None:
    password = ensure_first_user(any_house.db)
    assert password is not None
    assert ensure_first_user(any_house.db) is None
    with any_house.db.read() as conn:
        person = conn.execute(sa.select(users)).one()
    assert (person.login, person.role, person.must_change_password) == ("admin", "admin", True)
    assert PasswordHasher().verify(person.password_hash, password)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "povod.example", "::"])
def test_without_sign_in_only_loopback_is_listened_on(house: House, host: str) -> None:
    with pytest.raises(ConfigurationError, match="WEB_AUTH"):
        serving.serve(house, host, 0, work=False, say=None)


def test_the_password_is_said_once(locked_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with locked_house.db.tx() as conn:
        conn.execute(users.delete())
    monkeypatch.setattr("uvicorn.Server.run", lambda server, sockets: None)
    said: list[str] = []
    serving.serve(locked_house, "127.0.0.1", 8123, work=False, say=said.append)
    assert said[0].startswith("first sign-in: admin / ")
    assert said[1].startswith("token for scripts (X-Admin-Token): ")
    assert said[2] == "console: http://127.0.0.1:8123"
    said.clear()
    serving.serve(locked_house, "", 0, work=False, say=said.append)
    assert len(said) == 1


def test_workers_run_beside_the_console_and_stop_with_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []

    class Worker:
        def run_forever(self, stop: object) -> None:
            stop.wait(10)  # type: ignore[attr-defined]
            seen.append(True)

    monkeypatch.setattr(House, "runner", lambda self, queues=(): Worker())
    monkeypatch.setattr("uvicorn.Server.run", lambda server, sockets: None)
    serving.serve(house, "localhost", 0, work=True, say=None)
    assert seen == [True]

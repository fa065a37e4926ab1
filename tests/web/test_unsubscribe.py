"""The public refusal: looking changes nothing, posting acts, and nobody has to sign in."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from console_client import client_of
from console_rows import Rows, fill
from fastapi.testclient import TestClient

from povod.app.house import House
from povod.delivery.tokens import unsubscribe_token
from povod.kit.clock import FixedClock
from povod.kit.ids import new_id
from povod.store.tables import opt_out_registry, outreach_messages


def link(house: House, letter: str) -> str:
    return f"/u/{unsubscribe_token(house.delivery.office.keys, letter)}"


def refusals(house: House) -> list[tuple[str, str]]:
    with house.db.read() as conn:
        columns = opt_out_registry.c.scope, opt_out_registry.c.source
        return [(row.scope, row.source) for row in conn.execute(sa.select(*columns))]


def status_of(house: House, letter: str) -> str:
    query = sa.select(outreach_messages.c.status).where(outreach_messages.c.id == letter)
    with house.db.read() as conn:
        return str(conn.execute(query).scalar_one())


def test_looking_changes_nothing_and_shows_no_address(locked_house: House) -> None:
    rows = fill(locked_house, 4)
    client = client_of(locked_house)
    address = link(locked_house, rows.letters[0])
    page = client.get(address)
    assert page.status_code == 200
    assert client.head(address).status_code == 200
    assert "in***@dent-0.ru" in page.text
    assert "info@dent-0.ru" not in page.text
    assert "set-cookie" not in page.headers
    assert refusals(locked_house) == []
    assert client.put(address).status_code == 405


def test_one_click_refuses_from_anywhere(any_house: House) -> None:
    rows = fill(any_house, 4)
    client = client_of(any_house)
    letter = rows.letters[0]
    foreign = {"sec-fetch-site": "cross-site", "origin": "https://mail.example"}
    with any_house.db.tx() as conn:
        to_value = outreach_messages.c.id == letter
        conn.execute(outreach_messages.update().where(to_value).values(status="sent"))
    for _ in range(2):
        done = client.post(
            link(any_house, letter), data={"List-Unsubscribe": "One-Click"}, headers=foreign
        )
        assert done.status_code == 200
    assert refusals(any_house) == [("all", "page")]
    assert status_of(any_house, letter) == "unsubscribed"


@pytest.mark.parametrize("scope", ["letter", "greeting"])
def test_a_part_can_be_refused(house: House, rows: Rows, scope: str) -> None:
    letter = rows.letters[1]
    before = status_of(house, letter)
    answer = client_of(house).post(link(house, letter), data={"scope": scope})
    assert answer.status_code == 200
    assert refusals(house) == [(scope, "page")]
    assert status_of(house, letter) == before


def test_links_that_were_not_made_here(client: TestClient, house: House, rows: Rows) -> None:
    good = link(house, rows.letters[0])
    for address in ("/u/x", good[:-1], good + "A", link(house, new_id())):
        for answer in (client.get(address), client.post(address)):
            assert answer.status_code == 404
    assert client.post(good, data={"scope": "everything"}).status_code == 422
    assert refusals(house) == []


def test_a_link_is_limited_and_not_its_user(
    client: TestClient, house: House, rows: Rows, clock: FixedClock
) -> None:
    address, other = link(house, rows.letters[0]), link(house, rows.letters[1])
    answers = [client.get(address).status_code for _ in range(31)]
    assert answers == [200] * 30 + [429]
    limited = client.post(address)
    assert (limited.status_code, int(limited.headers["retry-after"]) > 0) == (429, True)
    assert client.get(other).status_code == 200
    clock.advance(timedelta(minutes=2))
    assert client.post(address).status_code == 200


def test_an_erased_recipient_is_answered_and_nothing_is_stored(
    client: TestClient, house: House, rows: Rows
) -> None:
    with house.db.tx() as conn:
        conn.execute(outreach_messages.update().values(to_value=""))
    assert client.post(link(house, rows.letters[0])).status_code == 200
    assert refusals(house) == []

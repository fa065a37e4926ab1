"""Rows as greetings make them: clients of all kinds, a run, drafts that wait."""

from dataclasses import dataclass
from typing import Any

from povod.app.house import House
from povod.book.clients.model import Author, Ground
from povod.delivery.states import Actor

ADMIN = Actor("admin", "anna")
EMAIL, PHONE = "secret.person@klient.ru", "+79161234567"
REMARK = "говорили о переезде на склад"
HOSTILE = "<script>alert(1)</script>{{7*7}}"


@dataclass
class Congratulated:
    """Ids that tests ask for by name."""

    house: House
    run_id: str
    client: str
    vip: str
    hostile: str
    greeting: str
    vip_greeting: str
    event: str
    skipped_event: str

    def draft(self, name: str = "greeting") -> dict[str, Any]:
        return self.house.greetings.greeting(getattr(self, name))


def add_client(house: House, **fields: Any) -> str:
    """A client who may be greeted, whose birthday is today unless it is said otherwise."""
    today = house.greetings.parts.today()
    given = {"birth_date": f"--{today:%m-%d}", **fields}
    author, ground = Author("anna"), Ground("consent", "договор 12")
    with house.db.tx() as conn:
        return house.book.create(conn, given, author, ground)


def congratulate(house: House) -> Congratulated:
    house.prepare()
    client = add_client(
        house,
        first_name="Иван",
        middle_name="Петрович",
        last_name="Ветров",
        email=EMAIL,
        phone=PHONE,
        last_interaction_summary=REMARK,
        company_name="ООО «Маяк»",
        inn="7707083893",
    )
    vip = add_client(
        house, first_name="Анна", last_name="Орлова", email="vip@klient.ru", segment="vip"
    )
    hostile = add_client(
        house, first_name="Пётр", last_name=HOSTILE[:99], email="h@klient.ru", position=HOSTILE
    )
    refusing = add_client(house, first_name="Олег", email="no@klient.ru", do_not_greet=True)
    done = house.greetings.run_once("cli")

    def of(client_id: str) -> Any:
        return house.greetings.greetings(client_id=client_id).rows[0]

    return Congratulated(
        house=house,
        run_id=done["run_id"],
        client=client,
        vip=vip,
        hostile=hostile,
        greeting=of(client)["id"],
        vip_greeting=of(vip)["id"],
        event=of(client)["event_id"],
        skipped_event=house.greetings.events(client_id=refusing).rows[0]["id"],
    )

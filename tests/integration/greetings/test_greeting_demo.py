"""The demo's clients and the way back (G151-G153, G171)."""

from datetime import date

import pytest
from greetings_house import ADMIN, APPROVER, OPERATOR, House

from povod.greetings.demo import people
from povod.kit.errors import ConfigurationError, ConflictError, InputError
from povod.store.tables import clients, consents, files, outreach_messages


class TestSeed:
    def test_g171_pressed_twice_among_real_clients(self, house: House) -> None:
        house.at("2027-05-18")
        real = house.born("05-20", email="anna@klient.ru")
        before = house.rows(clients, clients.c.id == real)
        first = house.greetings.seed_demo(ADMIN)
        again = house.greetings.seed_demo(ADMIN)
        assert (first["added"], again["added"]) == (first["clients"], 0)
        assert house.rows(clients, clients.c.id == real) == before
        assert len(house.rows(clients)) == first["clients"] + 1
        assert len(house.rows(consents)) == first["clients"]

    def test_all_kinds_of_people(self) -> None:
        rows = people(date(2027, 5, 20))
        assert {row["segment"] for row in rows} == {"vip", "new", "loyal", "standard"}
        assert {row["gender"] for row in rows} == {"m", "f", None}
        assert any(row["first_name"] and not row["middle_name"] for row in rows)
        assert any(row["language"] == "en" for row in rows)
        assert any((row["birth_month"], row["birth_day"]) == (2, 29) for row in rows)
        assert any(row["company_name"] and not row["first_name"] for row in rows)
        assert any(row["do_not_greet"] for row in rows)

    @pytest.mark.parametrize("today", [date(2028, 2, 29), date(2028, 2, 26), date(2027, 2, 28)])
    def test_around_the_leap_day(self, today: date) -> None:
        days = [(row["birth_month"], row["birth_day"]) for row in people(today)]
        assert days.count((2, 29)) == 1

    def test_refused_in_production(self, house: House) -> None:
        real = house.with_settings(app_env="production")
        with pytest.raises(ConfigurationError, match="APP_ENV"):
            real.greetings.seed_demo(ADMIN)
        with pytest.raises(ConfigurationError, match="APP_ENV"):
            real.greetings.clear_demo(ADMIN)


class TestTheDemoDay:
    def test_g153_waiting_superseded_skipped_and_sent(self, house: House) -> None:
        house.at("2027-05-20", 11)
        house.greetings.seed_demo(ADMIN)
        house.run(deliver=True)
        states = {(row["status"], row["reason"]) for row in house.events()}
        assert ("skipped", "do_not_greet") in states
        tabs = house.greetings.tabs()
        assert tabs["waiting"] >= 1
        assert tabs["sent"] >= 1
        assert {row["is_demo"] for row in house.messages()} == {True}


class TestClear:
    def test_only_the_demo_goes(self, house: House) -> None:
        with_cards = house.with_settings(image_mode="pillow")
        house.at("2027-05-20", 11)
        real = house.born("05-20", email="anna@klient.ru")
        with_cards.greetings.seed_demo(ADMIN)
        with_cards.run(deliver=True)
        cards = len(house.rows(files, files.c.media_type == "image/jpeg"))
        with_cards.greetings.clear_demo(ADMIN)
        assert [row["id"] for row in house.rows(clients)] == [real]
        assert {row["client_id"] for row in house.drafts()} == {real}
        assert {row["client_id"] for row in house.messages()} == {real}
        assert 1 <= len(house.rows(files, files.c.media_type == "image/jpeg")) < cards
        assert with_cards.greetings.clear_demo(ADMIN) == {"clients": 0}

    def test_not_while_a_worker_has_a_message(self, small: House) -> None:
        small.at("2027-05-20", 11)
        small.greetings.seed_demo(ADMIN)
        small.run()
        with small.db.tx() as conn:
            conn.execute(outreach_messages.update().values(status="sending"))
        with pytest.raises(ConflictError, match="worker"):
            small.greetings.clear_demo(ADMIN)


class TestReset:
    def test_only_an_admin_with_the_word(self, small: House) -> None:
        for actor in (OPERATOR, APPROVER):
            with pytest.raises(ConflictError, match="admin"):
                small.greetings.reset(actor, word="сбросить")
        with pytest.raises(InputError, match="СБРОСИТЬ"):
            small.greetings.reset(ADMIN, word="да")

    def test_of_the_demo_alone(self, house: House) -> None:
        house.at("2027-05-18")
        real = house.born("05-20", segment="vip")
        house.greetings.seed_demo(ADMIN)
        house.run()
        house.greetings.reset(ADMIN, word="сбросить")
        assert house.draft(real)["status"] == "needs_approval"
        left = {row["client_id"] for row in house.drafts()} - {real}
        assert all(row["message_id"] for row in house.drafts() if row["client_id"] in left)

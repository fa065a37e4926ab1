"""Runs from clients to letters: what one finds, writes, sends and tells (G113-G117)."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from greetings_house import APPROVER, OPERATOR, House

from povod.greetings.run import last_run_date
from povod.store.tables import clients, events, greetings
from povod.store.tables import outreach_messages as messages


class TestOneRun:
    def test_from_a_client_to_a_letter_on_the_day(self, house: House) -> None:
        house.at("2027-05-18")
        ivan = house.born("05-20")
        done = house.run()
        assert (done["scanned_events"], done["generated_greetings"], done["queued"]) == (1, 1, 1)
        assert house.event(ivan)["status"] == "composed"
        assert house.send() == {}
        house.at("2027-05-20", 9, 30)
        assert house.send() == {}
        house.at("2027-05-20", 10, 5)
        assert house.send() == {"sent": 1}
        assert house.event(ivan)["status"] == "closed"
        assert house.draft(ivan)["status"] == "sent"
        (letter,) = house.letters()
        assert letter.with_suffix(".txt").read_text("utf-8").startswith("TO: ")

    def test_the_second_run_of_the_day_finds_it_done(self, house: House) -> None:
        house.at("2027-05-18")
        house.born("05-20")
        house.run()
        again = house.run()
        assert (again["generated_greetings"], again["skipped_existing"], again["errors"]) == (
            0,
            1,
            0,
        )
        assert len(house.messages()) == 1

    def test_deliver_sends_what_is_due_now(self, small: House) -> None:
        small.at("2027-05-20", 12)
        small.born("05-20")
        done = small.run(deliver=True)
        assert done["sent_deliveries"] == 1
        assert small.run(deliver=True)["sent_deliveries"] == 0

    def test_the_message_says_why(self, small: House) -> None:
        small.at("2026-11-18")
        client = small.client(
            "Пётр Ильич Счетов", gender="m", okved="69.20.1", profession="бухгалтер"
        )
        small.run()
        (message,) = small.messages(client)
        occasion = message["evidence"]["occasion"]
        assert occasion["rule"]["code"] == "accountant_day"
        assert "ОКВЭД 69.20.1 ⊃ 69.20" in occasion["match"]
        assert message["dedupe_key"] == f"greeting:{client}:holiday:accountant_day:2026:email"
        assert (message["priority"], message["purpose"]) == (2, "greeting")
        assert (message["text_source"], message["approved_by"][:7]) == ("template", "policy:")
        assert "бухгалтера" in message["body"]
        assert "STOP" in message["body"]
        assert "STOP" in message["body_html"]

    def test_a_broken_client_costs_only_itself(self, small: House) -> None:
        small.at("2027-05-18")
        small.born("05-20")
        broken = small.born("05-20")
        small.change_client(broken, preferences=["not", "an", "object"])
        done = small.run()
        assert (done["status"], done["errors"], done["generated_greetings"]) == ("partial", 1, 1)
        assert broken in str(small.greetings.run(done["run_id"])["report"]["errors"])

    def test_a_run_with_nothing_to_do(self, house: House) -> None:
        house.at("2027-05-18")
        done = house.run()
        assert done["status"] == "success"
        assert done["scanned_events"] == 0


class TestManyClients:
    def test_g171_none_is_lost_among_many(self, house: House) -> None:
        house.at("2027-05-18")
        ids = [house.born("05-20", email=f"k{number}@klient.ru") for number in range(130)]
        done = house.run()
        assert done["generated_greetings"] == 130
        with house.db.read() as conn:
            greeted = conn.execute(sa.select(greetings.c.client_id)).scalars()
            assert set(greeted) == set(ids)

    def test_batches_meet_everybody(self, small: House, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("povod.greetings.planning.BATCH", 3)
        monkeypatch.setattr("povod.greetings.selection.BATCH", 2)
        monkeypatch.setattr("povod.greetings.compose.BATCH", 4)
        monkeypatch.setattr("povod.greetings.submit.BATCH", 4)
        small.at("2027-05-18")
        for number in range(11):
            small.born("05-20", email=f"k{number}@klient.ru")
        assert small.run()["queued"] == 11


class TestQuietRuns:
    def test_drafts_that_wait_cost_no_statement_each(self, small: House) -> None:
        counted = []
        for born in (3, 20):
            for number in range(born):
                small.born("05-22", email=f"k{born}-{number}@klient.ru")
            small.at("2027-05-18", 9 + len(counted))
            small.run()
            small.clock.advance(timedelta(minutes=1))
            for client in small.rows(clients):
                small.change_client(client["id"], last_interaction_summary="позвонили")
            counted.append(len(small.statements(small.run)))
        assert counted[0] == counted[1]

    def test_an_older_run_does_not_hide_the_last_one(self, small: House) -> None:
        small.at("2027-05-10")
        small.born("01-01")
        small.run()
        small.at("2027-05-20")
        small.run()
        with small.db.read() as conn:
            assert last_run_date(conn) == date(2027, 5, 20)
            newest = small.greetings.runs()[0]["id"]
            assert last_run_date(conn, newest) == date(2027, 5, 10)


class TestReport:
    def test_counts_and_reasons(self, house: House) -> None:
        house.at("2027-03-02")
        house.born("03-05", gender="f", segment="vip")
        house.client("Саша", gender=None)
        house.client("Олег Петрович", gender="m", email="")
        run_id = house.run()["run_id"]
        run = house.greetings.run(run_id)
        report = run["report"]
        assert report["events"]["counted"] == {"womens_day:not_audience": 1}
        assert report["not_greeted"]["gender_unknown"] == 1
        assert report["texts"]["sources"] == {"template": 1}
        assert report["waiting"] == {"2027-03-05": 1}
        assert report["forecast"][0]["planned"] == 1
        assert set(report["durations"]) == {
            "detect", "rank", "refresh", "compose", "submit", "expire",
        }  # fmt: skip
        assert run["needs_approval"] == 1
        assert house.greetings.runs()[0]["id"] == run_id

    def test_dashboard(self, small: House) -> None:
        small.at("2027-05-18")
        ivan = small.born("05-20", segment="vip")
        small.run()
        board = small.greetings.dashboard()
        assert (board["clients"], board["waiting"], board["events_next_7_days"]) == (1, 1, 1)
        small.greetings.approve(small.draft(ivan)["id"], APPROVER)
        small.at("2027-05-20", 12)
        small.send()
        assert small.greetings.dashboard()["sent_this_week"] == 1
        assert small.greetings.tabs() == {
            "to_send": 0, "waiting": 0, "sent": 1, "error": 0, "skipped": 0,
        }  # fmt: skip


class TestDryRun:
    def test_detect_writes_nothing(self, small: House) -> None:
        small.at("2027-05-18")
        small.born("05-20")
        small.born("05-21", do_not_greet=True)
        found = small.greetings.detect_dry()
        assert [(row["event_key"], row["reason"]) for row in found] == [
            ("birthday", ""),
            ("birthday", "do_not_greet"),
        ]
        assert small.rows(events) == []
        assert small.rows(messages) == []
        assert len(small.greetings.detect_dry(days=1)) == 0
        assert OPERATOR.is_human

"""Runs from clients to letters: once, on the day, continued after any end (G52, G162-G171)."""

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from greetings_house import APPROVER, OPERATOR, House

from povod.greetings.run import LEASE, RunActiveError
from povod.kit.clock import FixedClock
from povod.store.db import Database
from povod.store.tables import agent_runs, events, greetings
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


class TestLeapDay:
    def test_g162_once_on_the_configured_day(self, house: House) -> None:
        vera, other = house.born("02-29"), house.born("06-15")
        sent = []
        for day in ("2027-02-28", "2027-03-01", "2027-07-01"):
            house.at(day, 11)
            house.run(deliver=True)
            sent.append(len(house.letters()))
        assert sent == [1, 1, 1]
        assert house.event(vera)["occasion_date"] == date(2027, 2, 28)
        assert {row["reason"] for row in house.events(other)} == {"late"}


class TestTwoRunsAtOnce:
    def test_g163_the_second_is_told_that_the_first_works(self, house: House) -> None:
        house.at("2027-05-18")
        house.born("05-20")
        inside, seen = threading.Event(), []

        def step(name: str) -> None:
            if name == "detect":
                try:
                    house.run(triggered_by="api")
                except RunActiveError as error:
                    seen.append(error.run_id)
                inside.set()

        done = house.run(step=step)
        assert seen == [done["run_id"]]
        assert inside.is_set()
        assert len(house.events()) == len(house.drafts()) == len(house.messages()) == 1

    def test_threads_that_start_together(
        self, house: House, db: Database, clock: FixedClock
    ) -> None:
        house.at("2027-05-18")
        for number in range(8):
            house.born("05-20", email=f"k{number}@klient.ru")
        barrier, results = threading.Barrier(3), []

        def one() -> None:
            barrier.wait()
            try:
                results.append(house.run()["status"])
            except RunActiveError:
                results.append("refused")

        threads = [threading.Thread(target=one) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert "success" in results
        assert len(house.events()) == len(house.drafts()) == len(house.messages()) == 8

    def test_composing_twice_from_the_same_state_keeps_one(self, small: House) -> None:
        """A run whose lease was taken over while it wrote: its texts meet the other's rows."""
        from povod.greetings.compose import Composer
        from povod.greetings.orders import waiting
        from povod.greetings.planning import Planner

        small.at("2027-05-18")
        small.born("05-20")
        parts = small.greetings.parts
        Planner(parts).plan(None, parts.today())
        first, second = Composer(parts), Composer(parts)
        with small.db.read() as conn:
            orders = waiting(conn, date(2027, 5, 30), 10)
        drafts = [one._write(orders[0], _done(), set()) for one in (first, second)]
        first._keep([drafts[0]], None, _done())
        second._keep([drafts[1]], None, _done())
        assert len(small.drafts()) == 1


def _done() -> Any:
    from povod.greetings.compose import Composed

    return Composed()


class Killed(BaseException):
    """As if the process had been killed."""


class TestKilledRuns:
    @pytest.mark.parametrize("last", ["detect", "rank", "refresh", "compose", "submit", "expire"])
    def test_g164_the_next_run_completes_it(self, small: House, last: str) -> None:
        small.at("2027-05-18")
        ivan, vip = small.born("05-20"), small.born("05-21", segment="vip")

        def step(name: str) -> None:
            if name == last:
                raise Killed

        with pytest.raises(Killed):
            small.run(step=step)
        with pytest.raises(RunActiveError):
            small.run()
        small.clock.advance(LEASE + timedelta(seconds=1))
        small.run()
        assert [row["status"] for row in small.drafts(ivan)] == ["approved"]
        assert [row["status"] for row in small.drafts(vip)] == ["needs_approval"]
        assert len(small.messages()) == 1
        states = {row["status"]: row["notes"] for row in small.rows(agent_runs)}
        assert states["error"] == "interrupted"
        assert "success" in states

    def test_between_putting_and_the_greeting_nothing_is_half(self, small: House) -> None:
        """The message and the greeting's move are one transaction: both or none."""
        small.at("2027-05-18")
        small.born("05-20")
        original = small.delivery.submit
        small.delivery.submit = _raise  # type: ignore[method-assign]
        with pytest.raises(Killed):
            small.run()
        assert [row["status"] for row in small.drafts()] == ["generated"]
        assert small.messages() == []
        small.delivery.submit = original  # type: ignore[method-assign]
        small.clock.advance(LEASE + timedelta(seconds=1))
        small.run()
        assert [row["status"] for row in small.drafts()] == ["approved"]
        assert len(small.messages()) == 1

    def test_who_lost_the_lease_stops(self, small: House) -> None:
        from povod.kit.errors import LeaseLostError

        small.at("2027-05-18")
        small.born("05-20")

        def step(name: str) -> None:
            if name == "detect":
                small.clock.advance(LEASE + timedelta(seconds=1))
                small.run()

        with pytest.raises(LeaseLostError):
            small.run(step=step)
        assert len(small.messages()) == 1


def _raise(*args: Any) -> Any:
    raise Killed


class TestNoSecondMessage:
    def test_g165_whatever_is_corrected_or_reset(self, house: House) -> None:
        house.at("2027-05-20", 11)
        ivan = house.born("05-20")
        house.run(deliver=True)
        assert len(house.letters()) == 1
        house.change_client(ivan, email="novy@klient.ru", preferred_channel="sms")
        house.greetings.reset(_admin(), everyone=True, word="сбросить")
        other = house.with_settings(approval_rules="vip", send_mode="file")
        for _ in range(3):
            house.clock.advance(timedelta(hours=1))
            other.run(deliver=True)
        assert len(house.letters()) == 1
        assert len(house.messages()) == 1
        assert house.event(ivan)["status"] == "closed"

    def test_reset_forgets_only_what_was_not_sent(self, house: House) -> None:
        house.at("2027-05-20", 11)
        sent, queued, planned = house.born("05-20"), house.born("05-23"), house.born("05-24")
        house.change_client(planned, segment="vip")
        house.run(deliver=True)
        counts = house.greetings.reset(_admin(), everyone=True, word="сбросить")
        assert counts == {"events": 1, "greetings": 1, "kept": 1}
        assert house.event(sent)["status"] == "closed"
        assert house.event(queued)["reason"] == "reset"
        assert house.events(planned) == []
        house.run()
        assert house.event(planned)["status"] == "composed"
        assert len(house.messages(queued)) == 1


def _admin() -> Any:
    from greetings_house import ADMIN

    return ADMIN


class TestOutages:
    def test_g166_three_days_down(self, house: House) -> None:
        house.at("2027-05-17")
        house.born("01-01")
        house.run()
        people = {day: house.born(f"05-{day}") for day in (18, 19, 20, 21)}
        house.at("2027-05-21", 10, 30)
        house.run(deliver=True)
        found = {day: house.event(client) for day, client in people.items()}
        assert {day: (row["status"], row["reason"]) for day, row in found.items()} == {
            18: ("skipped", "late"),
            19: ("skipped", "late"),
            20: ("closed", ""),
            21: ("closed", ""),
        }
        assert house.drafts(people[18]) == []
        assert house.greetings.dashboard()["late"] == 2

    def test_an_approved_message_that_waited_too_long_is_late(self, house: House) -> None:
        house.at("2027-05-18")
        ivan = house.born("05-20")
        house.run()
        house.at("2027-05-22", 11)
        assert house.send() == {"held": 1}
        assert house.draft(ivan)["skip_reason"] == "late"
        assert (house.event(ivan)["status"], house.event(ivan)["reason"]) == ("skipped", "late")
        assert house.letters() == []

    def test_only_days_since_the_last_run_are_missed(self, small: House) -> None:
        small.at("2027-05-20")
        client = small.born("05-10")
        small.run()
        assert small.events(client) == []
        small.at("2027-07-20")
        later = small.born("06-10")
        small.run()
        assert small.events(later) == []
        recent = small.born("07-22")
        small.at("2027-08-10")
        small.run()
        assert small.event(recent)["reason"] == "late"


class TestZonesAndDates:
    def test_g167_the_named_zone_decides(
        self, db: Database, clock: FixedClock, house: House
    ) -> None:
        far = house.with_settings(app_timezone="Asia/Vladivostok", lookahead_days=0)
        client = house.born("05-20", time_zone="Asia/Vladivostok")
        late_evening = datetime(2027, 5, 19, 13, 59, tzinfo=UTC)
        house.clock.advance(late_evening - house.clock.now())
        assert far.run()["scanned_events"] == 0
        house.clock.advance(timedelta(minutes=2))
        assert far.run()["scanned_events"] == 1
        assert house.event(client)["deliver_on"] == date(2027, 5, 20)

    def test_hours_are_the_clients(self, house: House) -> None:
        house.at("2027-05-18")
        house.born("05-20", time_zone="Asia/Vladivostok")
        house.born("05-20", time_zone="Europe/Kaliningrad")
        house.run()
        sent = []
        for hour in (2, 3, 9, 10, 11):
            house.at("2027-05-20", hour, 10)
            sent.append(house.send().get("sent", 0))
        assert sent == [0, 1, 0, 0, 1]

    def test_lookahead_zero_is_today_only(self, small: House) -> None:
        today_only = small.with_settings(lookahead_days=0)
        small.at("2027-05-19")
        client = small.born("05-20")
        today_only.run()
        assert small.events(client) == []
        small.at("2027-05-20")
        today_only.run()
        assert small.event(client)["status"] == "composed"

    def test_new_years_eve_sees_january(self, small: House) -> None:
        small.at("2027-12-31")
        client = small.born("01-07")
        small.run()
        keys = {row["event_key"]: row["occasion_year"] for row in small.events(client)}
        assert keys == {"birthday": 2028, "holiday:new_year": 2028}


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

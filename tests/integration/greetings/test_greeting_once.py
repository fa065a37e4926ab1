"""Runs at once, killed, repeated: each occasion is greeted once (G52, G163-G165)."""

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from greetings_house import ADMIN, House

from povod.greetings.compose import Composed, Composer
from povod.greetings.orders import waiting
from povod.greetings.planning import Planner
from povod.greetings.run import LEASE, RunActiveError
from povod.kit.clock import FixedClock
from povod.kit.errors import LeaseLostError
from povod.store.db import Database
from povod.store.tables import agent_runs


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
        small.at("2027-05-18")
        small.born("05-20")
        parts = small.greetings.parts
        Planner(parts).plan(None, parts.today())
        first, second = Composer(parts), Composer(parts)
        with small.db.read() as conn:
            orders = waiting(conn, date(2027, 5, 30), 10)
        drafts = [one._write(orders[0], Composed(), set()) for one in (first, second)]
        first._keep([drafts[0]], None, Composed())
        second._keep([drafts[1]], None, Composed())
        assert len(small.drafts()) == 1


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
        house.greetings.reset(ADMIN, everyone=True, word="сбросить")
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
        counts = house.greetings.reset(ADMIN, everyone=True, word="сбросить")
        assert counts == {"events": 1, "greetings": 1, "kept": 1}
        assert house.event(sent)["status"] == "closed"
        assert house.event(queued)["reason"] == "reset"
        assert house.events(planned) == []
        house.run()
        assert house.event(planned)["status"] == "composed"
        assert len(house.messages(queued)) == 1

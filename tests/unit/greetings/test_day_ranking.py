"""One greeting a day, pauses, yearly limits (G40, G41, G45), as laws over any set of events."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from povod.greetings.model import RANKS
from povod.greetings.ranking import Change, Limits, Occasion, arrange

DAY = date(2027, 5, 20)
KINDS = ("birthday", "manual", "professional", "religious", "public", "social")


def occasion(name: str, kind: str = "public", day: int = 0, **given: Any) -> Occasion:
    event_type = kind if kind in ("birthday", "manual") else "holiday"
    values: dict[str, Any] = {
        "id": name,
        "event_type": event_type,
        "event_key": f"{event_type}:{name}",
        "occasion_year": 2027,
        "deliver_on": DAY + timedelta(days=day),
        "rank": RANKS[kind],
        "score": 0,
        "status": "planned",
        "by_trade": kind == "professional",
    }
    return Occasion(**{**values, **given})


def decide(*events: Occasion, **limits: int) -> dict[str, str]:
    return {name: change.reason for name, change in arrange(events, Limits(**limits)).items()}


class TestOneADay:
    def test_the_birthday_wins(self) -> None:
        changes = arrange(
            [occasion("p", "professional"), occasion("b", "birthday"), occasion("h")], Limits()
        )
        superseded = Change("superseded", "better_occasion", "b")
        assert changes == {"p": superseded, "h": superseded}

    def test_ties_go_to_the_score_then_to_the_key(self) -> None:
        one, two = occasion("a", "professional", score=2), occasion("b", "professional", score=102)
        assert decide(one, two) == {"a": "better_occasion"}
        assert decide(occasion("x"), occasion("y")) == {"y": "better_occasion"}

    def test_g169_the_winner_that_waits_keeps_the_day(self) -> None:
        waiting = occasion("b", "birthday", status="composed")
        assert decide(waiting, occasion("p", "professional")) == {"p": "better_occasion"}

    def test_a_better_one_takes_the_day_of_an_unsent_draft(self) -> None:
        draft = occasion("h", "public", status="composed")
        assert decide(draft, occasion("b", "birthday")) == {"h": "better_occasion"}

    def test_what_has_left_keeps_its_day(self) -> None:
        sent = occasion("h", "public", status="closed", final=True)
        assert decide(sent, occasion("b", "birthday")) == {"b": "better_occasion"}

    def test_a_forced_one_stays_beside_the_winner(self) -> None:
        assert decide(occasion("b", "birthday"), occasion("h", forced=True)) == {}


class TestPauses:
    def test_three_days_between_automatic_ones(self) -> None:
        assert decide(occasion("a"), occasion("b", day=2)) == {"b": "cooldown"}
        assert decide(occasion("a"), occasion("b", day=3)) == {}

    def test_the_better_rank_stays(self) -> None:
        assert decide(occasion("a"), occasion("p", "professional", day=1)) == {"a": "cooldown"}

    def test_a_composed_one_stays(self) -> None:
        composed = occasion("a", status="composed")
        assert decide(composed, occasion("p", "professional", day=1)) == {"p": "cooldown"}

    def test_birthdays_are_exempt_but_count(self) -> None:
        assert decide(occasion("a", status="closed"), occasion("b", "birthday", day=1)) == {}
        assert decide(occasion("b", "birthday"), occasion("a", day=1)) == {"a": "cooldown"}
        assert decide(occasion("m", "manual"), occasion("a", day=1)) == {"a": "cooldown"}


class TestYearlyLimits:
    def test_eight_automatic_ones(self) -> None:
        sent = [occasion(f"s{n}", day=-10 * n - 10, status="closed") for n in range(8)]
        assert decide(*sent, occasion("n")) == {"n": "year_cap"}
        assert decide(*sent, occasion("b", "birthday")) == {}
        assert decide(*sent, occasion("n", occasion_year=2028)) == {}
        assert decide(*sent, occasion("n"), per_year=9) == {}

    def test_one_trade_day(self) -> None:
        sent = occasion("t", "professional", day=-60, status="closed", final=True)
        assert decide(sent, occasion("u", "professional")) == {"u": "not_best_match"}
        assert decide(sent, occasion("u", "professional"), trade_days_per_year=2) == {}


EVENTS = st.lists(
    st.builds(
        lambda number, kind, day, score, status, forced: occasion(
            f"e{number}", kind, day, score=score, status=status, final=status == "closed",
            forced=forced,
        ),
        st.integers(0, 10**6),
        st.sampled_from(KINDS),
        st.integers(-6, 12),
        st.integers(0, 110),
        st.sampled_from(["planned", "planned", "planned", "composed", "closed"]),
        st.booleans(),
    ),
    max_size=12,
    unique_by=lambda one: one.id,
)  # fmt: skip


class TestLaws:
    @given(EVENTS)
    def test_one_unforced_greeting_a_day_remains(self, events: list[Occasion]) -> None:
        changes = arrange(events, Limits())
        left = [one for one in events if one.id not in changes]
        days = Counter(one.deliver_on for one in left if not one.forced and not one.final)
        assert all(count <= 1 for count in days.values())

    @given(EVENTS)
    def test_every_change_has_a_reason_and_winners_stay(self, events: list[Occasion]) -> None:
        changes = arrange(events, Limits())
        for change in changes.values():
            assert change.reason
            if change.status == "superseded":
                assert change.superseded_by not in {
                    name for name, other in changes.items() if other.status == "superseded"
                }

    @given(EVENTS)
    def test_what_left_is_never_changed(self, events: list[Occasion]) -> None:
        finals = {one.id for one in events if one.final}
        assert not finals & set(arrange(events, Limits()))

    @given(EVENTS)
    def test_deciding_again_changes_nothing(self, events: list[Occasion]) -> None:
        changes = arrange(events, Limits())
        left = [one for one in events if one.id not in changes]
        assert arrange(left, Limits()) == {}

    @given(EVENTS, st.randoms())
    def test_the_order_of_rows_does_not_matter(self, events: list[Occasion], shuffle: Any) -> None:
        mixed = list(events)
        shuffle.shuffle(mixed)
        assert arrange(mixed, Limits()) == arrange(events, Limits())

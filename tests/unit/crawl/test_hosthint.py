"""Host hints and antibot cooldown: counted in a row, forgotten in time, never a dear tier."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from povod.crawl.hosthint import Antibot, HostHint
from povod.crawl.ladder import LadderPolicy, first_step
from povod.crawl.policies import shipped_policies
from povod.crawl.steps import EXPENSIVE, FETCHERS, TIERS, Step

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
RULES = shipped_policies()
ALL = LadderPolicy.of(RULES, fetchers=FETCHERS, tiers=TIERS)
CHEAP, TLS, BROWSER = Step("http"), Step("http_tls"), Step("browser")


def seen(hint: HostHint, worked: Step, failed: list[Step], now: datetime = NOW) -> HostHint:
    return hint.seen(worked, failed, CHEAP, now, RULES.hint)


def taught(step: Step = TLS) -> HostHint:
    hint = HostHint()
    for _ in range(3):
        hint = seen(hint, step, [CHEAP])
    return hint


def test_three_in_a_row_make_a_hint_for_six_hours() -> None:
    hint = HostHint()
    for _ in range(2):
        hint = seen(hint, TLS, [CHEAP])
        assert hint.begin(ALL, NOW, RULES.hint)[0] == CHEAP
    hint = seen(hint, TLS, [CHEAP])
    assert hint.begin(ALL, NOW, RULES.hint)[0] == TLS
    assert hint.begin(ALL, NOW + timedelta(hours=5, minutes=59), RULES.hint)[0] == TLS
    assert hint.begin(ALL, NOW + timedelta(hours=6), RULES.hint)[0] == CHEAP


def test_another_step_in_between_starts_the_count_anew() -> None:
    hint = HostHint()
    for step in (TLS, TLS, BROWSER, TLS, TLS):
        hint = seen(hint, step, [CHEAP])
    assert hint.begin(ALL, NOW, RULES.hint)[0] == CHEAP


def test_only_a_step_before_which_the_cheapest_failed_counts() -> None:
    hint = HostHint()
    for _ in range(5):
        hint = seen(hint, BROWSER, [TLS])
    assert hint == HostHint()


def test_success_of_the_cheapest_clears_it() -> None:
    hint = seen(taught(), CHEAP, [])
    assert hint.begin(ALL, NOW, RULES.hint) == (CHEAP, HostHint())


def test_every_fiftieth_address_starts_at_the_cheapest() -> None:
    hint = taught()
    starts = []
    for _ in range(100):
        step, hint = hint.begin(ALL, NOW, RULES.hint)
        starts.append(step)
    assert [index for index, step in enumerate(starts, 1) if step == CHEAP] == [50, 100]
    assert starts[0] == TLS


def test_hint_at_what_is_not_there_now_is_not_followed() -> None:
    hint = taught(BROWSER)
    without = LadderPolicy.of(RULES, fetchers=("http", "http_tls"), tiers=("direct",))
    step, kept = hint.begin(without, NOW, RULES.hint)
    assert step == CHEAP
    assert kept.begin(ALL, NOW, RULES.hint)[0] == BROWSER


@given(
    st.lists(
        st.tuples(
            st.builds(Step, st.sampled_from(FETCHERS), st.sampled_from(TIERS)), st.booleans()
        ),
        max_size=20,
    )
)
def test_hint_never_points_at_a_dear_tier_and_survives_json(events) -> None:
    hint = HostHint()
    for worked, failed_cheap in events:
        hint = seen(hint, worked, [CHEAP] if failed_cheap else [])
        assert HostHint.from_json(hint.to_json()) == hint
        assert hint.begin(ALL, NOW, RULES.hint)[0].tier not in EXPENSIVE
    assert first_step(ALL) == CHEAP


def test_nothing_stored_is_a_fresh_host() -> None:
    assert HostHint.from_json(None) == HostHint.from_json({}) == HostHint()
    assert HostHint().to_json() == {}
    assert Antibot.from_json(None) == Antibot()


def test_three_failed_bypasses_in_a_row_cool_the_host_down() -> None:
    state = Antibot()
    for ok in (False, False, True, False, False):
        state = state.bypass(ok, NOW, RULES.antibot)
        assert state.wait(NOW) == 0
    state = Antibot.from_json(state.bypass(False, NOW, RULES.antibot).to_json())
    assert state.wait(NOW) == 180
    assert state.wait(NOW + timedelta(seconds=181)) == 0
    assert state.bypass(True, NOW, RULES.antibot).wait(NOW) == 0

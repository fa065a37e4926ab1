"""Trades against holidays: codes, professions, state service, pinned days (G35, G36)."""

from datetime import date

import pytest
from calendar_rows import person, rule, rules
from hypothesis import given
from hypothesis import strategies as st

from povod.greetings.detector import acting, detect
from povod.greetings.matching import Matcher, match_trade, trade_words
from povod.greetings.model import Client, Options


def codes(client: Client, on: date, reason: str = "") -> set[str]:
    found = detect([client], rules(), on, Options(lookahead_days=0, max_late_days=0))
    return {one.code for one in found if one.reason == reason}


class TestScores:
    def test_a_code_counts_by_its_digits(self) -> None:
        match = match_trade(rule("builder_day"), "41.20", "", "")
        assert match is not None
        assert (match.score, match.reason) == (2, "ОКВЭД 41.20 ⊃ 41")

    def test_a_profession_counts_hundred(self) -> None:
        match = match_trade(rule("accountant_day"), "69.20.1", "Бухгалтер", "")
        assert match is not None
        assert match.score == 104
        assert "профессия: бухгалтер" in match.reason

    def test_a_word_for_any_trade_counts_one(self) -> None:
        match = match_trade(rule("entrepreneur_day"), "", "", "Генеральный директор")
        assert match is not None
        assert match.score == 1

    def test_the_longest_prefix_counts(self) -> None:
        assert match_trade(rule("forest_day"), "16.10", "", "").score == 2  # type: ignore[union-attr]
        assert match_trade(rule("energy_day"), "35.11", "", "").score == 3  # type: ignore[union-attr]

    @pytest.mark.parametrize(
        "position", ["Главный бухгалтер", "старший БУХГАЛТЕР", "Ведущий бухгалтер"]
    )
    def test_grades_do_not_matter(self, position: str) -> None:
        assert match_trade(rule("accountant_day"), "", "", position) is not None

    def test_a_contained_word_needs_the_code(self) -> None:
        position = "бухгалтер на первичке"
        assert match_trade(rule("accountant_day"), "62.01", "", position) is None
        match = match_trade(rule("accountant_day"), "69.20", "", position)
        assert match is not None
        assert match.score == 104

    def test_yo_is_e(self) -> None:
        assert match_trade(rule("artist_actor_day"), "", "актер", "") is not None

    def test_state_service_needs_a_profession(self) -> None:
        assert match_trade(rule("tax_worker_day"), "84.11", "", "") is None
        assert match_trade(rule("customs_day"), "84.11", "", "") is None
        assert match_trade(rule("customs_day"), "84.11", "таможенник", "") is not None
        assert match_trade(rule("customs_day"), "52.29", "", "") is not None

    def test_a_star_never_matches_by_itself(self) -> None:
        assert match_trade(rule("entrepreneur_day"), "41.20", "", "") is None


class TestWordsOfTheTable:
    def test_g178_days_of_2026(self) -> None:
        builder, doctor, seller = (
            person(okved="41.20"),
            person(profession="врач", okved="86.21"),
            person(okved="47.11"),
        )
        assert codes(builder, date(2026, 8, 7)) == {"builder_day"}
        assert codes(doctor, date(2026, 6, 19)) == {"medical_worker_day"}
        assert codes(seller, date(2026, 7, 24)) == {"trade_day"}
        for client, day in ((builder, (8, 11)), (doctor, (6, 16)), (seller, (7, 23))):
            assert not codes(client, date(2026, *day))

    def test_g179_the_accountant_and_the_official(self) -> None:
        accountant = person(okved="69.20.1", profession="бухгалтер")
        assert codes(accountant, date(2026, 11, 20)) == {"accountant_day"}
        official = person(okved="84.11")
        assert not codes(official, date(2026, 11, 20))
        assert not codes(official, date(2026, 10, 23))

    def test_g180_the_foreman_and_the_director(self) -> None:
        garage = person(okved="45.20", position="Мастер-приёмщик")
        assert "folk_crafts_day" not in codes(garage, date(2026, 6, 19))
        director = person(okved="41.20", position="Генеральный директор")
        assert codes(director, date(2026, 8, 7)) == {"builder_day"}
        assert codes(director, date(2026, 5, 26), "not_best_match") == {"entrepreneur_day"}

    def test_one_professional_day_a_year(self) -> None:
        programmer = person(okved="62.01", profession="программист")
        on = [row for row in acting(rules()) if "62" in row.okved]
        assert {row.code for row in on} >= {"programmer_day", "sysadmin_day", "informatics_day"}
        assert codes(programmer, date(2026, 9, 11)) == {"programmer_day"}
        assert codes(programmer, date(2026, 7, 31), "not_best_match") == {"sysadmin_day"}

    def test_a_forbidden_day_leaves_room_for_the_next(self) -> None:
        choosy = person(
            okved="62.01",
            profession="программист",
            preferences={"holidays_off": ["programmer_day"]},
        )
        assert codes(choosy, date(2026, 9, 11), "excluded_by_client") == {"programmer_day"}
        assert codes(choosy, date(2026, 12, 4)) == {"informatics_day"}

    def test_a_pinned_day_wins(self) -> None:
        pinned = person(okved="62.01", preferences={"holidays_on": ["lawyer_day"]})
        assert codes(pinned, date(2026, 12, 3)) == {"lawyer_day"}
        assert not codes(pinned, date(2026, 9, 11))

    def test_confirmed_before_unconfirmed_then_by_code(self) -> None:
        found = Matcher(rules()).of_trade("93.1", "", "")
        same = [match for match in found if match.score == found[0].score]
        assert [m.holiday.confirmed for m in same] == sorted(
            (m.holiday.confirmed for m in same), reverse=True
        )


@given(st.text(max_size=40))
def test_words_are_stable(text: str) -> None:
    once = trade_words(text)
    assert trade_words(" ".join(once)) == once

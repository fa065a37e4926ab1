"""Who may be greeted, and the first reason why not (G24)."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from calendar_rows import person, rule
from hypothesis import given
from hypothesis import strategies as st

from povod.greetings.eligibility import REASONS, age_on, eligible, eligible_otherwise
from povod.greetings.model import Standing

ON = date(2027, 3, 6)
BORN = {"birth_day": 8, "birth_month": 3}
FAULTS: dict[str, dict[str, Any]] = {
    "erased": {"erased": True},
    "deleted": {"deleted": True},
    "do_not_greet": {"do_not_greet": True},
    "suppressed": {"standing": Standing(suppressed=True)},
    "no_address": {"email": ""},
    "minor": {**BORN, "birth_year": 2010},
    "age_suspicious": {"age_suspicious": True},
}


class TestReasons:
    @pytest.mark.parametrize("reason", FAULTS)
    def test_each_fault_has_its_reason(self, reason: str) -> None:
        client = person(**FAULTS[reason])
        assert eligible(client, None, ON) == reason
        assert eligible(client, rule("new_year"), ON) == reason
        assert eligible_otherwise(client, ON) == reason

    def test_a_denied_ground(self) -> None:
        assert eligible(person(standing=Standing(verdict="deny")), None, ON) == "no_basis"
        assert eligible(person(standing=Standing(verdict="approve")), None, ON) == ""

    def test_the_first_reason_of_several_is_given(self) -> None:
        client = person(deleted=True, do_not_greet=True, email="", **BORN, birth_year=1800)
        assert eligible(client, None, ON) == "deleted"

    def test_nothing_wrong(self) -> None:
        assert eligible(person(), None, ON) == ""
        assert eligible(person(), rule("new_year"), ON) == ""

    @given(st.sets(st.sampled_from(sorted(FAULTS))))
    def test_the_order_is_that_of_the_table(self, chosen: set[str]) -> None:
        client = person()
        for name in chosen:
            client = replace(client, **FAULTS[name])
        expected = min(chosen, key=REASONS.index, default="")
        assert eligible(client, None, ON) == expected


class TestAge:
    def test_the_day_of_coming_of_age(self) -> None:
        young = person(**BORN, birth_year=2009)
        assert eligible(young, None, date(2027, 3, 7)) == "minor"
        assert eligible(young, None, date(2027, 3, 8)) == ""
        assert age_on(young, date(2027, 3, 8)) == 18

    def test_over_hundred(self) -> None:
        assert eligible(person(**BORN, birth_year=1926), None, ON) == ""
        assert eligible(person(**BORN, birth_year=1925), None, ON) == "age_suspicious"

    def test_an_unknown_year_is_enough(self) -> None:
        assert eligible(person(**BORN), None, ON) == ""


class TestAddress:
    def test_a_phone_is_no_mailbox(self) -> None:
        """G198: a phone where the e-mail should be, and SMS wanted without a gateway."""
        assert eligible(person(email="+79161234567"), None, ON) == "no_address"
        sms = person(email="", phone="+79161234567", preferred_channel="sms")
        assert eligible(sms, None, ON) == "no_address"
        with_gateway = replace(sms, standing=Standing(channel="sms"))
        assert eligible(with_gateway, None, ON) == ""


class TestRules:
    def test_g177_who_is_addressed(self) -> None:
        women, men = rule("womens_day"), rule("defender_day")
        assert eligible(person(gender="m"), women, ON) == "not_audience"
        assert eligible(person(gender="f"), men, ON) == "not_audience"
        assert eligible(person(gender=None), women, ON) == "gender_unknown"
        assert eligible(person(gender="f"), women, ON) == ""
        group = person(first_name="", company_name="ООО «Берег»", gender=None)
        assert eligible(group, women, ON) == "not_audience"

    def test_faith_needs_its_own_consent(self) -> None:
        for code in ("easter", "orthodox_christmas"):
            assert eligible(person(), rule(code), ON) == "no_opt_in"
            faithful = person(standing=Standing(religious=True))
            assert eligible(faithful, rule(code), ON) == ""

    def test_preferences(self) -> None:
        assert eligible(person(preferences={"birthday": False}), None, ON) == "birthday_off"
        assert eligible(person(preferences={"birthday": True}), None, ON) == ""
        off = person(preferences={"holidays_off": ["new_year"]})
        assert eligible(off, rule("new_year"), ON) == "excluded_by_client"
        assert eligible(off, rule("russia_day"), ON) == ""

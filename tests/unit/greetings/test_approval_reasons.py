"""Which drafts a person must see (G98)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.greetings.approval import ALWAYS, WORDS, Facts, reasons
from povod.kit.settings import load_settings

DEFAULT = load_settings({}, None).approval_rules


def why(rules: list[str] | None = None, **given: Any) -> list[str]:
    facts = Facts(**{"segment": "standard", "text_source": "template", **given})
    return reasons(facts, DEFAULT if rules is None else rules)


class TestReasons:
    def test_a_plain_draft_needs_nobody(self) -> None:
        assert why() == []

    @pytest.mark.parametrize(
        ("given", "reason"),
        [
            ({"segment": "vip"}, "vip"),
            ({"text_source": "llm"}, "llm"),
            ({"first": True}, "first"),
            ({"violations": [{"severity": "warn"}]}, "warning"),
            ({"fallback": "violations:length"}, "warning"),
            ({"model_picture": True}, "image"),
            ({"verdict": "approve"}, "policy"),
            ({"register_status": "LIQUIDATED"}, "company_inactive"),
            ({"promotional": True}, "advertising"),
        ],
    )
    def test_each_has_its_reason(self, given: dict[str, Any], reason: str) -> None:
        assert why(**given) == [reason]

    def test_repaired_findings_and_other_fallbacks_are_no_warning(self) -> None:
        assert why(violations=[{"severity": "fix"}]) == []
        assert why(fallback="http_500") == []

    def test_a_blocking_finding_always_waits(self) -> None:
        assert why([], violations=[{"severity": "block"}]) == ["blocked"]

    def test_an_active_or_unknown_company_needs_nobody(self) -> None:
        assert why(register_status="ACTIVE") == []
        assert why(register_status="UNKNOWN") == []

    def test_all_means_everything(self) -> None:
        assert why(["all"]) == ["all"]

    def test_every_reason_has_words(self) -> None:
        assert set(WORDS) >= {*DEFAULT, *ALWAYS, "all"}


@given(st.lists(st.sampled_from(["llm", "first", "warning", "image"])))
def test_g168_no_setting_lets_a_vip_pass(rules: list[str]) -> None:
    assert "vip" in why(rules, segment="vip")

"""Policies: the shipped numbers, files over files, refusals that name the key."""

from pathlib import Path

import pytest
import yaml

from povod.crawl import policies as module
from povod.crawl.fetch.failures import FailureClass
from povod.crawl.policies import Policies, PolicyError, flat, load_policies, shipped_policies
from povod.kit.settings import Settings

HEAD = "version: 2.0.0\nreports_version: 1.1.0\n"


def load(settings: Settings, path: Path | None, env: str = "prod") -> Policies:
    return load_policies(
        settings.model_copy(update={"povod_policies_file": path, "povod_env": env})
    )


def written(folder: Path, text: str, name: str = "own.yml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_shipped_numbers_are_those_of_the_specification() -> None:
    found = flat(shipped_policies().model_dump(mode="json"))
    for key, value in {
        "fetch.connect_timeout_s": 10,
        "fetch.read_timeout_s": 30,
        "fetch.service_timeout_s": 75,
        "fetch.max_redirects": 3,
        "ladder.max_attempts": 6,
        "ladder.tries.http_429": 4,
        "hint.urls_in_row": 3,
        "hint.cheapest_every": 50,
        "antibot.cooldown_s": 180,
        "browser.at_once": 2,
        "flaresolverr.at_once": 3,
        "flaresolverr.session_ttl_s": 900,
        "politeness.min_delay_ms": 200,
        "politeness.robots_retry_s": [60, 300, 900],
        "breaker.refusals": 5,
        "breaker.timeouts": 10,
        "content.body_max_bytes": 1_572_864,
        "budgets.all_hard_mb": 900,
        "residential.burst": 5,
        "residential.per_host_day": 100,
        "proxies.sticky_s": 600,
    }.items():
        assert found[key] == value, key
    assert set(shipped_policies().ladder.tries) <= set(FailureClass)


def test_every_number_of_the_model_stands_in_the_shipped_file() -> None:
    text = Path(module.__file__).with_name("policies.yml").read_text("utf-8")
    given = flat(yaml.safe_load(text))
    assert set(given) == set(flat(shipped_policies().model_dump(mode="json")))


@pytest.mark.parametrize(
    ("env", "residential", "solver", "refusals"),
    [("dev", False, 1, 5), ("staging", False, 1, 5), ("prod", True, 3, 3)],
)
def test_environment_has_its_overlay(settings, env, residential, solver, refusals) -> None:
    policies = load(settings, None, env)
    assert policies.residential.enabled is residential
    assert policies.flaresolverr.at_once == solver
    assert policies.breaker.refusals == refusals


def test_own_file_changes_single_keys_and_its_overlay_more(settings, tmp_path) -> None:
    own = written(tmp_path, HEAD + "fetch:\n  max_redirects: 2\nhint:\n  hours: 1\n")
    written(tmp_path, "hint:\n  hours: 2\n", "own.prod.yml")
    policies = load(settings, own)
    assert (policies.version, policies.reports_version) == ("2.0.0", "1.1.0")
    assert (policies.fetch.max_redirects, policies.hint.hours) == (2, 2)
    assert policies.fetch.read_timeout_s == 30


def test_no_file_switches_residential_on_outside_production(settings, tmp_path) -> None:
    own = written(tmp_path, HEAD + "residential:\n  enabled: true\nflaresolverr:\n  at_once: 3\n")
    policies = load(settings, own, "staging")
    assert policies.residential.enabled is False
    assert policies.flaresolverr.at_once == 1
    assert load(settings, own, "prod").residential.enabled is True
    assert policies.overridden({"residential": {"enabled": True}}).residential.enabled is False


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("reports_version: 1.0.0\n", "version is missing"),
        ("version: 1.0.0\n", "reports_version is missing"),
        (HEAD + "fetch:\n  max_redirect: 3\n", "fetch.max_redirect: unknown key"),
        (HEAD + "fetsh: {}\n", "fetsh: unknown key"),
        (HEAD + "fetch:\n  max_redirects: many\n", "fetch.max_redirects"),
        (HEAD + "ladder:\n  max_attempts: 7\n", "ladder.max_attempts"),
        (HEAD + "ladder:\n  tries:\n    http_999: 1\n", "ladder.tries.http_999"),
        (HEAD + "ladder:\n  jitter_min: 1.9\n", "jitter_max is less"),
        (HEAD.replace("2.0.0", "2"), "version"),
        ("[1, 2]", "expected keys"),
        ("a: [", "is not YAML"),
        (HEAD + "budgets: 5\n", "budgets"),
    ],
)
def test_bad_file_is_refused_with_the_key_named(settings, tmp_path, text, named) -> None:
    own = written(tmp_path, text)
    with pytest.raises(PolicyError, match="(?s)" + named) as caught:
        load(settings, own)
    assert "own.yml" in str(caught.value)


def test_file_that_cannot_be_read_is_refused(settings, tmp_path) -> None:
    with pytest.raises(PolicyError, match="POVOD_POLICIES_FILE"):
        load(settings, tmp_path / "absent.yml")
    bad = tmp_path / "bad.yml"
    bad.write_bytes("версия: 1".encode("cp1251"))
    with pytest.raises(PolicyError, match="UTF-8"):
        load(settings, bad)


def test_profile_wins_and_its_bad_key_is_named() -> None:
    shipped = shipped_policies("prod")
    changed = shipped.overridden({"politeness": {"min_delay_ms": 1500}})
    assert changed.politeness.min_delay_ms == 1500
    assert shipped.diff(changed) == {"politeness.min_delay_ms": (200, 1500)}
    assert shipped.overridden({}) is shipped
    with pytest.raises(PolicyError, match=r"policies_override: politeness\.min_delay: unknown"):
        shipped.overridden({"politeness": {"min_delay": 1}})
    with pytest.raises(PolicyError, match="version cannot be changed"):
        shipped.overridden({"version": "9.0.0"})


def test_loading_is_logged_with_its_version(settings, capsys) -> None:
    load(settings, None)
    seen = capsys.readouterr()
    assert "Loaded policies version 1.0.0" in seen.out + seen.err

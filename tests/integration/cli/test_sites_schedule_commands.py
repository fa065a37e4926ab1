"""`povod sites schedule` as people type it (S129, S130)."""

import io
from typing import Any

import pytest


def test_a_schedule_from_the_command_line(povod: Any) -> None:
    added = povod("sites", "schedule", "add", "shop.ru", "--cron", "0 3 * * *", "-O",
                  "max_urls=5", "--maintenance", "02:00-05:00", "--yes", "--json")  # fmt: skip
    assert added.code == 0, added.err
    made = added.json
    assert (made["cron"], made["options"], made["created_by"]) == (
        "0 3 * * *", {"max_urls": 5}, "cli",
    )  # fmt: skip
    assert made["id"] in povod("sites", "schedule", "list").out
    changed = povod("sites", "schedule", "set", made["id"], "--maintenance", "", "--json").json
    assert (changed["maintenance"], changed["cron"]) == ("", "0 3 * * *")
    assert povod("sites", "schedule", "disable", made["id"]).out.strip() == f"{made['id']}: off"
    assert povod("sites", "schedule", "show", made["id"], "--json").json["enabled"] is False
    assert povod("sites", "schedule", "enable", made["id"]).code == 0
    job = povod("sites", "schedule", "run", made["id"], "--json").json["job_id"]
    assert povod("sites", "show", job, "--json").json["domain"] == "shop.ru"
    assert povod("sites", "schedule", "run", made["id"]).code == 3
    assert "max_urls" in povod("sites", "schedule", "show", made["id"]).out
    assert povod("sites", "schedule", "remove", made["id"]).code == 0
    assert povod("sites", "schedule", "list", "--json").json["items"] == []


def test_what_is_refused(povod: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = povod("sites", "schedule", "add", "shop.ru", "--cron", "часто", "--yes")
    assert (wrong.code, "cron" in wrong.err) == (2, True)
    assert povod("sites", "schedule", "show", "nothing").code == 4
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert povod("sites", "schedule", "add", "shop.ru").code == 3
    assert povod("sites", "schedule", "list", "--json").json["items"] == []

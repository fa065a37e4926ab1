"""`povod sites` as people type it (S130)."""

import io
from pathlib import Path
from typing import Any

import pytest

from povod.cli.sites_common import wanted_options

LIST = "# список\nhttps://shop.ru/a\nhttps://shop.ru/b\nhttps://o.ru/c\n"


@pytest.fixture
def urls(surroundings: Path) -> str:
    file = surroundings / "urls.txt"
    file.write_text(LIST, encoding="utf-8")
    return str(file)


@pytest.fixture
def job(povod: Any, urls: str) -> str:
    return str(povod("sites", "run", "--urls", urls, "--yes", "--json").json["id"])


def test_a_job_is_started_listed_and_steered(povod: Any, job: str) -> None:
    shown = povod("sites", "show", job, "--json").json
    assert (shown["domain"], shown["status"], shown["total_urls"]) == ("shop.ru", "queued", 2)
    assert shown["created_by"] == "cli"
    assert [row["id"] for row in povod("sites", "list", "--json").json["items"]] == [job]
    assert "shop.ru" in povod("sites", "list").out
    assert povod("sites", "pause", job).out.strip() == f"{job}: paused"
    assert povod("sites", "resume", job, "--json").json["status"] == "queued"
    assert povod("sites", "cancel", job).out.strip() == f"{job}: cancelled"
    again = povod("sites", "cancel", job)
    assert (again.code, "bad_state" in again.err or "cancelled" in again.err) == (3, True)
    found = povod("sites", "urls", job, "--json").json["items"]
    assert [row["url"] for row in found] == ["https://shop.ru/a", "https://shop.ru/b"]
    assert povod("sites", "diff", job, "--json").json["items"] == []
    watched = povod("sites", "watch", job)
    assert watched.code == 1


def test_a_script_that_cannot_answer_is_told_how(
    povod: Any, urls: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    unanswered = povod("sites", "run", "--urls", urls)
    assert (unanswered.code, "--yes" in unanswered.err) == (2, True)


def test_what_is_refused_and_what_is_not_there(povod: Any, job: str, urls: str) -> None:
    assert povod("sites", "run", "--urls", urls, "--yes").code == 3
    assert povod("sites", "show", "nothing").code == 4
    assert povod("sites", "run", "--yes").code == 2
    assert povod("sites", "run", "--urls", urls, "-O", "colour=1", "--yes").code == 2
    assert povod("sites", "run", "--sitemap", "absent.xml", "--yes").code == 2
    assert povod("sites", "run", "--all", "--yes").code == 4
    assert povod("sites", "list", "--status", "odd").code == 2


def test_a_file_is_made_here(povod: Any, job: str, surroundings: Path) -> None:
    done = povod("sites", "export", job, "--type", "errors", "-o", "ошибки.csv")
    assert done.code == 0, done.err
    assert (surroundings / "ошибки.csv").read_text("utf-8").startswith("url,")


def test_profiles_and_proxies(povod: Any, surroundings: Path) -> None:
    assert povod("sites", "profile", "set", "shop.ru", "max_concurrency=3").code == 0
    assert "max_concurrency: 3" in povod("sites", "profile", "show", "shop.ru").out
    assert povod("sites", "profile", "set", "shop.ru", "colour=3").code == 2
    assert povod("sites", "profile", "show", "other.ru").code == 4
    assert povod("sites", "profile", "export", "shop.ru", "-o", "p.yml").code == 0
    assert povod("sites", "profile", "check", "p.yml").code == 0
    assert povod("sites", "profile", "import", "two.ru", "p.yml").code == 0
    assert len(povod("sites", "profile", "list", "--json").json["items"]) == 2
    (surroundings / "proxies.txt").write_text("http://u:geheim@1.2.3.4:80\nbad\n")
    done = povod("sites", "proxies", "import", "proxies.txt", "--tier", "dc")
    assert (done.out.strip(), "line 2" in done.err) == ("1 proxies", True)
    listed = povod("sites", "proxies", "list", "--json")
    assert "geheim" not in listed.out
    proxy = listed.json["items"][0]["id"]
    assert povod("sites", "proxies", "disable", proxy).out.strip() == f"{proxy}: off"
    assert povod("sites", "proxies", "enable", proxy).code == 0
    assert povod("sites", "proxies", "check").out.strip() == "0 proxies tried"


def test_a_purge_can_be_tried(povod: Any, job: str) -> None:
    found = povod("sites", "purge", "--dry-run", "--json").json
    assert found["jobs"] == 0
    assert povod("sites", "purge").code == 0


def test_options_as_typed() -> None:
    typed = ["max_urls=5", "include=/a/*,/b/*", "label=Проба", "keep_html=true", "fetchers=http"]
    assert wanted_options(typed) == {
        "max_urls": 5,
        "include": ["/a/*", "/b/*"],
        "label": "Проба",
        "keep_html": True,
        "fetchers": ["http"],
    }

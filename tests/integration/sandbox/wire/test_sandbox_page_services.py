"""FlareSolverr, Firecrawl and web hooks, called as their clients call them."""

import httpx
import pytest

SHOP = "dom-uyut.ru"
PAGE = f"https://{SHOP}/"
KEY = {"Authorization": "Bearer fc-sandbox"}


HTTP = httpx.Client(trust_env=False, verify=False, timeout=10)


def solve(box, **body):
    url = f"{box.environ()['FLARESOLVERR_URL']}/v1"
    return HTTP.post(url, json={"cmd": "request.get", **body})


def crawl(box, path, body, headers=KEY):
    url = f"{box.environ()['FIRECRAWL_URL']}/v2/{path}"
    return HTTP.post(url, json=body, headers=headers)


def test_a_challenge_is_solved_and_the_cookie_works_elsewhere(box):
    box.post(f"/sandbox/shops/{SHOP}/faults", {"kind": "challenge", "needs": "flaresolverr"})
    answer = solve(box, url=PAGE, maxTimeout=5000).json()
    assert answer["status"] == "ok"
    solution = answer["solution"]
    assert (solution["status"], solution["url"]) == (200, PAGE)
    assert "<h1>" in solution["response"]
    cookie = next(item for item in solution["cookies"] if item["name"] == "cf_clearance")
    assert cookie["domain"] == SHOP
    agents = {e["agent"] for e in box.get(f"/sandbox/shops/{SHOP}/log")["entries"]}
    assert agents == {solution["userAgent"]}


def test_a_blocked_page_is_still_an_answer(box):
    box.post(f"/sandbox/shops/{SHOP}/faults", {"kind": "challenge", "needs": "nobody"})
    answer = solve(box, url=PAGE).json()
    assert answer["solution"]["status"] == 403
    assert "Just a moment" in answer["solution"]["response"]


def test_sessions_are_made_listed_and_destroyed(box):
    assert solve(box, cmd="sessions.create", session="one").json()["session"] == "one"
    assert "already" in solve(box, cmd="sessions.create", session="one").json()["message"]
    assert "one" in solve(box, cmd="sessions.list").json()["sessions"]
    assert solve(box, url=PAGE, session="one").json()["status"] == "ok"
    assert solve(box, cmd="sessions.destroy", session="one").json()["status"] == "ok"
    gone = solve(box, cmd="sessions.destroy", session="one")
    assert (gone.status_code, gone.json()["status"]) == (500, "error")
    assert len(solve(box, cmd="sessions.create").json()["session"]) == 36


@pytest.mark.parametrize(
    "body",
    [{"cmd": "request.fly"}, {}, {"url": "https://nobody.example/"}, {"url": "no address"}],
)
def test_commands_that_fail(box, body):
    answer = solve(box, **body)
    assert (answer.status_code, answer.json()["status"]) == (500, "error")
    assert answer.json()["message"].startswith("Error")


def test_a_slow_page_runs_out_of_time(box):
    box.post(f"/sandbox/shops/{SHOP}/faults", {"kind": "slow"})
    answer = solve(box, url=PAGE, maxTimeout=300).json()
    assert "Timeout after 0.3 seconds" in answer["message"]


def test_planned_failures_and_health(box):
    health = f"{box.environ()['FLARESOLVERR_URL']}/health"
    assert HTTP.get(health).json() == {"status": "ok"}
    box.post("/sandbox/flaresolverr/mode", {"mode": "sick"})
    assert HTTP.get(health).status_code == 500
    box.post("/sandbox/flaresolverr/mode", {"mode": "error", "times": 2})
    assert [solve(box, url=PAGE).json()["status"] for _ in range(3)] == ["error", "error", "ok"]
    box.post("/sandbox/flaresolverr/mode", {"mode": "http_502"})
    assert solve(box, url=PAGE).status_code == 502
    box.post("/sandbox/flaresolverr/mode", {"mode": "drop"})
    with pytest.raises(httpx.TransportError):
        solve(box, url=PAGE)
    box.post("/sandbox/flaresolverr/mode", {"mode": "ok"})
    assert HTTP.get(health).status_code == 200
    index = HTTP.get(f"{box.environ()['FLARESOLVERR_URL']}/").json()
    assert "ready" in index["msg"]
    assert box.get("/sandbox/flaresolverr")["busiest"] >= 1


def test_a_page_through_a_given_proxy_is_counted_there(box):
    proxy = {
        "url": f"http://127.0.0.1:{box.ports['proxy']}", "username": "solver", "password": "sandbox"
    }  # fmt: skip
    assert solve(box, url=PAGE, proxy=proxy).json()["status"] == "ok"
    assert box.get("/sandbox/proxies")["users"]["solver"]["down"] > 1000


def test_a_shell_comes_back_rendered(box):
    page = box.get("/sandbox/shops/mebel-spa.ru/products", limit="1")["products"][0]
    text = solve(box, url=page["url"]).json()["solution"]["response"]
    assert page["product"]["name"] in text
    assert "application/ld+json" in text


def test_cp1251_comes_back_as_text(box):
    page = box.get("/sandbox/shops/chay-kofe.ru/products", limit="1")["products"][0]
    assert page["product"]["name"] in solve(box, url=page["url"]).json()["solution"]["response"]


def test_firecrawl_scrapes_with_a_key(box):
    answer = crawl(box, "scrape", {"url": PAGE, "formats": ["rawHtml"], "maxAge": 0}).json()
    assert answer["success"] is True
    assert "<h1>" in answer["data"]["rawHtml"]
    assert answer["data"]["metadata"]["statusCode"] == 200
    assert "markdown" not in answer["data"]
    assert box.get("/sandbox/firecrawl/keys")["fc-sandbox"]["credits"] == 999


def test_firecrawl_maps_up_to_a_limit(box):
    links = crawl(box, "map", {"url": PAGE, "limit": 10}).json()["links"]
    assert len(links) == 10
    assert links[0] == {"url": PAGE}


def test_firecrawl_without_credits_or_too_often(box):
    box.post(
        "/sandbox/firecrawl/keys",
        {"fc-poor": {"credits": 1}, "fc-busy": {"status": 429, "times": 1, "retry_after": 4}},
    )
    poor, busy = ({"Authorization": f"Bearer fc-{name}"} for name in ("poor", "busy"))
    assert crawl(box, "scrape", {"url": PAGE}, poor).status_code == 200
    assert crawl(box, "scrape", {"url": PAGE}, poor).status_code == 402
    first = crawl(box, "map", {"url": PAGE}, busy)
    assert (first.status_code, first.headers["Retry-After"]) == (429, "4")
    assert crawl(box, "map", {"url": PAGE}, busy).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer other"}])
def test_firecrawl_refuses_strangers(box, headers):
    assert crawl(box, "scrape", {"url": PAGE}, headers).status_code == 401
    assert crawl(box, "map", {"url": PAGE}, headers).status_code == 401


def test_firecrawl_says_what_is_wrong(box):
    assert crawl(box, "scrape", {}).status_code == 400
    assert crawl(box, "map", {"url": PAGE, "limit": "all"}).status_code == 400
    assert crawl(box, "scrape", {"url": "https://nobody.example/"}).status_code == 500
    assert crawl(box, "map", {"url": "https://nobody.example/"}).status_code == 500


def test_hooks_keep_what_they_are_sent(box):
    url = box.hook_url("jobs")
    box.delete("/sandbox/hooks/jobs")
    box.post("/sandbox/hooks/jobs", {"kind": "http_500", "times": 2})
    statuses = [HTTP.post(url, json={"n": n}, headers={"X-Povod-Signature": "s"}) for n in range(3)]
    assert [answer.status_code for answer in statuses] == [500, 500, 200]
    calls = box.get("/sandbox/hooks/jobs")["calls"]
    assert [call["body"] for call in calls] == ['{"n":0}', '{"n":1}', '{"n":2}']
    assert [call["status"] for call in calls] == [500, 500, 200]
    assert calls[0]["headers"]["x-povod-signature"] == "s"

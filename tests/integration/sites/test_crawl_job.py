"""A job from its list to its end, over real HTTP, on both databases."""


def test_all_pages_are_fetched_and_kept(house, shop):
    job_id = house.make(shop, [f"/p/{n}" for n in range(25)])
    house.run()
    job = house.job(job_id)
    assert (job["status"], job["phase"], job["stop_reason"]) == ("succeeded", "finalize", "")
    assert job["success_urls"] == 25
    house.check_counters(job_id)
    pages = house.pages(job_id)
    assert len(pages) == 25
    assert (
        pages["/p/7"]["data_full"]["price"] == "100.00"
        or pages["/p/7"]["data_full"]["price"] == "100"
    )
    assert pages["/p/7"]["title"] == "Дрель 7"
    assert pages["/p/7"]["strategy_used"] == "http/direct"
    assert all(shop.hits[f"/p/{n}"] == 1 for n in range(25))
    assert shop.hits["/robots.txt"] == 1

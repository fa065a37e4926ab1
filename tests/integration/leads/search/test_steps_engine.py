"""The steps as background work: they come again by themselves until nothing is left."""

import pytest

from povod.engine.events import Events
from povod.engine.ledger import Ledger
from povod.engine.runner import Handlers, Runner
from povod.engine.work import NewWork
from povod.leads.steps_search import QUEUE, STEPS, next_due, register
from povod.store.files import put_file
from povod.store.tables import companies, processing_jobs

CSV = "ниша;город\nстоматология;Казань\nокна;Омск\n;Тула\n"


class Machine:
    """A night with a ledger and a runner."""

    def __init__(self, night):
        self.night = night
        self.ledger = Ledger(night.db, night.clock)
        handlers = Handlers()
        register(handlers, night.deps)
        self.kinds = handlers.kinds()
        self.runner = Runner(self.ledger, handlers, night.clock)

    def ask(self, kind, **args):
        with self.night.db.tx() as conn:
            self.ledger.enqueue(conn, NewWork(QUEUE, kind, args, dedup_key=kind))

    def run(self):
        for kind in STEPS:
            self.ask(kind)
        return self.runner.run_until_idle()

    def jobs(self, kind):
        return [row for row in self.night.rows(processing_jobs) if row.kind == kind]


@pytest.fixture
def machine(night):
    return Machine(night)


def import_file(machine, text=CSV):
    with machine.night.db.tx() as conn:
        file_id = put_file(conn, text.encode(), "text/csv")
    machine.ask("leads.sync", file_id=file_id, name="my.csv")


def test_a_night_passes_by_jumping_to_what_is_due(machine):
    import_file(machine)
    night, jumps = machine.night, 0
    machine.runner.run_until_idle()
    while (due := next_due(night.deps)) is not None and jumps < 60:
        night.advance_to(due)
        machine.run()
        jumps += 1
    assert due is None
    assert {query.status for query in night.queries()} == {"completed"}
    assert {op.status for op in night.operations()} == {"ingested"}
    found = night.rows(companies)
    assert found
    assert not any(row.dedup_dirty for row in found)
    states = {row.state for kind in STEPS for row in machine.jobs(kind)}
    assert states <= {"done", "queued"}


def test_the_import_reports_rows_and_what_is_wrong_with_them(machine):
    import_file(machine)
    machine.runner.run_until_idle()
    [job] = machine.jobs("leads.sync")
    assert job.state == "done"
    assert (job.result["rows_done"], job.result["inserted"], job.result["errors"]) == (2, 2, 1)
    assert job.result["problems"] == ["my.csv, row 4, column A: niche is empty"]
    events = Events(machine.night.db, machine.night.clock).read(0, topic="leads.sync")
    assert any(one.data.get("inserted") == 2 for one in events)


def test_by_day_submit_comes_again_when_the_window_opens(machine):
    import_file(machine)
    machine.runner.run_until_idle()
    machine.run()
    [job] = machine.jobs("leads.submit")
    assert job.state == "queued"
    assert job.run_at == min(query.scheduled_for for query in machine.night.queries())
    assert job.attempts == 0


def test_a_step_with_nothing_to_do_is_done(machine):
    machine.run()
    assert {job.state for job in machine.night.rows(processing_jobs)} == {"done"}
    assert next_due(machine.night.deps) is None


def test_a_fault_of_the_configuration_keeps_the_step_waiting(make_night):
    machine = Machine(make_night(yandex_cloud_api_key="wrong", yandex_auth="api_key"))
    import_file(machine)
    machine.runner.run_until_idle()
    machine.night.until_due()
    machine.run()
    [job] = machine.jobs("leads.submit")
    assert job.state == "queued"
    assert (job.run_at - machine.night.clock.now()).total_seconds() > 800
    assert {query.status for query in machine.night.queries()} == {"pending"}


def test_the_import_needs_a_stored_file(machine):
    machine.ask("leads.sync")
    machine.runner.run_until_idle()
    [job] = machine.jobs("leads.sync")
    assert "file_id" in job.error

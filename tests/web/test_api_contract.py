"""The OpenAPI document against the application: a client that believes it is not misled."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from console_client import HERE
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance

from povod.app.build import build_house
from povod.app.house import House
from povod.kit.clock import SystemClock
from povod.kit.settings import load_settings
from povod.web import create_app

EXAMPLES = 4
PATIENCE = 60  # seconds: a busy disk may hold a commit for ten
TOKEN = "contract-token"
# What has the right shape need not make sense: a cursor must be one of ours, a mask a pattern.
LEFT_OUT = [positive_data_acceptance]


@pytest.fixture(scope="module")
def open_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """No outside address is ever asked: all names are the sandbox's, and there is none."""
    folder: Path = tmp_path_factory.mktemp("contract")
    house = build_house(
        load_settings(
            {},
            None,
            admin_token=TOKEN,
            database_url=f"sqlite:///{folder}/povod.db",
            data_dir=folder / "data",
            outbox_dir=folder / "out",
            sandbox_url="http://127.0.0.1:9",
            povod_sites_start_rate=0,
        ),
        SystemClock(),
    )
    yield house
    house.close()


@pytest.fixture(scope="module")
def api(open_house: House) -> Any:
    """What the application says of itself."""
    app = create_app(open_house)
    found = schemathesis.openapi.from_dict(app.openapi())
    found.app = app
    found.config.update(base_url=HERE)
    # The stream of all topics never ends.
    return found.exclude(path="/api/stream")


def credentials(case: Any) -> dict[str, str]:
    """Ours, unless the request is one that tries wrong ones."""
    own = {name.lower() for name in case.headers or ()}
    token = {} if own & {"authorization", "x-admin-token"} else {"X-Admin-Token": TOKEN}
    return {"Origin": HERE, **token}


def failures_of(operation: Any, mode: GenerationMode) -> Iterator[str]:
    """What is wrong with the answers to a few requests of that kind."""
    found: dict[str, str] = {}

    @seed(7)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        answer = case.call(headers=credentials(case), timeout=PATIENCE)
        try:
            case.validate_response(answer, excluded_checks=LEFT_OUT)
        except FailureGroup as group:
            for failure in group.exceptions:
                sent = f"{case.method} {case.formatted_path} {case.query} {case.body!r:.200}"
                what = f"{failure}".splitlines()[0]
                found[what] = f"{operation.label}: {failure} [{sent}] {answer.status_code}"

    try:
        ask()
    except Unsatisfiable:
        return
    yield from found.values()


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_the_document_is_true(api: Any, mode: GenerationMode) -> None:
    operations = [found.ok() for found in api.get_all_operations()]
    assert len(operations) > 30
    wrong = [line for operation in operations for line in failures_of(operation, mode)]
    assert not wrong, "\n\n".join(wrong)

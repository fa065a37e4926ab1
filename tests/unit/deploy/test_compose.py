"""The stack of docker-compose.yml: valid, closed to the outside, started in order."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from compose_spec import PyCompose
from typer.testing import CliRunner

from povod.app.working import ROLES
from povod.cli.main import app
from povod.kit.settings import Settings

ROOT = Path(__file__).parents[3]
POVOD = ("api", "scheduler", "app", "worker")
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


@pytest.fixture(scope="module")
def text():
    return (ROOT / "docker-compose.yml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def services(text):
    return yaml.safe_load(text)["services"]


def interpolate(text, **given):
    def value(match):
        name, kind, rest = match.groups()
        if name in given:
            return given[name]
        assert kind == "-", f"{name} has no default"
        return rest

    return VARIABLE.sub(value, text)


def read_by_schema(text):
    """As the compose command does: variables and merge keys first, then the schema."""
    plain = yaml.safe_load(interpolate(text, POSTGRES_PASSWORD="secret"))
    return PyCompose.from_yaml(yaml.safe_dump(plain))


def test_it_is_valid_compose(text):
    stack = read_by_schema(text)
    names = {"api", "scheduler", "app", "worker", "db", "redis", "flaresolverr", "minio"}
    assert set(stack.service_names()) == names


@pytest.mark.parametrize(
    ("wrong", "right"), [("replicaz: 2", "replicas: 2"), ("imaje: redis", "image: redis")]
)
def test_the_check_of_the_schema_can_fail(text, wrong, right):
    broken = text.replace(right, wrong, 1)
    assert broken != text
    with pytest.raises(ValueError, match=wrong.split(":")[0]):
        read_by_schema(broken)


def test_no_password_is_built_in(text):
    required = {name for name, kind, _ in VARIABLE.findall(text) if kind == "?"}
    assert required == {"POSTGRES_PASSWORD"}
    assert not re.search(r"PASSWORD: (?!\$\{)\S", text)


def test_ports_are_open_on_this_host_only(services):
    for service in services.values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    assert "ports" not in services["redis"]
    assert "ports" not in services["db"]


def test_every_service_is_watched_and_started_in_order(services):
    assert all("healthcheck" in service for service in services.values())
    for name in POVOD:
        needs = services[name]["depends_on"]
        assert {"db", "redis"} <= set(needs)
        assert {need["condition"] for need in needs.values()} == {"service_healthy"}
    assert all("api" in services[name]["depends_on"] for name in POVOD if name != "api")


def test_optional_services_stand_in_profiles(services):
    profiles = {name: s["profiles"] for name, s in services.items() if "profiles" in s}
    assert profiles == {"flaresolverr": ["flaresolverr"], "minio": ["minio"]}


def test_two_workers_share_the_load(services):
    assert services["worker"]["deploy"]["replicas"] == 2


def test_containers_run_commands_that_there_are(services):
    for name in POVOD:
        command = [part for part in services[name]["command"] if not part.startswith("--")]
        assert CliRunner().invoke(app, [command[0], "--help"]).exit_code == 0
    roles = {services[name]["command"][2] for name in ("scheduler", "app", "worker")}
    assert roles == set(ROLES)


def test_variables_of_the_containers_are_settings(services):
    known = {name.upper() for name in Settings.model_fields}
    for name in POVOD:
        assert set(services[name]["environment"]) <= known


def test_the_image_is_small_and_not_root():
    docker = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    stages = re.findall(r"^FROM (\S+)(?: AS (\w+))?$", docker, re.MULTILINE)
    assert [stage for _, stage in stages] == ["build", ""]
    assert all(re.fullmatch(r"python:3\.1[1-9]-slim", image) for image, _ in stages)
    last = docker[docker.rindex("FROM ") :]
    assert "USER povod" in last
    assert "EXPOSE 8000" in last


def test_the_image_takes_in_only_what_it_needs():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    docker = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = {
        part.removeprefix("./")
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", docker, re.MULTILINE)
        for part in line.split()
    }
    assert "*" in ignored
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)
    assert ".env" not in allowed


def test_the_lock_of_the_image_holds_what_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(extras["server"] + extras["browser"] + extras["s3"])]
    lock = (ROOT / "requirements-server.lock").read_text(encoding="utf-8")
    locked = {
        name.lower() for name in re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==", lock, re.MULTILINE)
    }
    names = {re.match(r"[\w.-]+", text)[0].lower() for text in wanted}
    assert {name.replace(".", "-") for name in names} <= {name.replace(".", "-") for name in locked}
    assert "--hash=sha256:" in lock
    assert "pytest" not in locked


def test_it_needs_no_address_of_a_registry():
    for name in ("requirements.lock", "requirements-server.lock", "requirements-bench.lock"):
        assert "://" not in (ROOT / name).read_text(encoding="utf-8")

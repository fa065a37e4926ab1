"""Which credential is used, what the JWT says, when a token is renewed, what never shows."""

import json
import threading
from datetime import UTC, datetime, timedelta

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from structlog.testing import capture_logs

from povod.kit.clock import FixedClock
from povod.kit.errors import ConfigurationError
from povod.kit.settings import load_settings
from povod.leads.yandex.auth import ServiceAccountTokens, make_token_provider
from povod.leads.yandex.errors import YandexAuthError, YandexUnavailable

AUDIENCE = "https://iam.api.cloud.yandex.net/iam/v1/tokens"


def pem_of(key) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@pytest.fixture(scope="module")
def private_key():
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def key_json(private_key) -> dict[str, str]:
    return {
        "id": "ajekey",
        "service_account_id": "ajeaccount",
        "key_algorithm": "RSA_2048",
        "private_key": "PLEASE DO NOT REMOVE THIS LINE!\n" + pem_of(private_key),
    }


class Iam(httpx.BaseTransport):
    """A token service that answers as it is told: a status, an exception or a token's life."""

    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock
        self.plan: list[object] = []
        self.jwts: list[str] = []
        self.life = timedelta(hours=12)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert str(request.url) == "https://iam.api.cloud.yandex.net/iam/v1/tokens"
        self.jwts.append(json.loads(request.content)["jwt"])
        step = self.plan.pop(0) if self.plan else None
        if isinstance(step, Exception):
            raise step
        if isinstance(step, int):
            body = {"code": 16, "message": f"refused {self.jwts[-1]}"}
            return httpx.Response(step, json=body)
        if isinstance(step, dict):
            return httpx.Response(200, json=step)
        expires = (self.clock.now() + self.life).isoformat().replace("+00:00", "Z")
        return httpx.Response(
            200, json={"iamToken": f"t1.token-{len(self.jwts)}", "expiresAt": expires}
        )


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 21, 21, tzinfo=UTC))


@pytest.fixture
def iam(clock) -> Iam:
    return Iam(clock)


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def tokens(iam, clock, key_json, pauses) -> ServiceAccountTokens:
    settings = load_settings({"YANDEX_CLOUD_SA_KEY_JSON": json.dumps(key_json)}, None)
    provider = make_token_provider(settings, clock, iam, pauses.append)
    assert isinstance(provider, ServiceAccountTokens)
    return provider


@pytest.mark.parametrize(
    ("given", "kind", "header"),
    [
        ({"API_KEY": "AQVN-key", "IAM_TOKEN": "t1.static"}, "api_key", "Api-Key AQVN-key"),
        ({"IAM_TOKEN": "t1.static"}, "iam_token", "Bearer t1.static"),
    ],
)
def test_auto_takes_the_first_credential_present(given, kind, header, clock):
    settings = load_settings({f"YANDEX_CLOUD_{k}": v for k, v in given.items()}, None)
    with capture_logs() as logs:
        provider = make_token_provider(settings, clock)
    assert (provider.kind, provider.authorization()) == (kind, header)
    assert provider.forget(header) is False
    assert [entry["kind"] for entry in logs] == [kind]
    assert header.split()[1] not in repr((logs, provider, vars(provider)))


def test_a_key_wins_over_a_static_token_and_the_file_over_the_text(tmp_path, key_json, clock, iam):
    path = tmp_path / "key.json"
    path.write_text(json.dumps({**key_json, "id": "from-file"}))
    env = {
        "YANDEX_CLOUD_SA_KEY_FILE": str(path),
        "YANDEX_CLOUD_SA_KEY_JSON": json.dumps(key_json),
        "YANDEX_CLOUD_IAM_TOKEN": "t1.static",
    }
    provider = make_token_provider(load_settings(env, None), clock, iam)
    provider.authorization()
    assert jwt.get_unverified_header(iam.jwts[0])["kid"] == "from-file"


def test_a_named_way_is_taken_even_when_another_is_present(clock):
    env = {
        "YANDEX_AUTH": "iam_token",
        "YANDEX_CLOUD_API_KEY": "AQVN",
        "YANDEX_CLOUD_IAM_TOKEN": "t1.static",
    }
    assert make_token_provider(load_settings(env, None), clock).kind == "iam_token"


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({}, ["YANDEX_CLOUD_API_KEY", "YANDEX_CLOUD_SA_KEY_FILE", "YANDEX_CLOUD_IAM_TOKEN"]),
        ({"YANDEX_AUTH": "api_key"}, ["YANDEX_CLOUD_API_KEY", "YANDEX_AUTH=api_key"]),
        ({"YANDEX_AUTH": "iam_token"}, ["YANDEX_CLOUD_IAM_TOKEN"]),
        ({"YANDEX_AUTH": "sa_key"}, ["YANDEX_CLOUD_SA_KEY_FILE"]),
        ({"YANDEX_CLOUD_API_KEY": "two words"}, ["YANDEX_CLOUD_API_KEY", "white space"]),
        ({"YANDEX_CLOUD_IAM_TOKEN": "t1.щи"}, ["YANDEX_CLOUD_IAM_TOKEN", "ASCII"]),
        ({"YANDEX_CLOUD_SA_KEY_JSON": "{"}, ["YANDEX_CLOUD_SA_KEY_JSON", "JSON object"]),
        ({"YANDEX_CLOUD_SA_KEY_JSON": "[]"}, ["YANDEX_CLOUD_SA_KEY_JSON"]),
    ],
)
def test_missing_or_malformed_credentials_name_the_variable(env, words, clock):
    with pytest.raises(ConfigurationError) as caught:
        make_token_provider(load_settings(env, None), clock)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize("what", ["directory", "missing", "binary"])
def test_a_key_file_that_is_no_file_is_explained(what, tmp_path, clock):
    path = tmp_path / "key.json"
    if what == "directory":
        path.mkdir()
    elif what == "binary":
        path.write_bytes(b"\xff\xfe\x00")
    settings = load_settings({"YANDEX_CLOUD_SA_KEY_FILE": str(path)}, None)
    with pytest.raises(ConfigurationError, match="YANDEX_CLOUD_SA_KEY_FILE") as caught:
        make_token_provider(settings, clock)
    assert str(path) in str(caught.value)
    assert what != "directory" or "is a directory" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"id": ""}, "id"),
        ({"service_account_id": None}, "service_account_id"),
        ({"private_key": 5}, "private_key"),
        ({"key_algorithm": "EC_P256"}, "EC_P256"),
        (
            {"private_key": "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----"},
            "PEM",
        ),
        ({"private_key": pem_of(ec.generate_private_key(ec.SECP256R1()))}, "RSA"),
    ],
)
def test_a_faulty_key_names_the_field_and_shows_no_secret(change, word, key_json, clock):
    text = json.dumps({**key_json, **change})
    with pytest.raises(ConfigurationError, match=word) as caught:
        make_token_provider(load_settings({"YANDEX_CLOUD_SA_KEY_JSON": text}, None), clock)
    assert "BEGIN" not in str(caught.value)
    assert "c2VjcmV0" not in str(caught.value)


def test_the_assertion_is_what_the_service_demands(tokens, iam, private_key, clock):
    assert tokens.authorization() == "Bearer t1.token-1"
    assert jwt.get_unverified_header(iam.jwts[0]) == {"typ": "JWT", "alg": "PS256", "kid": "ajekey"}
    claims = jwt.decode(
        iam.jwts[0],
        private_key.public_key(),
        algorithms=["PS256"],
        audience=AUDIENCE,
        options={"verify_exp": False, "verify_iat": False},
    )
    issued = int(clock.now().timestamp()) - 5
    assert claims == {"iss": "ajeaccount", "aud": AUDIENCE, "iat": issued, "exp": issued + 3600}


def test_the_audience_does_not_follow_the_address(key_json, clock):
    env = {
        "YANDEX_CLOUD_SA_KEY_JSON": json.dumps(key_json),
        "YANDEX_IAM_URL": "http://127.0.0.1:9/iam",
    }
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        expires = (clock.now() + timedelta(hours=1)).isoformat()
        return httpx.Response(200, json={"iamToken": "t1.a", "expiresAt": expires})

    provider = make_token_provider(load_settings(env, None), clock, httpx.MockTransport(answer))
    provider.authorization()
    assert str(seen[0].url) == "http://127.0.0.1:9/iam/iam/v1/tokens"
    sent = jwt.decode(json.loads(seen[0].content)["jwt"], options={"verify_signature": False})
    assert sent["aud"] == AUDIENCE


def test_a_token_is_kept_and_renewed_by_age(tokens, clock):
    tokens.authorization()
    clock.advance(timedelta(seconds=3599))
    assert tokens.authorization() == "Bearer t1.token-1"
    clock.advance(timedelta(seconds=1))
    assert tokens.authorization() == "Bearer t1.token-2"


def test_a_short_token_is_renewed_a_minute_before_its_end(tokens, iam, clock):
    iam.life = timedelta(seconds=600)
    tokens.authorization()
    clock.advance(timedelta(seconds=539))
    assert tokens.authorization() == "Bearer t1.token-1"
    clock.advance(timedelta(seconds=1))
    assert tokens.authorization() == "Bearer t1.token-2"


def test_a_failed_refresh_keeps_a_living_token_and_does_not_ask_at_every_call(tokens, iam, clock):
    tokens.authorization()
    clock.advance(timedelta(hours=1))
    iam.plan = [503] * 4
    with capture_logs() as logs:
        assert tokens.authorization() == "Bearer t1.token-1"
    assert [entry["log_level"] for entry in logs if entry["event"] == "yandex.token_kept"] == [
        "warning"
    ]
    asked = len(iam.jwts)
    assert tokens.authorization() == "Bearer t1.token-1"
    assert len(iam.jwts) == asked
    clock.advance(timedelta(seconds=30))
    assert tokens.authorization() == "Bearer t1.token-6"


def test_a_failed_refresh_of_a_dying_token_is_an_error(tokens, iam, clock):
    tokens.authorization()
    clock.advance(timedelta(hours=12) - timedelta(seconds=60))
    iam.plan = [503] * 4
    with pytest.raises(YandexUnavailable):
        tokens.authorization()


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refusal_is_final(tokens, iam, pauses, status):
    iam.plan = [status]
    with pytest.raises(YandexAuthError) as caught:
        tokens.authorization()
    assert (caught.value.http_status, caught.value.grpc_code, pauses) == (status, 16, [])
    assert iam.jwts[0] not in str(caught.value) + repr(caught.value.payload)


@pytest.mark.parametrize(
    "step",
    [
        429,
        500,
        502,
        503,
        504,
        httpx.ConnectError("x"),
        httpx.ReadTimeout("x"),
        {"iamToken": "t1.a"},
    ],
)
def test_a_passing_failure_is_tried_three_times_more(tokens, iam, pauses, step):
    iam.plan = [step] * 3
    assert tokens.authorization() == "Bearer t1.token-4"
    assert [round(pause / wait, 1) for pause, wait in zip(pauses, (1, 2, 4), strict=True)] == (
        pytest.approx([1, 1, 1], abs=0.2)
    )
    iam.plan = [step] * 4
    tokens.forget("Bearer t1.token-4")
    with pytest.raises(YandexUnavailable):
        tokens.authorization()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"iamToken": "", "expiresAt": "2026-11-22T21:00:00Z"},
        {"iamToken": "t1.a b", "expiresAt": "2026-11-22T21:00:00Z"},
        {"iamToken": "t1.a", "expiresAt": "tomorrow"},
    ],
)
def test_a_token_that_cannot_be_used_is_no_token(tokens, iam, body):
    iam.plan = [body] * 4
    with pytest.raises(YandexUnavailable):
        tokens.authorization()


def test_forgetting_drops_only_the_token_that_was_refused(tokens):
    old = tokens.authorization()
    assert tokens.forget(old)
    fresh = tokens.authorization()
    assert fresh != old
    assert tokens.forget(old)
    assert tokens.authorization() == fresh


def test_threads_share_one_exchange(tokens, iam):
    headers: list[str] = []
    threads = [
        threading.Thread(target=lambda: headers.append(tokens.authorization())) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (set(headers), len(iam.jwts)) == ({"Bearer t1.token-1"}, 1)


def test_nothing_secret_shows_in_a_representation(tokens, key_json):
    tokens.authorization()
    shown = repr((tokens, vars(tokens), tokens._key, tokens._token))
    assert "t1.token" not in shown
    assert "PRIVATE KEY" not in shown

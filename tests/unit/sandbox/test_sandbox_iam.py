import json
import stat

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from povod.sandbox.clock import WorldClock
from povod.sandbox.yandex.errors import ApiRefusal
from povod.sandbox.yandex.iam import ACCOUNT_ID, AUDIENCE, KEY_ID, Iam, check_folder, load_demo_key
from povod.sandbox.yandex.store import Store


@pytest.fixture
def iam(demo_key, still_clock: WorldClock) -> Iam:
    return Iam(demo_key, still_clock, Store(), ttl_seconds=7200)


def private_key(iam: Iam) -> str:
    text = iam.key.document["private_key"]
    return text[text.index("-----BEGIN") :]


def assertion(iam: Iam, *, key=None, alg="PS256", kid=KEY_ID, **changes) -> str:
    now = int(iam.clock.now().timestamp())
    claims = {"iss": ACCOUNT_ID, "aud": AUDIENCE, "iat": now - 5, "exp": now + 3595} | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    headers = {"kid": kid} if kid else {}
    return jwt.encode(claims, key or private_key(iam), alg, headers=headers)


def refusal(iam: Iam, text) -> ApiRefusal:
    with pytest.raises(ApiRefusal) as caught:
        iam.exchange({"jwt": text})
    assert (caught.value.grpc, caught.value.status) == (16, 401)
    return caught.value


def test_a_good_jwt_becomes_a_token(iam):
    token = iam.exchange({"jwt": assertion(iam)})
    assert token.token.startswith("t1.")
    assert token.expires_at == iam.clock.now().timestamp() + 7200
    assert iam.authorise(f"bearer {token.token}") == "iam_token"


def test_the_same_token_again_within_a_minute(iam):
    first = iam.exchange({"jwt": assertion(iam)})
    iam.clock.advance(59)
    assert iam.exchange({"jwt": assertion(iam)}) == first
    iam.clock.advance(2)
    assert iam.exchange({"jwt": assertion(iam)}) != first


@pytest.mark.parametrize(
    ("claim", "shift"),
    [("iat", 61), ("exp", -3700), ("exp", 3700)],
)
def test_times_are_judged(iam, claim, shift):
    now = int(iam.clock.now().timestamp())
    assert f"jwt: {claim}" in refusal(iam, assertion(iam, **{claim: now + shift})).message


@pytest.mark.parametrize(
    ("claim", "value"),
    [("iss", "aje-other"), ("aud", "http://127.0.0.1/tokens"), ("iat", "x"), ("exp", None),
     ("iat", None), ("iss", None), ("aud", None)],
)  # fmt: skip
def test_a_wrong_claim_is_named(iam, claim, value):
    text = assertion_unchecked(iam, claim, value)
    assert f"jwt: {claim}" in refusal(iam, text).message


def assertion_unchecked(iam: Iam, claim: str, value) -> str:
    """PyJWT refuses to sign some wrong claims; sign the payload as it is."""
    now = int(iam.clock.now().timestamp())
    claims = {"iss": ACCOUNT_ID, "aud": AUDIENCE, "iat": now, "exp": now + 3600, claim: value}
    payload = json.dumps({k: v for k, v in claims.items() if v is not None}).encode()
    return jwt.PyJWS().encode(payload, private_key(iam), "PS256", headers={"kid": KEY_ID})


def test_a_small_lead_of_the_callers_clock_is_forgiven(iam):
    now = int(iam.clock.now().timestamp())
    assert iam.exchange({"jwt": assertion(iam, iat=now + 60, exp=now + 3600)})


@pytest.mark.parametrize("alg", ["RS256", "PS384", "HS256", "none", "ES256"])
def test_other_algorithms_are_refused(iam, alg):
    keys = {"HS256": "s" * 32, "none": None, "ES256": ec.generate_private_key(ec.SECP256R1())}
    now = int(iam.clock.now().timestamp())
    claims = {"iss": ACCOUNT_ID, "aud": AUDIENCE, "iat": now, "exp": now + 60}
    key = keys.get(alg, private_key(iam))
    text = jwt.encode(claims, key, alg, headers={"kid": KEY_ID})
    assert "alg" in refusal(iam, text).message


def test_another_key_another_kid_and_no_jwt_at_all(iam):
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert "signature" in refusal(iam, assertion(iam, key=stranger)).message
    assert "kid" in refusal(iam, assertion(iam, kid="aje-other")).message
    assert "kid" in refusal(iam, assertion(iam, kid=None)).message
    assert "decoded" in refusal(iam, "not.a.jwt").message


@pytest.mark.parametrize("body", [{}, {"jwt": ""}, {"jwt": 1}, [], None])
def test_a_body_without_jwt_is_a_bad_request(iam, body):
    with pytest.raises(ApiRefusal) as caught:
        iam.exchange(body)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Bearer t1.unknown", "Basic x", "Api-Key wrong"]
)
def test_a_missing_or_wrong_credential_is_401(iam, header):
    with pytest.raises(ApiRefusal) as caught:
        iam.authorise(header)
    assert caught.value.grpc == 16


def test_a_token_dies_on_the_virtual_clock(iam):
    header = f"Bearer {iam.exchange({'jwt': assertion(iam)}).token}"
    iam.clock.advance(7199)
    assert iam.authorise(header)
    iam.clock.advance(1)
    with pytest.raises(ApiRefusal, match="expired"):
        iam.authorise(header)


@pytest.mark.parametrize("scheme", ["Api-Key", "Api-key", "API-KEY"])
def test_api_keys(iam, scheme):
    assert iam.authorise(f"{scheme} sandbox-key") == "api_key"
    with pytest.raises(ApiRefusal) as caught:
        iam.authorise(f"{scheme} sandbox-key-norole")
    assert (caught.value.grpc, caught.value.status) == (7, 403)


def test_an_unknown_folder_is_forbidden():
    check_folder("b1gsandbox0000000000")
    with pytest.raises(ApiRefusal) as caught:
        check_folder("b1gother")
    assert caught.value.status == 403


def test_the_demo_key_is_made_once_and_private(tmp_path):
    path = tmp_path / "key.json"
    first = load_demo_key(path)
    assert load_demo_key(path).document == first.document
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(first.document) >= {"id", "service_account_id", "private_key", "key_algorithm"}
    assert not first.document["private_key"].startswith("-----BEGIN")


@pytest.mark.parametrize("payload", [b"not json", b"[]", b"1"])
def test_signed_nonsense_is_refused(iam, payload):
    text = jwt.PyJWS().encode(payload, private_key(iam), "PS256", headers={"kid": KEY_ID})
    assert "claims" in refusal(iam, text).message

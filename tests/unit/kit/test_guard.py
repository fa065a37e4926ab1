"""Which addresses may be connected to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.kit.guard import is_public_address


@pytest.mark.parametrize(
    "ip",
    ["8.8.8.8", "77.88.55.242", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1"]
)  # fmt: skip
def test_public_v4(ip):
    assert is_public_address(ip)
    assert is_public_address(f"::ffff:{ip}")
    assert is_public_address(f"64:ff9b::{ip}")


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1",
        "127.255.255.254",
        "10.0.0.7",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "0.1.2.3",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
    ],
)
def test_closed_v4_in_any_dress(ip):
    assert not is_public_address(ip)
    assert not is_public_address(f"::ffff:{ip}")
    assert not is_public_address(f"64:ff9b::{ip}")


@pytest.mark.parametrize("ip", ["2a02:6b8::2:242", "2001:4860:4860::8888", "2002:808:808::1"])
def test_public_v6(ip):
    assert is_public_address(ip)


@pytest.mark.parametrize(
    "ip",
    [
        "::",
        "::1",
        "::7f00:1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "3fff::1",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::",
        "2002:a00:7::1",
        "4000::1",
    ],
)
def test_closed_v6(ip):
    assert not is_public_address(ip)


@pytest.mark.parametrize(
    "text", ["", "firma.ru", "127.1", "0x7f000001", "2130706433", "[::1]", "8.8.8"]
)
def test_what_is_no_address_is_not_public(text):
    assert not is_public_address(text)


@given(st.ip_addresses(v=4, network="10.0.0.0/8") | st.ip_addresses(v=6, network="fc00::/7"))
def test_no_private_address_is_public(ip):
    assert not is_public_address(str(ip))

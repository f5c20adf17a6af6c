"""Where the server may connect: the known tricks to make a server knock on its own door."""

from __future__ import annotations

import pytest

from signoff.server.domain.address import Reach, is_allowed, literal, refusal, url_refusal

PRIVATE = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "::1",
    "fc00::1",
    "fec0::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    # The same address as people write it who do not want it to be seen.
    "127.1",
    "0x7f.1",
    "0x7f000001",
    "2130706433",
    "017700000001",
    "0177.0.0.1",
]
FORBIDDEN = [
    "169.254.169.254",
    "169.254.1.1",
    "2852039166",
    "0xa9fea9fe",
    "fe80::1",
    "fe80::1%eth0",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::",
    "fd00:ec2::254",
    "fd20:ce::254",
    "100.100.100.200",
    "192.0.0.192",
    "0.0.0.0",
    "0",
    "::",
    "224.0.0.1",
    "ff02::1",
    "240.0.0.1",
    "255.255.255.255",
    "::7f00:1",
]
PUBLIC = ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::"]


def judged(host: str, reach: Reach) -> bool:
    address = literal(host)
    assert address is not None
    shown = f"[{host}]" if ":" in host else host
    reason = refusal(address, reach)
    assert url_refusal(f"http://{shown}:8001/hook", reach) == reason
    return reason is None


@pytest.mark.parametrize("host", PRIVATE)
def test_private_addresses_are_for_agents_only(host: str) -> None:
    assert judged(host, Reach.AGENT)
    assert not judged(host, Reach.PUBLIC)
    assert judged(host, Reach.OPERATOR)


@pytest.mark.parametrize("host", FORBIDDEN)
def test_link_local_metadata_and_no_hosts_are_for_nobody(host: str) -> None:
    assert not judged(host, Reach.AGENT)
    assert not judged(host, Reach.PUBLIC)
    assert judged(host, Reach.OPERATOR)


@pytest.mark.parametrize("host", PUBLIC)
def test_public_addresses_are_for_all(host: str) -> None:
    assert all(judged(host, reach) for reach in Reach)


def test_a_teredo_address_is_judged_by_its_server_and_its_client() -> None:
    # Client 192.168.1.1, its bits inverted as the protocol writes them.
    address = literal("2001:0:808:808:8000:63bf:3f57:fefe")
    assert address is not None
    assert refusal(address, Reach.PUBLIC) == "it is not public"


@pytest.mark.parametrize("host", ["localhost", "example.com", "1.2.3.4.5", "0x7g.1", "\u2460"])
def test_a_name_is_no_literal(host: str) -> None:
    assert literal(host) is None


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "http:///path",
        "example.com",
        "http://[::1/",
        "http://h:99999/",
        "http://h:0/",
        "file:///etc/passwd",
        "",
    ],
)
def test_only_http_urls_with_a_host_are_targets(url: str) -> None:
    assert all(url_refusal(url, reach) for reach in Reach)


def test_a_name_is_left_to_the_connector() -> None:
    assert url_refusal("https://hooks.example.com/signoff", Reach.PUBLIC) is None


@pytest.mark.parametrize(
    "url, hosts, allowed",
    [
        ("http://hooks.internal/x", {"hooks.internal"}, True),
        ("http://HOOKS.internal/x", {"Hooks.Internal"}, True),
        ("http://hooks.internal:8080/x", {"hooks.internal"}, True),
        ("http://hooks.internal:8080/x", {"hooks.internal:8080"}, True),
        ("http://hooks.internal/x", {"hooks.internal:80"}, True),
        ("https://hooks.internal/x", {"hooks.internal:443"}, True),
        ("https://hooks.internal/x", {"hooks.internal:80"}, False),
        ("http://hooks.internal:8081/x", {"hooks.internal:8080"}, False),
        ("http://evil-hooks.internal/x", {"hooks.internal"}, False),
        ("http://hooks.internal@evil.test/x", {"hooks.internal"}, False),
        ("http://[::1]:9000/x", {"[::1]:9000"}, True),
        ("http://[::1]:9000/x", {"::1"}, True),
        ("http://[::1]:9000/x", {"[::1]"}, True),
        ("http:///x", {"hooks.internal"}, False),
    ],
)
def test_allowed_hosts_name_a_host_or_a_host_with_its_port(
    url: str, hosts: set[str], allowed: bool
) -> None:
    assert is_allowed(url, hosts) is allowed

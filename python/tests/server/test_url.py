"""Which URLs may be written down."""

from __future__ import annotations

import pytest

from signoff.server.domain.url import base_url_refusal, webhook_url_refusal


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8001",
        "http://10.1.2.3/agents/refund/",
        "https://agent.example.com",
        "http://[::1]:8001",
        "http://refund-agent:8001",
    ],
)
def test_an_agent_may_be_near(url: str) -> None:
    assert base_url_refusal(url) is None


@pytest.mark.parametrize(
    "url, why",
    [
        ("http://169.254.169.254/", "it is link-local"),
        ("http://[::ffff:169.254.169.254]/", "it is link-local"),
        ("http://2852039166/", "it is link-local"),
        ("http://[fe80::1]/", "it is link-local"),
        ("http://metadata.google.internal/", "it is a metadata address"),
        ("http://METADATA.google.internal./", "it is a metadata address"),
        ("http://0.0.0.0:80/", "it is no address of a host"),
        ("http://224.0.0.1/", "it is a multicast address"),
        ("http://user:secret@10.0.0.1/", "it has user info"),
        ("http://@10.0.0.1/", "it has user info"),
        ("http://10.0.0.1/?a=b", "it has a query or a fragment"),
        ("http://10.0.0.1/#a", "it has a query or a fragment"),
        ("http://10.0.0.1/?", "it has a query or a fragment"),
        ("http://10.0.0.1:99999/", "it is no URL"),
        ("http://[::1/", "it is no URL"),
        ("ftp://10.0.0.1/", "it is no http or https URL with a host"),
    ],
)
def test_an_agent_is_not_everywhere(url: str, why: str) -> None:
    assert base_url_refusal(url) == why


@pytest.mark.parametrize(
    "url, why",
    [
        ("https://hooks.example.com/signoff?id=1", None),
        ("http://8.8.8.8/", None),
        ("http://10.0.0.1/", "it is not public"),
        ("http://127.1/", "it is not public"),
        ("http://localhost/", "it is not public"),
        ("http://a.LOCALHOST./", "it is not public"),
        ("http://169.254.169.254/", "it is link-local"),
        ("http://u:p@hooks.example.com/", "it has user info"),
        ("http://hooks.example.com:99999/", "it is no URL"),
        ("http://metadata.google.internal/", "it is a metadata address"),
        ("http://10.9.9.9:7/", None),
        ("http://inside/", None),
    ],
)
def test_a_webhook_is_public_or_allowed(url: str, why: str | None) -> None:
    assert webhook_url_refusal(url, {"10.9.9.9", "inside"}) == why


@pytest.mark.parametrize(
    "host, why", [("localhost", None), ("169.254.169.254", "it is link-local")]
)
def test_what_is_allowed_may_be_near_but_never_link_local(host: str, why: str | None) -> None:
    assert webhook_url_refusal(f"http://{host}/", {host}) == why

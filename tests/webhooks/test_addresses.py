"""Where webhooks may go: what can be seen in an address as it is written, and which IP addresses are a shop's."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.outbound.addresses import check_url, why_not

PUBLIC = ("8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8")
OWN = (
    *("127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1"),
    *("::1", "fc00::1", "fd12:3456::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1"),
)
NOBODYS = (
    *("0.0.0.0", "169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.1", "192.88.99.1"),
    *("198.18.0.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::127.0.0.1", "fe80::1", "fe80::1%1", "fec0::1", "ff02::1", "100::1", "2001:db8::1", "3fff::1"),
    *("2002:7f00:1::", "2002:808:808::", "2001:0:808:808::1", "fd00:ec2::254", "64:ff9b:1::1", "5f00::1"),
    *("::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"),
)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_called_with_tls_only(address: str) -> None:
    for private_hosts in (False, True):
        assert why_not(ip_address(address), plain=False, private_hosts=private_hosts) is None
        assert "write https" in str(why_not(ip_address(address), plain=True, private_hosts=private_hosts))


@pytest.mark.parametrize("address", OWN)
def test_ones_own_network_is_called_by_leave_of_the_setting_only(address: str) -> None:
    refused = why_not(ip_address(address), plain=False, private_hosts=False)

    assert refused is not None
    assert "SHELFTALK_WEBHOOK_PRIVATE_HOSTS" in refused
    assert why_not(ip_address(address), plain=False, private_hosts=True) is None


@pytest.mark.parametrize("address", NOBODYS)
def test_an_address_that_no_shop_has_is_never_called(address: str) -> None:
    for private_hosts in (False, True):
        for plain in (False, True):
            assert why_not(ip_address(address), plain=plain, private_hosts=private_hosts) is not None


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_the_same_in_every_guise(address: IPv4Address) -> None:
    for private_hosts in (False, True):
        verdict = why_not(address, plain=False, private_hosts=private_hosts)
        for guise in (IPv6Address(f"::ffff:{address}"), IPv6Address(int(IPv6Address("64:ff9b::")) + int(address))):
            assert why_not(guise, plain=False, private_hosts=private_hosts) == verdict


@given(st.ip_addresses())
def test_the_setting_allows_more_and_never_less(address: IPv4Address | IPv6Address) -> None:
    for plain in (False, True):
        if why_not(address, plain=plain, private_hosts=False) is None:
            assert why_not(address, plain=plain, private_hosts=True) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/hooks",
        "HTTPS://Shop.Example",
        "https://shop.example:8443/hooks?key=a%20b&x=1",
        "https://shop.example./",
        "https://bücher.example/haken",
        "https://my_shop.example/",
        "https://8.8.8.8/",
        "https://[2606:4700:4700::1111]/",
        "https://10.example/",
    ],
)
def test_an_address_that_can_be_called_has_no_mistake(url: str) -> None:
    assert check_url(url) is None


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "web address"),
        ("shop.example/hooks", "web address"),
        ("//shop.example", "web address"),
        ("https://", "web address"),
        ("https:///hooks", "web address"),
        ("ftp://shop.example/", "web address"),
        ("file:///etc/passwd", "web address"),
        ("javascript:alert(1)", "web address"),
        ("https://[::1", "web address"),
        ("https://shop.example:port/", "web address"),
        ("http://shop.example/", "write https"),
        ("http://localhost/", "write https"),
        ("https://name:word@shop.example/", "password"),
        ("https://8.8.8.8@127.0.0.1/", "password"),
        ("https://shop.example/#part", "after '#'"),
        ("https://shop.example/#", "after '#'"),
        ("https://shop.example:0/", "port"),
        ("https://shop.example:65536/", "port"),
        ("https://shop.example/a b", "a space"),
        (" https://shop.example/", "a space"),
        ("https://shop.example/\r\nX: y", "a space, a line break"),
        ("https://8.8.8.8\\@127.0.0.1/", "backslash"),
        ("https://shop%2eexample/", "the host's name"),
        ("https://shop..example/", "the host's name"),
        (f"https://{'a' * 64}.example/", "the host's name"),
        (f"https://{'a.' * 130}example/", "the host's name"),
        ("https://2130706433/", "write its name"),
        ("https://0x7f.1/", "write its name"),
        ("https://127.1/", "write its name"),
        ("https://0177.0.0.1/", "web address"),
        ("https://127.0.0.1./", "write its name"),
        ("https://localhost/", "SHELFTALK_WEBHOOK_PRIVATE_HOSTS"),
        ("https://LOCALHOST/", "SHELFTALK_WEBHOOK_PRIVATE_HOSTS"),
        ("https://localhost./", "SHELFTALK_WEBHOOK_PRIVATE_HOSTS"),
        ("https://a.localhost/", "SHELFTALK_WEBHOOK_PRIVATE_HOSTS"),
        ("https://database/", "SHELFTALK_WEBHOOK_PRIVATE_HOSTS"),
        ("https://metadata.google.internal/", "SHELFTALK_WEBHOOK_PRIVATE_HOSTS"),
        ("https://printer.local/", "SHELFTALK_WEBHOOK_PRIVATE_HOSTS"),
        ("https://10.0.0.1/", "SHELFTALK_WEBHOOK_PRIVATE_HOSTS"),
        ("https://[::1]/", "SHELFTALK_WEBHOOK_PRIVATE_HOSTS"),
        ("https://[::ffff:127.0.0.1]/", "SHELFTALK_WEBHOOK_PRIVATE_HOSTS"),
        ("https://169.254.169.254/", "no shop has"),
        (f"https://shop.example/{'a' * 2048}", "longer than 2048"),
    ],
    ids=lambda value: ascii(value)[:60],
)
def test_a_mistake_that_can_be_seen_is_told_with_what_to_do(url: str, says: str) -> None:
    diagnostic = check_url(url)

    assert diagnostic is not None
    assert says in diagnostic
    assert ": " in diagnostic, "what to do follows"


@pytest.mark.parametrize(
    "url", ["http://localhost:8080/", "http://127.0.0.1/", "http://[::1]/", "https://database/", "https://10.0.0.1/"]
)
def test_the_setting_opens_ones_own_network_and_http_on_this_machine(url: str) -> None:
    assert check_url(url, private_hosts=True) is None
    assert check_url(url) is not None


@pytest.mark.parametrize(
    "url", ["http://shop.example/", "http://database/", "http://10.0.0.1/", "http://8.8.8.8/", "https://[fe80::1]/"]
)
def test_the_setting_opens_nothing_else(url: str) -> None:
    assert check_url(url, private_hosts=True) is not None


@given(
    st.from_regex(re.compile(r"(https?:/{0,3})?[a-z0-9.:@%\\\[\]#?/ -]{0,40}"), fullmatch=True) | st.text(max_size=40)
)
def test_any_text_is_judged_and_what_passes_can_be_called(text: str) -> None:
    if check_url(text) is None:
        url = httpx.URL(text)
        assert url.scheme == "https"
        assert url.host
        httpx.Request("POST", url)

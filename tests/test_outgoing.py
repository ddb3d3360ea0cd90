"""Where the program may go by itself: never into the network it stands in, however that is spelt."""

import socket
import ssl
import threading
import time
from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asanokai import outgoing
from asanokai.outgoing import Forbidden, Unreachable, Way, allowed

PUBLIC, SIX = "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"


def says(*addresses: str) -> outgoing.Resolve:
    return lambda _host, _port: addresses


@pytest.mark.parametrize(
    ("url", "way"),
    [
        ("https://id.example.org", Way("id.example.org", 443, PUBLIC, "/")),
        ("https://ID.example.org:8443/a/b?c=d", Way("id.example.org", 8443, PUBLIC, "/a/b?c=d")),
        ("https://xn--bcher-kva.example/", Way("xn--bcher-kva.example", 443, PUBLIC, "/")),
        ("https://8.8.8.8/", Way("8.8.8.8", 443, "8.8.8.8", "/")),
        (f"https://[{SIX}]/", Way(SIX, 443, SIX, "/")),
    ],
)
def test_public_hosts_are_called_at_the_address_that_was_looked_at(url, way):
    assert allowed(url, resolve=says(PUBLIC)) == way


PRIVATE = [
    *("127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("192.0.0.8", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.88.99.1"),
    *("::", "::1", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "2002:7f00:1::", "2002:808:808::", "2001:0:1::1"),
    *("2001:db8::1", "fec0::1", "100::1", "2001:10::1", "3fff::1"),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_no_name_and_no_number_leads_into_a_private_network(address):
    literal = f"[{address}]" if ":" in address else address
    with pytest.raises(Forbidden):
        allowed(f"https://{literal}/", resolve=says(PUBLIC))
    with pytest.raises(Forbidden):
        allowed("https://id.example.org/", resolve=says(PUBLIC, address))


ODD = [
    *("https://2130706433/", "https://0x7f000001/", "https://017700000001/", "https://127.1/", "https://0177.0.0.1/"),
    *("https://0x7f.0.0.1/", "https://127.0.0.1./", "https://localhost/", "https://a.example./", "https://1.2.3.4.5/"),
    *("https://a.example.0x1/", "https://[::1%25lo]/", "https://[fe80::1%lo]/", "https://[::ffff:7f00:1]/"),
    *("https://１２７.0.0.1/", "https://ⓔxample.org/", "https://a。example/", "https://a.example\\@b.example/"),
    *("https://user@a.example/", "https://user:word@a.example/", "https://@a.example/", "https://a.example#@b/"),
    *(
        "http://a.example/",
        "ftp://a.example/",
        "file:///etc/passwd",
        "gopher://a.example/",
        "//a.example/",
        "",
        "https:",
    ),
    *("https://a.example:22/", "https://a.example:0/", "https://a.example:99999/", "https://a.example:x/"),
    *(
        "https://a example/",
        "https://a.example/\r\nHost: b",
        "https://a.example/\0",
        " https://a.example/",
        "https://[a/",
    ),
    *(
        "https://-a.example/",
        "https://a..example/",
        "https:///path",
        "https://a.example/" + "x" * 3000,
        "https://[8.8.8.8]/",
    ),
]


@pytest.mark.parametrize("url", ODD)
def test_what_can_be_read_in_two_ways_is_refused(url):
    with pytest.raises(Forbidden):
        allowed(url, resolve=says(PUBLIC))


def test_a_host_that_the_operator_named_may_stand_in_the_own_network_and_no_other():
    own = {"named": ("id.intranet.example",), "resolve": says("10.0.0.5")}
    assert allowed("https://id.intranet.example/x", **own).address == "10.0.0.5"
    with pytest.raises(Forbidden):
        allowed("https://other.intranet.example/x", **own)


def test_a_name_that_nobody_knows_is_unreachable():
    with pytest.raises(Unreachable):
        allowed("https://id.example.org", resolve=says())


BLOCKS = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
)
PRIVATE_4 = [ip_network(block) for block in BLOCKS]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(block=st.sampled_from(PRIVATE_4), offset=st.integers(0, 2**24 - 1))
def test_no_spelling_of_a_private_address_is_let_through(block, offset):
    number = int(block.network_address) + offset % block.num_addresses
    plain = IPv4Address(number)
    a, b, c, d = plain.packed
    spelt = [
        str(plain),
        str(number),
        hex(number),
        f"0{number:o}",
        f"{a}.{number & 0xFFFFFF}",
        f"0x{a:x}.{b}.{c}.0{d:o}",
        f"[::ffff:{plain}]",
        f"[{IPv6Address((0x2002 << 112) | (number << 80))}]",
        f"[{IPv6Address((0x64FF9B << 96) | number)}]",
    ]
    for one in spelt:
        with pytest.raises(Forbidden):
            allowed(f"https://{one}/", resolve=says(str(plain)))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.one_of(st.text(max_size=60), st.text(max_size=60).map("https://{}".format)))
def test_whatever_is_written_is_a_way_or_refused(url):
    try:
        way = allowed(url, resolve=says(PUBLIC))
    except (Forbidden, Unreachable):
        return
    assert way.port in outgoing.PORTS


def test_the_name_is_not_asked_for_again_and_redirects_are_not_followed(monkeypatch):
    gone_to, answer = [], [b"HTTP/1.1 302 Found\r\nLocation: https://10.0.0.1/\r\nContent-Length: 0\r\n\r\n"]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", (PUBLIC, 443))])

    def connected(address: tuple[str, int], *_: object) -> socket.socket:
        gone_to.append(address)
        here, there = socket.socketpair()
        there.sendall(answer[0])
        there.shutdown(socket.SHUT_WR)
        held.append(there)
        return here

    held: list[socket.socket] = []
    monkeypatch.setattr(socket, "create_connection", connected)
    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", lambda _self, plain, server_hostname: plain)
    with pytest.raises(Forbidden, match="leads elsewhere"):
        outgoing.ask("https://id.example.org/x")
    answer[0] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    assert outgoing.ask("https://id.example.org/x", form={"a": "b"}) == (200, b"{}")
    answer[0] = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000
    monkeypatch.setattr(outgoing, "MOST_BYTES", 90_000)
    with pytest.raises(Unreachable, match="too much"):
        outgoing.ask("https://id.example.org/x")
    assert gone_to == [(PUBLIC, 443)] * 3
    for one in held:
        one.close()


@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"]
)
def test_a_host_that_drips_is_hung_up_on_in_its_head_and_in_its_body(monkeypatch, said):
    here, there = socket.socketpair()
    dripping = threading.Event()

    def drip() -> None:
        there.sendall(said)
        while not dripping.wait(0.01):
            try:
                there.sendall(b"x")
            except OSError:
                return

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", (PUBLIC, 443))])
    monkeypatch.setattr(socket, "create_connection", lambda *_: here)
    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", lambda _self, plain, server_hostname: plain)
    monkeypatch.setattr(outgoing, "ALTOGETHER", 0.2)
    dripper, begun = threading.Thread(target=drip), time.monotonic()
    dripper.start()
    with pytest.raises(Unreachable):
        outgoing.ask("https://id.example.org/x")
    assert time.monotonic() - begun < 5
    dripping.set()
    dripper.join()
    there.close()

"""Our own proxy spoken to by hand: who gets in, where to, and what is counted and cut."""

import asyncio

import pytest

from povod.crawl.fetch.egress import EgressProxy
from povod.crawl.fetch.failures import FailureClass as F
from povod.crawl.fetch.tickets import Ticket

PAGE = "<html>Окна</html>"


def run(internet, work):
    async def go():
        async with internet() as net:
            return await asyncio.wait_for(work(net), 10)

    return asyncio.run(go())


async def say(net, *requests: bytes, until_closed: bool = True) -> bytes:
    """What the proxy answers to requests on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", net.egress.port)
    for request in requests:
        writer.write(request)
        await writer.drain()
        await asyncio.sleep(0.05)
    answer = await reader.read() if until_closed else await reader.read(65_536)
    writer.close()
    return answer


def head(ticket: Ticket | None, start: str, *fields: str) -> bytes:
    login = [f"Proxy-Authorization: {ticket.authorization}"] if ticket else []
    return "\r\n".join([start, "Host: firma.ru", *login, *fields, "", ""]).encode()


def test_nobody_gets_in_without_a_ticket(internet) -> None:
    async def work(net):
        net.html("/", PAGE)
        start = "GET http://firma.ru/ HTTP/1.1"
        ticket = net.egress.admit(Ticket())
        answers = [
            await say(net, head(None, start), until_closed=False),
            await say(net, head(Ticket(), start), until_closed=False),
            await say(net, head(None, start), head(ticket, start)),  # as browsers do
        ]
        net.egress.dismiss(ticket)
        answers.append(await say(net, head(ticket, start), until_closed=False))
        return answers, net.log

    answers, log = run(internet, work)
    asked = b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic"
    assert [answer.startswith(asked) for answer in answers] == [True] * 4
    assert answers[2].endswith(PAGE.encode())
    assert log == ["firma.ru /"]


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        ("CONNECT firma.ru:22 HTTP/1.1", F.GUARD_BLOCKED),
        ("CONNECT 10.0.0.1:443 HTTP/1.1", F.GUARD_BLOCKED),
        ("CONNECT [::1]:443 HTTP/1.1", F.GUARD_BLOCKED),
        ("CONNECT firma.ru:99999 HTTP/1.1", F.GUARD_BLOCKED),
        ("CONNECT nobody.ru:443 HTTP/1.1", F.DNS_ERROR),
        ("CONNECT dead.ru:443 HTTP/1.1", F.CONNECT_REFUSED),
        ("CONNECT other.ru:443 HTTP/1.1", F.OFF_DOMAIN_REDIRECT),
        ("GET / HTTP/1.1", F.GUARD_BLOCKED),
        ("GET ftp://firma.ru/ HTTP/1.1", F.GUARD_BLOCKED),
        ("GET https://firma.ru/ HTTP/1.1", F.GUARD_BLOCKED),
        ("NONSENSE", F.GUARD_BLOCKED),
    ],
)
def test_refusal_names_its_reason(internet, start, kind) -> None:
    async def work(net):
        ticket = net.egress.admit(Ticket(admits=lambda host: host != "other.ru"))
        return await say(net, head(ticket, start)), ticket

    answer, ticket = run(internet, work)
    assert f"X-Povod-Egress: {kind.value}\r\n".encode() in answer
    assert (ticket.bytes_in, ticket.bytes_out) == (0, 0)


def test_no_bytes_left_is_a_refusal(internet, grant) -> None:
    async def work(net):
        ticket = net.egress.admit(Ticket())
        ticket.begin(grant(0))
        return await say(net, head(ticket, "CONNECT firma.ru:80 HTTP/1.1"))

    assert b"X-Povod-Egress: budget" in run(internet, work)


def test_tunnel_counts_both_ways_and_is_cut_at_the_budget(internet, grant) -> None:
    async def work(net):
        async def flood(reader, writer):
            await reader.readexactly(5)
            while True:
                writer.write(b"z" * 10_000)
                await writer.drain()

        net.raw = flood
        ticket = net.egress.admit(Ticket())
        ticket.begin(grant(200_000, 50_000))
        answer = await say(net, head(ticket, "CONNECT raw.ru:80 HTTP/1.1"), b"hello")
        return answer, ticket

    answer, ticket = run(internet, work)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert ticket.bytes_out == 5
    assert 200_000 <= ticket.bytes_in + ticket.bytes_out <= 200_000 + 32 * 1024
    assert ticket.is_exhausted


def test_plain_request_is_the_only_one_of_its_connection(internet) -> None:
    """A second request behind the first one must not reach the same server."""
    seen = []

    async def work(net):
        async def site(reader, writer):
            seen.append(await reader.readuntil(b"\r\n\r\n"))
            seen.append(await reader.readexactly(4))
            writer.write(
                b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"
            )
            await writer.drain()
            seen.append(await asyncio.wait_for(reader.read(1), 0.2))

        net.raw = site
        ticket = net.egress.admit(Ticket())
        first = head(ticket, "POST http://raw.ru/form?a=1 HTTP/1.1", "Content-Length: 4")
        second = head(ticket, "GET http://other.ru/ HTTP/1.1")
        return await say(net, first + b"body" + second), ticket

    answer, ticket = run(internet, work)
    assert seen[0].startswith(b"POST /form?a=1 HTTP/1.1\r\nHost: firma.ru\r\n")
    assert b"Proxy-Authorization" not in seen[0]
    assert seen[1] == b"body"
    assert answer == b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
    assert ticket.bytes_out == len(seen[0]) + 4
    assert ticket.bytes_in == len(answer) + len("keep-alive") - len("close")


def test_site_that_says_nothing_is_a_reset(internet) -> None:
    async def work(net):
        async def silent(reader, writer):
            await reader.readuntil(b"\r\n\r\n")

        net.raw = silent
        ticket = net.egress.admit(Ticket())
        return await say(net, head(ticket, "GET http://raw.ru/ HTTP/1.1"))

    assert b"X-Povod-Egress: connect_reset" in run(internet, work)


def test_port_that_another_process_has_is_not_advertised(internet) -> None:
    async def work(net):
        taken = await net.listen(net.play_raw)
        egress = EgressProxy(net.resolver, net.guard, advertise=f"127.0.0.1:{taken}")
        async with egress:
            return egress.is_advertised, egress.port

    advertised, port = run(internet, work)
    assert not advertised
    assert port > 0


def test_noise_and_silence_only_end_the_connection(internet) -> None:
    async def work(net):
        reader, writer = await asyncio.open_connection("127.0.0.1", net.egress.port)
        writer.close()
        answers = [await say(net, b"\x16\x03\x01" * 30_000)]
        reader, writer = await asyncio.open_connection("127.0.0.1", net.egress.port)
        writer.write(b"GET http://firma.ru/ HT")
        writer.write_eof()
        answers.append(await reader.read())
        writer.close()
        return answers

    assert run(internet, work) == [b"", b""]

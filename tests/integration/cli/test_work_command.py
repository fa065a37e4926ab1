"""`povod work` with a Redis that answers with an error: said in words, and nothing is begun."""

import socketserver
import threading
from collections.abc import Iterator

import pytest

pytest.importorskip("rq")

PROTECTED = (
    "DENIED Redis is running in protected mode because protected mode is enabled and no password "
    "is set for the default user."
)


class Refusing(socketserver.StreamRequestHandler):
    """Answers each connection with one error, as Redis does in protected mode."""

    def handle(self) -> None:
        self.rfile.readline()
        self.wfile.write(f"-{self.server.said}\r\n".encode())  # type: ignore[attr-defined]
        self.rfile.read()


@pytest.fixture
def refusing() -> Iterator[socketserver.ThreadingTCPServer]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refusing) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        (PROTECTED, "requirepass"),
        ("NOAUTH Authentication required.", "redis://:password@host"),
        ("WRONGPASS invalid username-password pair or user is disabled.", "Correct user"),
        ("ERR unknown command 'PING'", "without REDIS_URL"),
    ],
)
def test_the_answer_is_told_with_what_to_do(povod, refusing, said, advice):
    refusing.said = said
    url = f"redis://anna:geheim@127.0.0.1:{refusing.server_address[1]}/0"
    for command in (["work"], ["doctor"]):
        done = povod(*command, REDIS_URL=url)
        text = done.err + done.out
        assert "REDIS_URL" in text
        assert "geheim" not in text
        assert advice in text
        assert done.code == (2 if command == ["work"] else 1)
    worked = povod("work", REDIS_URL=url).err
    assert worked.startswith("povod: REDIS_URL: redis://anna:***@127.0.0.1")
    assert "Traceback" not in worked


def test_a_redis_that_is_away(povod):
    done = povod("work", REDIS_URL="redis://127.0.0.1:1/0")
    assert done.code == 2
    assert done.err.startswith("povod: REDIS_URL: redis://127.0.0.1:1/0 answers ")
    assert "that Redis runs" in done.err

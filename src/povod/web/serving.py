"""Running the console, alone or with workers beside it in the same process."""

import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator

from povod.app.house import House
from povod.app.people import AdminToken, ensure_first_user
from povod.kit.errors import ConfigurationError, PovodError
from povod.web.session import is_loopback

Say = Callable[[str], None]
STOP_SECONDS = 10


def serve(house: House, host: str, port: int, *, work: bool, say: Say | None) -> None:
    """Listen until stopped by a signal; with `work` the runner and the schedules run too."""
    import uvicorn

    from povod.web import create_app

    host = host or house.settings.web_host
    port = port if port >= 0 else house.settings.web_port
    _check_open(house, host)
    door = _listen(host, port)
    _greet(house, host, door.getsockname()[1], say)
    config = uvicorn.Config(
        create_app(house),
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
        proxy_headers=False,
        server_header=False,
    )
    with _deaf_to_signals(), _working(house) if work else contextlib.nullcontext(), door:
        uvicorn.Server(config).run(sockets=[door])


@contextlib.contextmanager
def _deaf_to_signals() -> Iterator[None]:
    """Lets `serve` put everything away.

    The server ends itself on a signal and then raises it again for whoever listened before.
    """
    before = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGINT)}
    for name in before:
        signal.signal(name, lambda *_: None)
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _listen(host: str, port: int) -> socket.socket:
    """The open door, before anything is said or begun."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise PovodError(
            f"cannot listen on {host}:{port}: {error.strerror or error}. "
            "Choose another WEB_HOST or WEB_PORT, or stop what uses it."
        ) from None


def _check_open(house: House, host: str) -> None:
    if house.settings.web_auth == "off" and not is_loopback(host):
        raise ConfigurationError(
            f"WEB_AUTH=off is for a loopback address only, and the console is to listen on {host}. "
            "Set WEB_AUTH=on, or WEB_HOST=127.0.0.1."
        )


def _greet(house: House, host: str, port: int, say: Say | None) -> None:
    password = token = None
    if house.settings.web_auth == "on":
        password = ensure_first_user(house.db)
        token = AdminToken(house.db, house.settings.admin_token).ensure()
    if say is None:
        return
    if password:
        say(f"first sign-in: admin / {password}  (shown once)")
    if token:
        say(f"token for scripts (X-Admin-Token): {token}  (shown once)")
    say(f"console: http://{host}:{port}")


@contextlib.contextmanager
def _working(house: House) -> Iterator[None]:
    """Runner and schedules in a thread of their own while the block runs."""
    stop = threading.Event()
    house.ensure_schedules()
    runner = house.runner()
    thread = threading.Thread(target=runner.run_forever, args=(stop,), name="runner", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(STOP_SECONDS)

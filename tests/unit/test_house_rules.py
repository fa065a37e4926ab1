"""Rules of the house that a linter does not know, checked on the source itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import povod

SOURCE = Path(povod.__file__).parent
MOST_LINES_OF_A_FUNCTION = 100
MOST_LINES_OF_A_FILE = 400

BROAD = {
    "delivery/worker/drain.py",
    "engine/execution.py",
    "web/guard.py",
}
"""The boundaries of a send, of a work item and of a request: nothing may get past them."""

AT_HOME = {
    "aiohttp": ("crawl/fetch/", "sandbox/"),
    "curl_cffi": ("crawl/fetch/",),
    "playwright": ("crawl/fetch/",),
    "python_socks": ("crawl/fetch/",),
    "aiosmtplib": ("delivery/channels/smtp/",),
    "imap_tools": ("delivery/inbox/",),
    "rq": ("engine/dispatch/rq.py",),
    "redis": ("engine/dispatch/rq.py",),
    "openai": ("writing/llm/",),
    "gspread": ("leads/sheets/google.py",),
    "google": ("leads/sheets/google.py",),
    "fastapi": ("web/",),
    "jinja2": ("web/",),
    "typer": ("cli/",),
}
"""Library → the only places that may import it."""

MAY_PRINT = ("cli/output.py", "sandbox/__main__.py")


def place(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


FILES = {place(path): path for path in sorted(SOURCE.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text("utf-8")) for name, path in FILES.items()}
HANDMADE = {name: tree for name, tree in TREES.items() if "/migrations/versions/" not in name}


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def undocumented(body: list[ast.stmt], prefix: str = "") -> Iterator[str]:
    """Public names without a docstring; a method that a base class asks for has it there."""
    for node in body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if node.name.startswith("_"):
            continue
        if not ast.get_docstring(node):
            yield prefix + node.name
        if isinstance(node, ast.ClassDef):
            inner = undocumented(node.body, f"{prefix}{node.name}.")
            yield from (name for name in inner if not (node.bases and name.count(".") == 1))


def is_broad(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {kind.id for kind in kinds if isinstance(kind, ast.Name)}
    return handler.type is None or bool(names & {"Exception", "BaseException"})


def test_there_is_something_to_check() -> None:
    assert len(TREES) > 200


def is_print(node: ast.AST) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Name) and called.id == "print"


def test_no_file_is_too_long() -> None:
    lengths = {name: len(path.read_text("utf-8").splitlines()) for name, path in FILES.items()}
    assert {name: n for name, n in lengths.items() if n > MOST_LINES_OF_A_FILE} == {}


def test_no_function_is_too_long() -> None:
    lengths = {
        f"{name}: {function.name}": (function.end_lineno or 0) - function.lineno + 1
        for name, tree in HANDMADE.items()
        for function in functions(tree)
    }
    assert {name: n for name, n in lengths.items() if n > MOST_LINES_OF_A_FUNCTION} == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [name for name, tree in TREES.items() if tree.body and not ast.get_docstring(tree)]
    assert silent == []


def test_everything_public_is_explained() -> None:
    silent = {name: list(undocumented(tree.body)) for name, tree in HANDMADE.items()}
    assert {name: found for name, found in silent.items() if found} == {}


def test_errors_are_caught_by_their_names_except_at_the_boundaries() -> None:
    broad = {
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and is_broad(node)
    }
    assert broad == BROAD


def test_libraries_stay_in_their_rooms() -> None:
    astray = [
        (name, module)
        for name, tree in TREES.items()
        for module in imported(tree)
        if not name.startswith(AT_HOME.get(module.split(".")[0], ("",)))
    ]
    assert astray == []


def test_only_the_command_line_prints() -> None:
    printing = {name for name, tree in TREES.items() if any(map(is_print, ast.walk(tree)))}
    assert printing <= set(MAY_PRINT)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def a():\n    pass", ["a"]),
        ("class A:\n    '''x'''\n    def b(self): pass", ["A.b"]),
        ("class A(B):\n    '''x'''\n    def b(self): pass", []),
        ("class A(B):\n    def _b(self): pass", ["A"]),
        ("def _a(): pass", []),
    ],
)
def test_the_check_of_docstrings_works(source: str, found: list[str]) -> None:
    assert list(undocumented(ast.parse(source).body)) == found


@pytest.mark.parametrize(
    ("kind", "broad"),
    [("", True), ("Exception", True), ("(ValueError, BaseException)", True), ("ValueError", False)],
)
def test_the_check_of_handlers_works(kind: str, broad: bool) -> None:
    [handler] = ast.parse(f"try: pass\nexcept {kind}: pass").body[0].handlers
    assert is_broad(handler) is broad

"""Build hook: copies htmx out of a package wheel, so that no third-party file is in the repository.

`django-htmx` stands in the isolated build environment and ships htmx 4 and its SSE extension.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FILES = {"htmx-4.min.js": "htmx.min.js", "ext/hx-sse-4.min.js": "hx-sse.min.js"}
TARGET = Path("src/povod/web/static/vendor")


class VendorHook(BuildHookInterface):  # type: ignore[type-arg]
    """Fills `static/vendor` before the package is built or installed for development."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        import django_htmx

        source = Path(django_htmx.__file__).parent / "static" / "django_htmx"
        target = Path(self.root) / TARGET
        target.mkdir(parents=True, exist_ok=True)
        for name, short in FILES.items():
            (target / short).write_bytes((source / name).read_bytes())
        build_data["artifacts"].append(f"{TARGET.as_posix()}/*.js")

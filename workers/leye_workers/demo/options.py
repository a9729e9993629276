"""What `leye demo` can be told."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class DemoOptions:
    """`items` and `annotators` shape the main batch; `serve` keeps the site up afterwards."""

    out: Path = Path("demo-output")
    items: int = 320
    annotators: int = 12
    seed: int = 1
    serve: bool = True
    host: str = "127.0.0.1"
    port: int = 8080

    def problems(self) -> list[str]:
        """What is wrong with the options, in sentences."""
        found = []
        if self.items < 20:
            found.append("--items: at least 20, or there is nothing to see")
        if self.annotators < 3:
            found.append("--annotators: at least 3, or no consensus can come about")
        if not 0 <= self.port <= 65535:
            found.append("--port: between 0 and 65535")
        return found

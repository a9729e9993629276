"""Addresses of pictures, each for one person and for a while: passed on to somebody else, they open nothing."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

PARTS = frozenset({"shown", "thumb"})
"""What of a picture is shown on pages; the original is not."""
SPAN = timedelta(hours=12)
"""A link lives one to two spans, and is the same within a span, so that browsers keep the picture."""
FACTS = frozenset({"file", "sha256", "width", "height"})


@dataclass(frozen=True, slots=True)
class PictureLinks:
    """Makes and checks the links of one person. `secret`: the installation's."""

    secret: str
    person_id: UUID
    now: datetime

    def url(self, sha256: str, part: str) -> str:
        """The address of a part of a picture."""
        spans = int(self.now.timestamp() // SPAN.total_seconds()) + 2
        until = int(spans * SPAN.total_seconds())
        return f"/pictures/{sha256}/{part}?until={until}&signature={self._signature(sha256, part, until)}"

    def opens(self, sha256: str, part: str, until: int, signature: str) -> bool:
        """Whether an address was made for this person and has not run out."""
        wanted = self._signature(sha256, part, until)
        return hmac.compare_digest(wanted.encode(), signature.encode(errors="replace")) and (
            self.now.timestamp() <= until
        )

    def linked(self, shown: Any) -> Any:
        """A task's content or view with `url` and `thumb` beside the facts of each picture in it."""
        if isinstance(shown, list | tuple):
            return [self.linked(one) for one in shown]
        if not isinstance(shown, Mapping):
            return shown
        inside = {name: self.linked(value) for name, value in shown.items()}
        if inside.keys() >= FACTS:
            inside |= {"url": self.url(inside["sha256"], "shown"), "thumb": self.url(inside["sha256"], "thumb")}
        return inside

    def pictures(self, content: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The pictures among a task's content, with their links, in its order."""
        return [one for one in self.linked(content).values() if isinstance(one, dict) and "thumb" in one]

    def _signature(self, sha256: str, part: str, until: int) -> str:
        message = json.dumps(["leye-picture", str(self.person_id), sha256, part, until])
        return hmac.new(self.secret.encode(), message.encode(), hashlib.sha256).hexdigest()

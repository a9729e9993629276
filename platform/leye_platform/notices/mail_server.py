"""Where mail is handed in, as one URL says it."""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs, unquote, urlsplit


class Tls(StrEnum):
    STARTTLS = "starttls"
    ALWAYS = "always"
    NONE = "none"


PORTS = {Tls.STARTTLS: 587, Tls.ALWAYS: 465, Tls.NONE: 25}


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed in. `user` is empty where the server asks for none."""

    host: str
    port: int
    tls: Tls
    user: str = ""
    password: str = ""

    @classmethod
    def parse(cls, url: str) -> "MailServer":
        """From `smtp://user:password@host:port?tls=starttls|always|none`; starttls where nothing is said.

        Raises ValueError, with what is wrong.
        """
        parts = urlsplit(url)
        query = parse_qs(parts.query, keep_blank_values=True)
        tls = query.pop("tls", [Tls.STARTTLS])[-1]
        if parts.scheme != "smtp" or not parts.hostname or parts.path.strip("/"):
            raise ValueError("must be like smtp://user:password@mail.example.org:587?tls=starttls")
        if query or tls not in set(Tls):
            raise ValueError(f"takes only tls={'|'.join(Tls)} after the question mark")
        return cls(
            host=parts.hostname,
            port=parts.port or PORTS[Tls(tls)],
            tls=Tls(tls),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )

"""Configuration, all of it from the environment (`LEYE_*`); a wrong name or value stops the program."""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from leye_platform.accounts.rules import email_of
from leye_platform.notices.mail_server import MailServer

EMBEDDED = "embedded"
SHORTEST_SECRET = 32


class SettingsRefused(Exception):
    """The environment holds a `LEYE_*` name or value that the program does not take; the text says which."""


class LogFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


class Settings(BaseSettings):
    """What the program was told. The three URLs choose between embedded and scaled-out running."""

    model_config = SettingsConfigDict(env_prefix="LEYE_", extra="forbid", frozen=True)

    data_dir: Path = Path("leye-data")
    database_url: str = ""
    redis_url: str = EMBEDDED
    storage_url: str = ""
    secret_key: str = ""
    sealing_keys: str = ""
    base_url: str = "http://127.0.0.1:8080"
    log: LogFormat = LogFormat.TEXT
    upload_limit_mb: int = Field(default=512, ge=1)
    uploads_direct: bool = False
    partner_storage_gb: int = Field(default=200, ge=1, le=1_000_000)
    private_sources: bool = False
    mail_url: str = ""
    mail_from: str = ""
    webhooks_to_private: bool = False
    help_contact: str = Field(default="", max_length=500)

    @property
    def upload_limit(self) -> int:
        """Bytes that one uploaded file may have."""
        return self.upload_limit_mb * 1_000_000

    @property
    def partner_storage(self) -> int:
        """Bytes that a partner may have in the store, where the administrator has set no other limit."""
        return self.partner_storage_gb * 1_000_000_000

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("must begin with sqlite:/// or postgresql+psycopg://")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str) -> str:
        if value != EMBEDDED and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must be embedded, or begin with redis://, rediss:// or unix://")
        return value

    @field_validator("storage_url")
    @classmethod
    def _storage(cls, value: str) -> str:
        if value and not value.startswith(("file:///", "s3://")):
            raise ValueError("must begin with file:/// or s3://")
        return value

    @field_validator("base_url")
    @classmethod
    def _base(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise ValueError("must be like https://leye.example.org")
        return value.rstrip("/")

    @field_validator("secret_key")
    @classmethod
    def _secret(cls, value: str) -> str:
        if value and len(value) < SHORTEST_SECRET:
            raise ValueError(f"must have at least {SHORTEST_SECRET} characters")
        return value

    @field_validator("mail_url")
    @classmethod
    def _mail(cls, value: str) -> str:
        if value:
            MailServer.parse(value)
        return value

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        if value and email_of(value) is None:
            raise ValueError("must be an address like leye@example.org")
        return value

    @property
    def resolved_database_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'leye.sqlite3'}"

    @property
    def resolved_storage_url(self) -> str:
        return self.storage_url or f"file://{self.data_dir / 'objects'}"


def read_settings(**overrides: object) -> Settings:
    """The settings from the environment; `overrides` win.

    Raises SettingsRefused, naming each unknown name and bad value.
    """
    known = {f"LEYE_{name.upper()}" for name in Settings.model_fields}
    unknown = sorted(name for name in os.environ if name.startswith("LEYE_") and name not in known)
    if unknown:
        raise SettingsRefused(f"unknown setting {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # pydantic checks the values itself
    except ValidationError as error:
        lines = [f"LEYE_{str(e['loc'][0]).upper()} {e['msg'].removeprefix('Value error, ')}" for e in error.errors()]
        raise SettingsRefused("; ".join(lines)) from None


def secret_from_file(path: Path, make: Callable[[], str] = lambda: secrets.token_urlsafe(48)) -> str:
    """The secret kept in `path`; made there at first start, readable by its owner alone.

    Linked into place whole, because web and runner may start at the same moment.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return path.read_text().strip()

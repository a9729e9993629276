"""What a running program is made of; put together once by the top floor, handed down everywhere."""

from dataclasses import dataclass

from leye_platform.clock import Clock
from leye_platform.database import Database
from leye_platform.matching.sealing import KeyRing
from leye_platform.settings import Settings
from leye_storage.store import ObjectStore


@dataclass(frozen=True)
class Installation:
    """The parts that requests, jobs and commands share. `secret` signs what leaves the house (upload URLs)."""

    settings: Settings
    clock: Clock
    database: Database
    objects: ObjectStore
    key_ring: KeyRing
    secret: str

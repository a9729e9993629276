"""Failures that say nothing about the job: it waits until somebody has made room, however long that takes."""

import errno
import sqlite3
from collections.abc import Iterator

import psycopg
from minio.error import S3Error
from sqlalchemy.exc import DBAPIError

from leye_platform.database import is_away

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
FULL_IN_S3 = frozenset({"XMinioStorageFull", "InsufficientStorage", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded"})


def is_full_disk(error: BaseException) -> bool:
    """Whether a disk had no room: that of the objects, of the database, or the machine's own."""
    return any(
        (isinstance(one, OSError) and one.errno in FULL)
        or (isinstance(one, sqlite3.Error) and getattr(one, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL)
        or isinstance(one, psycopg.errors.DiskFull)
        or (isinstance(one, S3Error) and one.code in FULL_IN_S3)
        for one in _with_its_causes(error)
    )


def is_lost_connection(error: BaseException) -> bool:
    """Whether the database server did not answer, or broke the connection off."""
    return any(isinstance(one, DBAPIError) and is_away(one) for one in _with_its_causes(error))


def _with_its_causes(error: BaseException | None) -> Iterator[BaseException]:
    seen = set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = (error.orig if isinstance(error, DBAPIError) else None) or error.__cause__ or error.__context__

"""Tables of files that come in parts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from leye_platform.database import Base
from leye_platform.ids import new_id
from leye_platform.uploads.rules import UploadKind, UploadState

_OPEN = text("state = 'open'")


class UploadSession(Base):
    """One file on its way. `subject_id`: the batch or the addition that it is for, which may not be made yet.

    number: its place among the subject's files. key: where it will lie. store_upload: the store's own name for it.
    first_part: SHA-256 of the first 8 MiB, by which a file chosen again is known. last_at: when something last came.
    """

    __tablename__ = "upload_sessions"
    __table_args__ = (
        # One's own uploads that can go on.
        Index("ix_upload_sessions_created_by_project_id", "created_by", "project_id"),
        # Those that nobody goes on with.
        Index("ix_upload_sessions_open_last_at", "last_at", postgresql_where=_OPEN, sqlite_where=_OPEN),
        # Whether an object that no batch names is still wanted.
        Index("ix_upload_sessions_subject_id", "subject_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    kind: Mapped[UploadKind]
    subject_id: Mapped[UUID]
    number: Mapped[int] = mapped_column(default=1)
    key: Mapped[str] = mapped_column(String(300))
    file_name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(BigInteger)
    part_size: Mapped[int]
    first_part: Mapped[str | None] = mapped_column(String(64))
    store_upload: Mapped[str] = mapped_column(Text)
    state: Mapped[UploadState] = mapped_column(default=UploadState.OPEN)
    created_at: Mapped[datetime]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    last_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class UploadPart(Base):
    """A part that came through our own origin. `etag`: the store's name for the content that `sha256` is of."""

    __tablename__ = "upload_parts"

    upload_id: Mapped[UUID] = mapped_column(ForeignKey("upload_sessions.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    etag: Mapped[str] = mapped_column(String(200))
    arrived_at: Mapped[datetime]

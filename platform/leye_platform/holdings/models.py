"""Tables of what the object store holds."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from leye_platform.database import Base
from leye_platform.ids import new_id


class Content(Base):
    """Media kept by their content, once for everybody: the original and what is shown of it.

    bytes: of all its objects; 0 where it was never measured. held_at: when somebody last began to rely on it; the sweep
    leaves it alone for a day from then (holdings/sweep.py), and locks this row while it removes the objects.
    held_for: the batch that was read then, None where it was a guide.
    """

    __tablename__ = "contents"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    held_at: Mapped[datetime]
    held_for: Mapped[UUID | None]


class ContentUse(Base):
    """A batch has items that show a content."""

    __tablename__ = "content_uses"
    __table_args__ = (
        # Whether another batch shows it too.
        Index("ix_content_uses_sha256", "sha256"),
    )

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("contents.sha256"), primary_key=True)


class StorageUse(Base):
    """How much a firm has in the store: the sum of its files and contents below, kept with them in one transaction.

    Whoever adds to it locks this row first, so that two at once never pass the limit (holdings/quotas.py).
    """

    __tablename__ = "storage_use"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)


class FirmFile(Base):
    """A file that a firm sent, or has announced: then with the size that it is to have.

    subject_id: the batch or addition that it is for.
    """

    __tablename__ = "firm_files"
    __table_args__ = (
        # All of a batch, when it goes.
        Index("ix_firm_files_subject_id", "subject_id"),
        # All of a firm, when they are counted again.
        Index("ix_firm_files_organisation_id", "organisation_id"),
    )

    key: Mapped[str] = mapped_column(String(300), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    subject_id: Mapped[UUID]
    bytes: Mapped[int] = mapped_column(BigInteger)
    noted_at: Mapped[datetime]


class FirmContent(Base):
    """A content that a firm's batches show: it counts once for each firm, however many batches show it."""

    __tablename__ = "firm_contents"
    __table_args__ = (
        # Whose it is, when its size becomes known or it goes.
        Index("ix_firm_contents_sha256", "sha256"),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    bytes: Mapped[int] = mapped_column(BigInteger)
    noted_at: Mapped[datetime]


class StoreSweep(Base):
    """One look through the whole store: what lies there, and what of it no row names.

    unknown: objects under names that the program never gives, which stay. removed: what no row named for a day.
    held_back: what no row names either, but so much of it that it stays: it may be another database that is wrong.
    uploads: uploads in parts that nobody went on with.
    """

    __tablename__ = "store_sweeps"
    __table_args__ = (
        # The last one.
        Index("ix_store_sweeps_asked_at", "asked_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    asked_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    objects: Mapped[int] = mapped_column(BigInteger, default=0)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    removed: Mapped[int] = mapped_column(BigInteger, default=0)
    removed_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    held_back: Mapped[int] = mapped_column(BigInteger, default=0)
    unknown: Mapped[int] = mapped_column(BigInteger, default=0)
    unknown_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    uploads: Mapped[int] = mapped_column(default=0)

"""What the API of files in parts takes and gives."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from leye_platform.uploads.rules import ArrivedPart, UploadKind, UploadState, missing
from leye_platform.uploads.sending import Standing
from leye_platform.uploads.service import NewUpload, cut_of

Sha256 = Annotated[str, Field(pattern="^[0-9a-fA-F]{64}$")]


class UploadIn(BaseModel):
    """A file that will come in parts. `subject`: the batch (with `kind` `addition`: the addition) that waits for it.

    Without one, an id is given out for a batch that the site's form makes afterwards. `number`: its place among the
    batch's files. `first_part`: SHA-256 of the file's first 8 MiB, or of all of it where it is
    shorter; with it, a file that was broken off is found again.
    """

    file_name: str = Field(min_length=1, max_length=200)
    size: int = Field(ge=1, le=1 << 50)
    kind: UploadKind = UploadKind.BATCH
    subject: UUID | None = None
    number: int = Field(default=1, ge=1, le=9999)
    first_part: Sha256 | None = None

    def given(self) -> NewUpload:
        """As the service takes it."""
        first = self.first_part.lower() if self.first_part else None
        return NewUpload(self.kind, self.subject, self.number, self.file_name, self.size, first)


class PartOut(BaseModel):
    """A part that is there. `sha256` is null where it went straight to the bucket, whose `etag` is its own."""

    number: int
    size: int
    sha256: str | None
    etag: str

    @classmethod
    def of(cls, part: ArrivedPart) -> "PartOut":
        return cls(number=part.number, size=part.size, sha256=part.sha256, etag=part.etag)


class UploadOut(BaseModel):
    """A file on its way. Part N is the bytes from (N - 1) × `part_size`; it goes by PUT to `parts_url`/N.

    `parts`: what has arrived; `missing`: the numbers of the rest. Once complete, neither says anything. `direct`:
    whether the bucket takes parts itself, at a URL that `parts_url`/N`/url` gives.
    """

    id: UUID
    project: UUID
    kind: UploadKind
    subject: UUID
    number: int
    file_name: str
    size: int
    part_size: int
    parts_total: int
    parts_url: str
    state: UploadState
    direct: bool
    parts: list[PartOut]
    missing: list[int]

    @classmethod
    def of(cls, standing: Standing, *, direct: bool) -> "UploadOut":
        upload = standing.upload
        cut, is_open = cut_of(upload), upload.state is UploadState.OPEN
        return cls(
            id=upload.id,
            project=upload.project_id,
            kind=upload.kind,
            subject=upload.subject_id,
            number=upload.number,
            file_name=upload.file_name,
            size=upload.size,
            part_size=upload.part_size,
            parts_total=cut.count,
            parts_url=f"/api/v1/uploads/{upload.id}/parts",
            state=upload.state,
            direct=direct,
            parts=[PartOut.of(part) for part in standing.arrived],
            missing=missing(cut, standing.arrived) if is_open else [],
        )


class CompleteIn(BaseModel):
    """`parts`: the SHA-256 of each part in its order, as the sender has it; left out, nothing is compared."""

    parts: list[Sha256] = Field(default_factory=list, max_length=10_000)


class PartUrlOut(BaseModel):
    """Whoever has the URL can send this one part for an hour; null where parts go through this site."""

    url: str | None

"""What an upload asks of the store, and its row after that. Opens its own units of work: storing takes its time.

The order is such that a process killed at any moment leaves nothing that is said but not so: the store holds a part
before its row does, and the whole object before its upload is complete. Sent again, each step comes to the same end.
"""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import IO
from uuid import UUID

from leye_platform.endpoint import Work
from leye_platform.errors import TooLarge, Unavailable
from leye_platform.holdings import quotas
from leye_platform.ids import new_id
from leye_platform.permissions import Permission
from leye_platform.projects.service import project_for
from leye_platform.uploads import errors, service
from leye_platform.uploads.models import UploadSession
from leye_platform.uploads.rules import ArrivedPart, UploadState, missing, other_content
from leye_storage.errors import ObjectMissing, UploadGone
from leye_storage.parts import StoredPart

URL_TIME = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """An upload with what has arrived of it. fresh: whether it was begun just now."""

    upload: UploadSession
    arrived: list[ArrivedPart]
    fresh: bool = False


def begin(work: Work, project_id: UUID, given: service.NewUpload) -> Standing:
    """Begin an upload, or find the same file's that was broken off.

    Its size is counted from now on. Raises ProjectMissing, TooLarge, UploadNotExpected, StorageFull, Unavailable.
    """
    settings, store = work.installation.settings, work.installation.objects
    if given.size > settings.upload_limit:
        raise TooLarge(limit_mb=settings.upload_limit_mb)
    with work.installation.database.read() as session:
        project = project_for(session, work.actor, project_id, Permission.UPLOAD_BATCH)
        service.check_expected(session, project, given.kind, given.subject_id)
        known = service.find_again(session, work.actor, project, given, work.now)
    if known is not None and (known.state is UploadState.OPEN or is_whole(work, known)):
        with suppress(errors.UploadLost):  # the store has forgotten it: begin anew
            return look(work, known.id)
    subject_id = given.subject_id or new_id()
    key = service.place_of(given.kind, subject_id, given.number)
    try:
        begun = store.parts.begin(key)
    except OSError:
        raise Unavailable from None
    with work.installation.database.write() as session:
        project = project_for(session, work.actor, project_id, Permission.UPLOAD_BATCH)
        firm = quotas.Firm(project.organisation_id, settings.partner_storage)
        quotas.claim_file(session, firm, key, subject_id, given.size, work.now)
        upload = service.add_upload(
            session, work.actor, project, given, subject_id=subject_id, store_upload=begun, now=work.now
        )
        session.flush()
        session.expunge(upload)
    return Standing(upload, [], fresh=True)


def look(work: Work, upload_id: UUID) -> Standing:
    """An upload, with what has arrived. Raises UploadMissing, UploadLost, Unavailable."""
    with work.installation.database.read() as session:
        upload = service.upload_for(session, work.actor, upload_id)
        if upload.state is not UploadState.OPEN:
            return Standing(upload, [])
        return Standing(upload, service.arrived_parts(session, upload, _stored(work, upload)))


def _stored(work: Work, upload: UploadSession) -> list[StoredPart]:
    try:
        return work.installation.objects.parts.arrived(upload.key, upload.store_upload)
    except UploadGone:
        if is_whole(work, upload):  # completed by a process that was killed before it could say so
            return []
        _lose(work, upload.id)
        raise errors.UploadLost from None
    except OSError:
        raise Unavailable from None


def is_whole(work: Work, upload: UploadSession) -> bool:
    """Whether the whole object lies in the store."""
    try:
        return work.installation.objects.stat(upload.key).size == upload.size
    except ObjectMissing:
        return False
    except OSError:
        raise Unavailable from None


def _lose(work: Work, upload_id: UUID) -> None:
    """The store knows nothing of it any more: nobody is to go on with it."""
    with work.installation.database.write() as session:
        upload = service.upload_for(session, work.actor, upload_id, lock=True)
        if upload.state is UploadState.OPEN:
            service.end(session, None, upload, UploadState.ABORTED, work.now)


def take_part(work: Work, upload_id: UUID, number: int, content: IO[bytes], told: str | None) -> ArrivedPart:
    """Store a part that came through our own origin; sent again, it takes its own place.

    told: its SHA-256 as the sender has it. Raises UploadMissing, UploadEnded, NoSuchPart, PartOfOtherSize,
    PartDamaged, UploadLost, Unavailable.
    """
    with work.installation.database.read() as session:
        upload = service.upload_for(session, work.actor, upload_id)
        noted = service.noted_part(session, upload_id, number)
    service.check_open(upload)
    sha256 = _checked(upload, number, content, told)
    if noted is not None and noted.sha256 == sha256 and _is_there(work, upload, noted.etag):
        return ArrivedPart(number, noted.size, noted.etag, sha256)
    try:
        stored = work.installation.objects.parts.put(upload.key, upload.store_upload, number, content)
    except UploadGone:
        with work.installation.database.read() as session:
            service.check_open(service.upload_for(session, work.actor, upload_id))
        _lose(work, upload_id)
        raise errors.UploadLost from None
    except OSError:
        raise Unavailable from None
    with work.installation.database.write() as session:
        upload = service.upload_for(session, work.actor, upload_id, lock=True)
        service.check_open(upload)
        service.note_part(session, upload, stored, sha256, work.installation.clock.now())
    return ArrivedPart(number, stored.size, stored.etag, sha256)


def _is_there(work: Work, upload: UploadSession, etag: str) -> bool:
    """Whether the store holds the very part, so that it need not take it again."""
    return any(part.etag == etag for part in _stored(work, upload))


def _checked(upload: UploadSession, number: int, content: IO[bytes], told: str | None) -> str:
    """The SHA-256 of a part that is as it must be."""
    cut = service.cut_of(upload)
    wanted = cut.size_of(number)
    if wanted is None:
        raise errors.NoSuchPart(count=cut.count, number=number)
    digest = hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]  # any binary file
    size = content.tell()
    content.seek(0)
    if size != wanted:
        raise errors.PartOfOtherSize(number=number, wanted=wanted, size=size)
    if told is not None and told.lower() != digest:
        raise errors.PartDamaged(number=number)
    return digest


def part_url(work: Work, upload_id: UUID, number: int) -> str | None:
    """A URL of the bucket's own that takes a PUT of the part for an hour; None where parts come through us.

    Raises UploadMissing, UploadEnded, NoSuchPart.
    """
    with work.installation.database.read() as session:
        upload = service.upload_for(session, work.actor, upload_id)
    service.check_open(upload)
    cut = service.cut_of(upload)
    if cut.size_of(number) is None:
        raise errors.NoSuchPart(count=cut.count, number=number)
    if not work.installation.settings.uploads_direct:
        return None
    return work.installation.objects.parts.url(upload.key, upload.store_upload, number, URL_TIME)


def complete(work: Work, upload_id: UUID, told: Sequence[str]) -> Standing:
    """Make the object of its parts. told: the SHA-256 of each part as the sender has it, or nothing.

    Raises UploadMissing, UploadEnded, PartsMissing, PartsOfOtherContent, UploadLost, Unavailable.
    """
    with work.installation.database.read() as session:
        upload = service.upload_for(session, work.actor, upload_id)
        if upload.state is UploadState.COMPLETE:
            return Standing(upload, [])
        service.check_open(upload)
        stored = _stored(work, upload)
        arrived = service.arrived_parts(session, upload, stored)
    if stored or not is_whole(work, upload):
        _check_all(upload, arrived, told)
        parts = [StoredPart(part.number, part.size, part.etag) for part in arrived]
        try:
            work.installation.objects.parts.complete(upload.key, upload.store_upload, parts)
        except UploadGone:
            if not is_whole(work, upload):
                _lose(work, upload_id)
                raise errors.UploadLost from None
        except OSError:
            raise Unavailable from None
        if not is_whole(work, upload):
            raise Unavailable
    with work.installation.database.write() as session:
        upload = service.upload_for(session, work.actor, upload_id, lock=True)
        service.end(session, work.person_id, upload, UploadState.COMPLETE, work.installation.clock.now())
        session.flush()
        session.expunge(upload)
    return Standing(upload, [])


def _check_all(upload: UploadSession, arrived: list[ArrivedPart], told: Sequence[str]) -> None:
    lacking = missing(service.cut_of(upload), arrived)
    if lacking:
        raise errors.PartsMissing(count=len(lacking), parts=lacking)
    if others := other_content(arrived, told):
        raise errors.PartsOfOtherContent(count=len(others), parts=others)


def abort(work: Work, upload_id: UUID) -> None:
    """Give it up; again, nothing more happens. Raises UploadMissing, UploadEnded where it was completed."""
    with work.installation.database.write() as session:
        upload = service.upload_for(session, work.actor, upload_id, lock=True)
        if upload.state is UploadState.COMPLETE:
            raise errors.UploadEnded
        service.end(session, work.person_id, upload, UploadState.ABORTED, work.now)
        key, begun = upload.key, upload.store_upload
    with suppress(OSError):  # the daily sweep throws away what no open upload names
        work.installation.objects.parts.abort(key, begun)

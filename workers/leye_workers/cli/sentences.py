"""What a user can cause, as a sentence; anything else is a fault of the program and keeps its traceback."""

from minio.error import MinioException
from redis import RedisError
from sqlalchemy.exc import InterfaceError, OperationalError
from urllib3.exceptions import HTTPError

from leye_platform.errors import LeyeError
from leye_platform.settings import SettingsRefused
from leye_quality.answer_files import AnswerFileRefused
from leye_quality.file_commands import ConfidenceOutOfRange, KindNotBuilt, MethodUnknown
from leye_workers.demo.http_client import DemoStopped
from leye_workers.refusals import CommandRefused

SPEAK_FOR_THEMSELVES = (
    AnswerFileRefused,
    CommandRefused,
    ConfidenceOutOfRange,
    DemoStopped,
    KindNotBuilt,
    LeyeError,
    MethodUnknown,
    SettingsRefused,
)


def sentence_for(error: Exception) -> str | None:
    """The sentence that the operator reads, or None where the error is not one that a user can cause."""
    if isinstance(error, SPEAK_FOR_THEMSELVES):
        return str(error)
    if isinstance(error, OperationalError | InterfaceError):
        return f"the database does not answer: {_first_line(error.orig or error)}; check LEYE_DATABASE_URL"
    if isinstance(error, RedisError):
        return f"Redis does not answer: {_first_line(error)}; check LEYE_REDIS_URL"
    if isinstance(error, HTTPError | MinioException):
        return f"the object store does not answer: {_first_line(error)}; check LEYE_STORAGE_URL"
    if isinstance(error, OSError):
        what = f"{error.filename}: " if error.filename else ""
        return f"{what}{error.strerror or error}"
    return None


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]

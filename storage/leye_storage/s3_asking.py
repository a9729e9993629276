"""What our own S3 store answers, by name."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from minio.error import InvalidResponseError, MinioException, S3Error
from urllib3.exceptions import HTTPError

from leye_storage.errors import ObjectMissing, StoreUnavailable, UploadGone

MISSING = frozenset({"NoSuchKey", "NoSuchObject", "NotFound"})
NO_UPLOAD = frozenset({"NoSuchUpload", "InvalidPart"})


@contextmanager
def asking(key: str = "", missing: type[LookupError] = ObjectMissing) -> Iterator[None]:
    """Name what the server answers: `missing`, UploadGone, or StoreUnavailable with the server's reason."""
    try:
        yield
    except S3Error as error:
        if error.code in MISSING:
            raise missing(key) from None
        if error.code in NO_UPLOAD:
            raise UploadGone(key) from None
        raise StoreUnavailable(f"the object store refuses ({error.code}): check LEYE_STORAGE_URL") from error
    except InvalidResponseError as error:
        # Refused in words that the client does not read: of an upload, that it is not there. Of an object, HEAD tells.
        if missing is UploadGone and int(error._code) == HTTPStatus.NOT_FOUND:
            raise UploadGone(key) from None
        raise StoreUnavailable(f"the object store refuses (HTTP {error._code}): check LEYE_STORAGE_URL") from error
    except (HTTPError, MinioException) as error:
        reason = type(getattr(error, "reason", None) or error).__name__
        raise StoreUnavailable(f"the object store does not answer ({reason}): check LEYE_STORAGE_URL") from error

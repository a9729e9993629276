"""Situations of the object store, by name."""


class ObjectMissing(LookupError):
    """No object under that key."""


class KeyRefused(ValueError):
    """Not a key: empty, absolute, with `..`, a NUL or a backslash, or too long."""


class ObjectTooLarge(ValueError):
    """More bytes came than were allowed; nothing was stored."""


class UploadGone(LookupError):
    """An upload in parts is not there: it was completed or aborted, or the store has forgotten it."""


class StoreUnavailable(OSError):
    """The store does not answer, or refuses our own credentials or bucket; the text says which."""


class SignatureRefused(PermissionError):
    """A signed URL was changed, or signed by another installation."""


class SignatureExpired(PermissionError):
    """A signed URL is past its time; ask for a new one."""


class StorageUrlRefused(ValueError):
    """LEYE_STORAGE_URL cannot be used; the text goes on after its name and says why."""


class BucketRefuses(ValueError):
    """A partner's bucket refuses what was asked; the text is the server's code, such as AccessDenied."""


class ObjectChanged(ValueError):
    """An object is another than the one that was listed under its key."""


class AddressRefused(ValueError):
    """A host that others named has an address in the own network; the text is the host."""

"""Objects and manifests: one small protocol, a folder and S3 behind it."""

from leye_storage.opening import open_store as open_store
from leye_storage.seekable import open_object as open_object
from leye_storage.store import ObjectInfo as ObjectInfo
from leye_storage.store import ObjectStore as ObjectStore

"""What an `s3://` URL may say."""

import re

OPTIONS = {"secure": "true|false", "region": r"[\w-]+", "style": "path|virtual"}
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
S3_FORM = "wants s3://KEY:SECRET@host:port/bucket, with / and @ in the key and the secret written as %2F and %40"

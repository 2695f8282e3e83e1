"""No real AWS account can be reached."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

ACCOUNT = "123456789012"
REGION = "us-east-1"


@contextmanager
def no_real_account() -> Iterator[None]:
    """While this is open, boto3 finds this region and no profile or keys. moto and SAM's translator use boto3, moto already
    when it is imported."""
    before = dict(os.environ)
    os.environ.update(
        AWS_DEFAULT_REGION=REGION,
        AWS_ACCESS_KEY_ID="sandbox",
        AWS_SECRET_ACCESS_KEY="sandbox",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
    )
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"):
        os.environ.pop(name, None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)

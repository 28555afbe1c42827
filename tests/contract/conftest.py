"""Fixtures of the contracts' tests."""

from servers import s3, s3_url

__all__ = ["s3", "s3_url"]

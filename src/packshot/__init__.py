"""Packshot: raw product photos in, catalog-ready files out."""

from importlib.metadata import version

__version__ = version("packshot")

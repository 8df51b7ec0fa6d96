"""Affectloop: the library that every service stands on. Imported, never run (``cli`` excepted)."""

__version__ = "0.1.0"

"""Consents: given, read and withdrawn."""

"""Whole recordings through the services' own code."""

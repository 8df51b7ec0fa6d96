"""The interface, version 1: a folder a subject, each with its routes, models and what they do."""

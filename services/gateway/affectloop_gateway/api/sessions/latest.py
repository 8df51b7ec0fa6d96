"""Kinds of the newest values that live state holds of a session for the gateway."""

from __future__ import annotations

ESTIMATE = "estimate"  # as fusion said it
DIRECTIVE = "directive"  # as the recommender said it
WISH = "wished-levels"  # until the next trial carries it

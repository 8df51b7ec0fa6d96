"""Jurisdiction profiles, consent and retention: what may be captured, inferred and kept."""

"""Models that are fitted here."""

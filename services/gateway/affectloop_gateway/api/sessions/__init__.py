"""Sessions: start, trials, end, and what they bring."""

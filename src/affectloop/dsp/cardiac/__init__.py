"""Heart and pulse: beats, rate, variability."""

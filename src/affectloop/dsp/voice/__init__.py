"""Voice: activity, pitch, intensity, speaking rate."""

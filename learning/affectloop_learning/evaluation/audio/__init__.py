"""Voice activity, pitch, speaking rate and vocal arousal."""

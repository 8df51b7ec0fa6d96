"""The linear models models/voice-arousal-v1."""

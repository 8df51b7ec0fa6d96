"""The expression net of face-api, models/expression-v1."""

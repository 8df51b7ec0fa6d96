"""The net models/fusion-v1."""

"""Synthetic sessions of known truth, and the windows that fusion's net is trained and scored on."""

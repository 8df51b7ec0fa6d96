"""Synthetic learners, signals and faces of known truth, for demonstration, training and tests. Never evidence about people."""

"""Learners as pseudonyms, their names, results and erasure."""

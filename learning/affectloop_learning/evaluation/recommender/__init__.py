"""Difficulty policies on simulated learners."""

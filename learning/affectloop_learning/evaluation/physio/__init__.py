"""Beats, heart rates and skin responses on real recordings."""

"""Readers of the recordings that models are evaluated on; none of them is shipped."""

"""The fusion net on synthetic learners."""

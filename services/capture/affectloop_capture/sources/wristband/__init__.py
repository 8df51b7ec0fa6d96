"""The tables that a wristband writes: where they lie, which session they are of, and what stands in them."""

"""What may be captured, inferred, kept and seen: jurisdiction profiles as data, and consent. Unknown means no."""

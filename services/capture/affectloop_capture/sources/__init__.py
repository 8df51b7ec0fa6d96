"""What a learner can be played from: files and devices. ``registry`` opens them; a new one is one module in ``files`` or ``devices``."""

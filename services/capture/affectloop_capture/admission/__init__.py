"""What may enter: consent, authentication, plausible content and times, pictures by their header, clocks."""

"""What runs beside the requests: the outbox, what others say, what is due."""

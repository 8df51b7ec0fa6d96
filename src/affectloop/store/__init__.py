"""Stores: live state (Redis or memory) and durable facts (SQL)."""

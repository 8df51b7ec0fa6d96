"""What a tenant's administration does: tokens, profiles, the audit log."""

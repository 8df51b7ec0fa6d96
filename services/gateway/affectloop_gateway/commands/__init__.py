"""Commands over the gateway's database: tenants, and whether the audit logs are whole."""

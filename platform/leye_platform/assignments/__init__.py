"""The queue, leases, drafts and responses."""

"""The ledger, prices, invoices and earnings."""

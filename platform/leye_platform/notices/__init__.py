"""What people are told: an inbox on the site, and the same outside it for those who wish so."""

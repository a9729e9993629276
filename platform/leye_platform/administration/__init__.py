"""What the administrator watches: parts, disk, jobs, and who did what."""

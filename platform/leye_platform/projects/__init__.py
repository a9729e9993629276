"""Projects, guides and their versions, batches, items, pipelines and prices."""

"""Small sources, one table a rule: what gets a hook point and what is left alone."""

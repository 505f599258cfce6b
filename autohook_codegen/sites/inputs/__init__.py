"""Ways in: what goes into modules, into operations with a parameter, into and out of a root."""

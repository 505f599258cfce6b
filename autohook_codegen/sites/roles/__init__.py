"""Values inside a forward, by what they are in a transformer; each role reads the data flow."""

"""Which places of the source pass their value through which hook point, decided before anything is
rewritten.
"""

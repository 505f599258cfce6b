"""Which site gets which hook point, and what each file gains for it."""

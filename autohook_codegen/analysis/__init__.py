"""One interpretation of the program: every expression has one value, and all that rules read is in
the trace.
"""

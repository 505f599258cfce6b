"""TransformerLens as the oracle: are our tensors those that it names so?

`make oracle` runs it against 3.9, whose `HookedTransformer` computes models anew, and against 4.x,
whose bridge has an adapter for each architecture; each in an environment of its own.
"""

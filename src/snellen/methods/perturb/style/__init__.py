"""Texture transfer: the shape of one image in the texture of another. Pure functions on batches; weights are handed in."""

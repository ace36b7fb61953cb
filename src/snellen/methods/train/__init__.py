"""One training loop, and what plugs into it: augmentations, an adversary, further losses."""

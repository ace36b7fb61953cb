"""Where things are: occluders, shuffled patches, turns and shifts, silhouettes and edges, one file each."""

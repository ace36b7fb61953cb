"""Where things are, and how they are coloured: occluders, shuffled patches, small changes of view, silhouettes, edges, hues."""

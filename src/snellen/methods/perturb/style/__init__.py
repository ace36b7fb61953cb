"""The texture of one image on the shapes of another, one file each."""

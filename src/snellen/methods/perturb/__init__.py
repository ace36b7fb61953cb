"""What can be done to images before a model sees them: native (N, 3, H, W) float in [0, 1] in and out, one file each."""

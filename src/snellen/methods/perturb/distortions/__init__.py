"""The twelve distortions that people were tested on, one file each."""

"""Where a model's answer comes from: maps over the pixels, one method a file."""

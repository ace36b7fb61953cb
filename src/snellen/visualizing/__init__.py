"""Pictures of what units respond to, side by side."""

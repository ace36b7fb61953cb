"""The smallest changes that make a model err, and how often changes of a given size do: one attack a file."""

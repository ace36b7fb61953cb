"""Whether an explanation is true: of the model, of the label, of what the model does next; and whether it survives a nudge."""

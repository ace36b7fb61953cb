"""What units of a network respond to, as pictures."""

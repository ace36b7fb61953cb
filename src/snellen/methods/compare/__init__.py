"""Do two subjects err alike? Everything here works on trials or on counts of them, whoever answered."""

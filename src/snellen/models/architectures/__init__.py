"""Networks written from their papers, for weights that ship inside packages."""

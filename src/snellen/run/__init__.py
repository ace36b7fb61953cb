"""Doing an exam: what is asked, what is missing, where it is kept."""

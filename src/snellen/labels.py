"""Closed lists of answers: ImageNet-1k, the sixteen entry-level categories, and lists of the user's own.

Canonical keys: ImageNet-1k uses WordNet ids ("n02123045"), the sixteen their English names ("cat").
"""

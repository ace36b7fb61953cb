"""The fifteen common corruptions of ImageNet-C and its four extra ones, one file each."""

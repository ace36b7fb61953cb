"""Parts of the spectrum kept, taken away or shaken, one file each."""

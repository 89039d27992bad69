"""Which trust policies of a whole world are dangerous or dead."""

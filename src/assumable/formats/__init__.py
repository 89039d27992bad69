"""Files in, worlds and calls out. No network."""

"""Pure functions from a diagnosis to what a person or a machine reads."""

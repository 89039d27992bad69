"""One module per family of causes; the registry lists them."""

"""One module for each rule: what it looks for, and why that is so."""

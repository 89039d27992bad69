"""The rules by which each condition key of a request gets its value (FACTS section 5)."""

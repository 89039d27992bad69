"""One call, two administrators: what each tells the other, and the answer that follows."""

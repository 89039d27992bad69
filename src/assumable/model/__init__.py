"""What is known: policies, the world they live in, and the call that is judged."""

"""The same question for every pair: who can assume a role. Queries only."""

"""The edges of a world, written out: principal, role, and the condition under which it passes."""

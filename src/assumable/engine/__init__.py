"""Decides a call in a world, in three values. Pure: no I/O, no clock, no log."""

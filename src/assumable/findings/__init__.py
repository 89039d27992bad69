"""Established causes, each with its evidence and its fixes."""

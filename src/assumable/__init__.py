"""Why can't this caller assume that AWS role, and what exactly would fix it?"""

__version__ = "0.1.0"

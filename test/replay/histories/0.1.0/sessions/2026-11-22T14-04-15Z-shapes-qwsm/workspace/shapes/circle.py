"""Circles."""

import math


def circle_area(radius: float) -> float:
    """Return the area of a circle."""
    if radius < 0:
        raise ValueError(f"a radius cannot be negative: {radius}")
    return math.pi * radius * radius

"""Areas of simple shapes."""

from .circle import circle_area
from .rectangle import rectangle_area

__all__ = ["circle_area", "rectangle_area", "square_area"]


def square_area(side: float) -> float:
    """Return the area of a square."""
    return side * side

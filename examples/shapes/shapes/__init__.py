"""Areas of simple shapes."""

__all__ = ["square_area"]


def square_area(side: float) -> float:
    """Return the area of a square."""
    return side * side

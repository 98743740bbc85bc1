"""Rectangles."""


def rectangle_area(width: float, height: float) -> float:
    """Return the area of a rectangle."""
    if width < 0 or height < 0:
        raise ValueError(f"a side cannot be negative: {width} x {height}")
    return width * height

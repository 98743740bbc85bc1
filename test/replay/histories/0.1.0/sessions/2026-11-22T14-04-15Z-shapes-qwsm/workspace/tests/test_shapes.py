import math
import unittest

from shapes import circle_area, rectangle_area


class CircleTest(unittest.TestCase):
    def test_area_grows_with_the_square_of_the_radius(self):
        self.assertAlmostEqual(circle_area(2), 4 * math.pi)

    def test_a_radius_of_zero_has_no_area(self):
        self.assertEqual(circle_area(0), 0)

    def test_a_negative_radius_is_refused_by_name(self):
        with self.assertRaisesRegex(ValueError, "-1"):
            circle_area(-1)


class RectangleTest(unittest.TestCase):
    def test_area_is_width_times_height(self):
        self.assertEqual(rectangle_area(3, 4), 12)

    def test_a_side_of_zero_has_no_area(self):
        self.assertEqual(rectangle_area(0, 4), 0)

    def test_a_negative_side_is_refused_by_name(self):
        for width, height in [(-1, 2), (2, -1)]:
            with self.subTest(width=width, height=height):
                with self.assertRaisesRegex(ValueError, "-1"):
                    rectangle_area(width, height)


if __name__ == "__main__":
    unittest.main()

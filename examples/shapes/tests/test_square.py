import unittest

from shapes import square_area


class SquareTest(unittest.TestCase):
    def test_area_is_side_times_side(self):
        self.assertEqual(square_area(3), 9)


if __name__ == "__main__":
    unittest.main()

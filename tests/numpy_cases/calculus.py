"""Along an axis: differences, sums, convolutions."""

from numpy_cases import case, some

CASES = [
    case("sum of all", lambda np, a: np.sum(a), some(3), weight=5),
]

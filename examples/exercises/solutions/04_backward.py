"""The solution of exercise 4."""

from minigrad.exercising import Exercise

EDGES = [(2, 0), (2, 1), (3, 0), (3, 1), (4, 2), (4, 3), (5, 2), (5, 3), (6, 4), (6, 5)]


def backward(slopes):
    bars = [0.0] * 7
    bars[6] = 1.0
    for k in reversed(range(len(EDGES))):
        result, argument = EDGES[k]
        bars[argument] += bars[result] * slopes[k]
    return bars[0], bars[1]


exercise = Exercise(
    backward,
    shapes={"slopes": "10"},
    hints=[
        "Who uses a value was made later. From which end must the walk come?",
        (
            "Along each edge flows bars[result] * slopes[k], and an argument may "
            "have several edges."
        ),
        "for k in reversed(range(len(EDGES))): ... bars[argument] += ...",
    ],
)

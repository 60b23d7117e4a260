"""One test for a family of cases: where each would be a test, ten thousand tests are.

`every` is written where `pytest.mark.parametrize` would be, and has its arguments. The
test is one, runs for each case, and at the end says of all that failed which they are.
"""

import functools
import inspect

import pytest

FAILED = Exception, pytest.fail.Exception  # but no skip, which is of the whole test


def every(arguments, cases, ids=None, parts=1):
    """Run a test for every case of its argument, or of several: "f, g".

    parts   in so many tests, which may run side by side, if together they take long
    """
    names = [name.strip() for name in arguments.split(",")]
    known = [(called(case, k, ids), values_of(case, names)) for k, case in
             enumerate(cases)]  # fmt: skip
    assert known, "no case: the test would pass whatever it says"

    def of_all(test):
        @functools.wraps(test)
        def once(part=0, **given):
            __tracebackhide__ = True
            failures = []
            for name, values in known[part::parts]:
                try:
                    test(**given, **dict(zip(names, values, strict=True)))
                except FAILED as error:
                    error.add_note(f"in the case {name}")
                    failures.append(error)
            if len(failures) > 1:
                raise BaseExceptionGroup(f"{len(failures)} cases", failures)
            for failure in failures:
                raise failure

        takes = inspect.signature(test).parameters.values()
        fixtures = [each for each in takes if each.name not in names]
        assert len(fixtures) == len(takes) - len(names), f"{test} lacks {names}"
        if parts > 1:
            kind = inspect.Parameter.KEYWORD_ONLY
            fixtures.append(inspect.Parameter("part", kind))
            once = pytest.mark.parametrize("part", range(parts))(once)
        once.__signature__ = inspect.Signature(fixtures)
        return once

    return of_all


def values_of(case, names):
    """Return what the arguments are in a case."""
    if isinstance(case, type(pytest.param())):
        return case.values
    return (case,) if len(names) == 1 else tuple(case)


def called(case, k, ids):
    """Return what a case is called: by its id, its name, or what it is."""
    if ids is not None:
        return ids(case) if callable(ids) else list(ids)[k]
    for name in ("id", "name", "__name__"):
        if isinstance(getattr(case, name, None), str):
            return getattr(case, name)
    return repr(case)

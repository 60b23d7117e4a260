"""no_grad, checked and scope: per thread, per task, per generator, and undone."""

import asyncio
import contextvars
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import minigrad as mg


def recording():
    return (mg.Tensor(1.0) * 2.0).primitive is not None


def test_no_grad_nests_and_is_lifted():  # bug 42
    assert recording()
    with mg.no_grad():
        assert not recording()
        with mg.no_grad():
            assert not recording()
        assert not recording()
    assert recording()


def test_one_no_grad_may_be_entered_twice():  # bug 42
    quiet = mg.no_grad()
    with quiet, quiet:
        assert not recording()
    assert recording()


@pytest.mark.parametrize(
    "block",
    [mg.no_grad, mg.checked, lambda: mg.scope("a", 1)],
    ids=["no_grad", "checked", "scope"],
)
def test_a_block_is_left_when_an_exception_passes(block):  # bug 42
    with pytest.raises(KeyError), block():
        raise KeyError
    y = mg.Tensor(1.0) * 2.0
    assert y.primitive is not None and y.witness is None and y.scope == ()


def test_no_grad_in_one_thread_does_not_affect_another():  # bug 42
    entered, seen = threading.Event(), threading.Event()
    answers = []

    def quiet():
        with mg.no_grad():
            entered.set()
            seen.wait(10)
            answers.append(recording())

    thread = threading.Thread(target=quiet)
    thread.start()
    assert entered.wait(10)
    assert recording()
    seen.set()
    thread.join()
    assert answers == [False]


def test_no_grad_in_one_task_does_not_affect_another():  # bug 42
    async def quiet(log):
        with mg.no_grad(), mg.scope("quiet"):
            await asyncio.sleep(0)
            log.append(recording())
            await asyncio.sleep(0)
        log.append(recording())

    async def loud(log):
        for _ in range(4):
            log.append(recording())
            await asyncio.sleep(0)

    async def both():
        one, other = [], []
        await asyncio.gather(quiet(one), loud(other))
        return one, other

    assert asyncio.run(both()) == ([False, True], [True] * 4)


def test_a_decorated_function_coroutine_and_generator_run_inside():  # bug 42
    @mg.no_grad()
    def plain():
        return recording()

    @mg.no_grad()
    async def awaited():
        await asyncio.sleep(0)
        return recording()

    @mg.no_grad()
    def stepped():
        """Step."""
        try:
            got = yield recording()
        except KeyError:
            got = "caught"
        yield got, recording()
        return "done"

    assert plain() is False and asyncio.run(awaited()) is False
    steps = stepped()
    assert next(steps) is False
    assert recording()  # not leaked while the generator sleeps
    assert steps.send("hello") == ("hello", False)
    with pytest.raises(StopIteration, match="done"):
        next(steps)
    steps = stepped()
    next(steps)
    assert steps.throw(KeyError()) == ("caught", False)
    steps.close()
    assert recording() and stepped.__doc__ == "Step."


def test_generators_that_end_out_of_order_leave_nothing_behind():  # bug 42
    def inside(block):
        with block:
            yield

    first, second = inside(mg.no_grad()), inside(mg.scope("second"))
    next(first)
    next(second)
    first.close()  # the outer block ends first
    y = mg.Tensor(1.0) * 2.0
    assert y.primitive is not None and y.scope == ("second",)
    second.close()
    assert mg.Tensor(1.0).scope == ()


def test_a_generator_closed_in_another_thread_disturbs_neither():  # bug 42
    def inside():
        with mg.no_grad():
            yield

    def start_here_close_there():
        generator = inside()
        next(generator)
        answers = []
        thread = threading.Thread(
            target=lambda: (generator.close(), answers.append(recording()))
        )
        thread.start()
        thread.join()
        return [*answers, recording()]

    there, here = contextvars.copy_context().run(start_here_close_there)
    assert there
    assert not here  # the block that was opened here was never closed here
    assert recording()


@pytest.fixture
def restless_threads():
    """Let Python change threads as often as it can, so that races show."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("restless_threads")
def test_nested_gradients_in_six_threads_are_all_right():  # bug 43
    start = threading.Barrier(6)

    def nested(worker):
        start.wait()
        results = []
        for k in range(60):
            c = float(worker * 60 + k)
            x = mg.Tensor(c)
            inner = mg.grad(x * x * x, x, record=True)  # 3 x^2
            outer = mg.jvp(lambda y, inner=inner: (y * inner).sum(), (x,), (1.0,))[1]
            results.append((float(mg.grad(inner, x)), float(outer)))
        return results

    with ThreadPoolExecutor(6) as pool:
        for worker, results in enumerate(pool.map(nested, range(6))):
            for k, (second, slope) in enumerate(results):
                c = float(worker * 60 + k)
                assert second == 6.0 * c
                assert slope == 3.0 * c * c


def test_scopes_nest_and_are_written_like_code():
    with mg.scope("lstm", 3):
        with mg.scope("forget"):
            y = mg.Tensor([1.0]) * 2.0
        z = y + 1.0
    assert y.scope == ("lstm", 3, "forget") and z.scope == ("lstm", 3)
    assert mg.context.path(y.scope) == "lstm[3].forget"


def test_what_no_grad_made_is_a_constant_for_what_follows():
    x = mg.Tensor([1.0, 2.0])
    with mg.no_grad():
        frozen = x * 3.0
    np.testing.assert_array_equal(mg.grad((x * frozen).sum(), x), [3.0, 6.0])


@pytest.mark.parametrize("transform", [mg.jacobian, mg.hessian])
def test_a_derivative_under_no_grad_is_refused_not_zero(transform):
    with mg.no_grad(), pytest.raises(ValueError, match="no_grad"):
        transform(lambda x: (x * x).sum())(np.ones(2))
    f = lambda x: x * x  # noqa: E731
    with mg.no_grad():
        for ask in (
            lambda: mg.jvp(f, (3.0,), (1.0,)),
            lambda: mg.vjp(f, 3.0)[1](1.0),
            lambda: mg.hvp(f, (3.0,), (1.0,)),
        ):
            with pytest.raises(ValueError, match="no_grad"):
                ask()


def test_an_async_generator_is_not_decorated_in_vain():
    with pytest.raises(TypeError, match="use `with` inside"):

        @mg.no_grad()
        async def steps():
            yield 1


# ------------------------------------------------------------ checked, block by block


def test_one_checked_serves_overlapping_threads():
    both_inside = threading.Barrier(2)

    @mg.checked()
    def watched(number):
        x = mg.Parameter([number])
        y = x * 2.0
        both_inside.wait(10)
        return x, y, x.data.flags.writeable

    with ThreadPoolExecutor(2) as pool:
        for x, y, writeable_inside in pool.map(watched, [1.0, 2.0]):
            assert y.witness is not None
            assert not writeable_inside and x.data.flags.writeable


def test_one_checked_serves_overlapping_tasks():
    first_may_end = asyncio.Event()

    @mg.checked()
    async def watched(first):
        x = mg.Parameter([1.0])
        y = x * 2.0
        if first:
            await first_may_end.wait()
        else:
            await asyncio.sleep(0)
            first_may_end.set()
        assert y.witness is not None and not x.data.flags.writeable
        return x

    async def both():
        return await asyncio.gather(watched(True), watched(False))

    for x in asyncio.run(both()):
        assert x.data.flags.writeable
    assert (mg.Tensor(1.0) * 2.0).witness is None


def test_checked_leaves_numpys_warnings_to_the_users_own_arithmetic():
    def inside():
        with mg.checked():
            yield

    generator = inside()
    with np.errstate(divide="raise"):
        before = np.geterr()
        next(generator)
        assert np.geterr() == before
        with mg.checked(), pytest.raises(FloatingPointError, match="log made -inf"):
            mg.log(mg.Tensor(0.0))
        generator.close()
        assert np.geterr() == before


def test_under_checked_numpy_does_not_warn_besides():  # warnings are errors here
    x = mg.Tensor([0.0, 1.0])
    for infinite in (
        lambda: mg.log(x),
        lambda: 1.0 / x,
        lambda: mg.matmul(x * 1e200, x * 1e200),
    ):
        with mg.checked(), pytest.raises(FloatingPointError, match=r"made -?inf"):
            infinite()
    with mg.checked():
        y = mg.sqrt(x).sum()
        for record in (False, True):
            with pytest.raises(FloatingPointError, match=r"sqrt|divide"):
                mg.grad(y, x, record=record)


def test_blocks_that_end_out_of_order_thaw_every_leaf():
    def inside(leaf):
        with mg.checked():
            mg.exp(leaf)
            yield

    one, two = mg.Parameter([1.0]), mg.Parameter([2.0])
    first, second = inside(one), inside(two)
    next(first)
    next(second)
    assert not one.data.flags.writeable and not two.data.flags.writeable
    first.close()
    second.close()
    assert one.data.flags.writeable and two.data.flags.writeable

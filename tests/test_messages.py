"""Error messages teach, in four parts: one row of the table below per mistake.

A row is: what was done, as code, the exception, and a fragment of each part: what was
asked, with which operands, why it cannot be, and the likely fix.
"""

import itertools
import re
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from every import every

import minigrad as mg
from lstm import State
from lstm.experiments.recipe import Recipe
from minigrad import __main__ as command
from minigrad.drawing import NotRendered
from minigrad.messages import a_kind, with_article
from minigrad.primitive import TABLE, elementwise

x = mg.Tensor([1.0, 2.0], name="x")
W = mg.Tensor(np.ones((2, 5)), name="W_f")
v = mg.Tensor(np.ones(4), name="v")
w = mg.Parameter([1.0, 2.0], name="w")
numbers = itertools.count(1.0)


def written_to():
    x[0] = 5.0


def into_an_array():
    array = np.ones(2)
    array += x


def into_a_slice():
    array = np.zeros((2, *x.shape))
    array[0] = x


def into_an_entry():
    array = np.ones(2, int)  # NumPy hides what is said about floats in a cause
    array[0] = mg.Tensor(2.0, name="x")


def unrecorded():
    with mg.no_grad():
        y = (x * x).sum()
    return mg.grad(y, x)


def jvp_under_no_grad():
    with mg.no_grad():
        mg.jvp(lambda x: x * x, (3.0,), (1.0,))


def released():
    y = (x * x).sum()
    mg.Tape(y).release()
    mg.grad(y, x)


def stale():
    p = mg.Parameter([1.0], name="p")
    loss = (p * p).sum()
    p.data = np.array([2.0])
    loss.backward()


def changed_constant():
    c = np.ones(2)
    with mg.checked():
        y = (x * c).sum()
    c[0] = 2.0
    mg.grad(y, x)


def nan_in_a_loss():
    with mg.checked():
        mg.log(x - 1.0).sum()


def infinite_slope():
    zero = mg.Tensor([0.0], name="zero")
    with mg.checked():
        mg.grad(mg.sqrt(zero).sum(), zero)


def descended():
    layer = mg.Dense(2, 1, rng=0)
    layer.W = layer.W - 0.1 * np.ones((1, 2))


def resized():
    w.data = np.ones(3)


def rule(partial):
    """Differentiate through a row with this partial; the row is removed again."""
    try:
        f = elementwise("broken", lambda a: a * 1.0, "a", (partial,))
        mg.grad(f(x).sum(), x)
    finally:
        TABLE.pop("broken", None)


def wrong_count():
    elementwise("hypot", np.hypot, "sqrt(a**2 + b**2)", (lambda y, a, b: a / y,))


def second_row():
    elementwise("tanh", np.tanh, "tanh(a)", (lambda y, a: 1 - y * y,))


def other_sizes(tmp_path):
    mg.Dense(5, 2).load(mg.Dense(3, 2).save(tmp_path / "w.npz"))


def not_a_file_of_arrays(tmp_path):
    path = tmp_path / "w.npz"
    path.write_text("not arrays", "utf-8")
    mg.Dense(3, 2).load(path)


def unwritable(tmp_path):
    (tmp_path / "file").write_text("", "utf-8")
    mg.Dense(3, 2).save(tmp_path / "file" / "w.npz")


def refused_by_a_renderer():
    """Python runs, and understands no option of Graphviz."""
    mg.draw(x * 2.0, renderer=sys.executable).svg()


def drawn_into_a_file(tmp_path):
    (tmp_path / "file.py").write_text("", "utf-8")
    mg.draw(x * 2.0).save(tmp_path / "file.py" / "x.dot")


HERE = r"at test_messages.py:\d+"

MISTAKES = {  # what is done: (exception, asked, operands, why, fix)
    "mg.grad(x * 2.0, x)": (ValueError, f"gradient of a Tensor with 2 entries, {HERE}",
        r"output: shape \(2,\)", "a gradient belongs to one number", r"y\.sum\(\)"),
    "mg.Tensor([1, 2], name='n')": (TypeError, rf"Tensor\(n\), {HERE}", "n:",
        "numbers that can change a little", r"write 1\.0 for 1"),
    "mg.Tensor(True)": (TypeError, f"Tensor.*{HERE}", "data:", "bool", "masks"),
    "mg.Tensor(None)": (TypeError, f"Tensor.*{HERE}", "data", "None is no number",
        "float"),
    "mg.Tensor([[1.0], [1.0, 2.0]])": (TypeError, f"Tensor.*{HERE}", "data:",
        "inhomogeneous shape", "one length"),
    "mg.Tensor(x)": (TypeError, r"Tensor\(t\) of a Tensor", "x: shape", "unclear",
        r"t\.detach"),
    "mg.grad(x.data, x)": (TypeError, HERE, "output", "only a Tensor remembers",
        r"mg\.Tensor\(x\)"),
    "mg.grad(x.sum(), [x.data])": (TypeError, HERE, r"inputs\[0\]: shape \(2,\)",
        "computation used", "Tensor"),
    "mg.Tape(x.data)": (TypeError, f"Tape.*ndarray, {HERE}", "output", "only a Tensor",
        "mg.Tensor"),
    "mg.grad(x * 2.0, x, seed=np.ones(3))": (ValueError,
        rf"seed of shape \(3,\), {HERE}", r"output: shape \(2,\)",
        "one number per entry", r"seed of shape \(2,\)"),
    "unrecorded()": (ValueError, HERE, "output", r"under no_grad\(\)",
        "outside no_grad"),
    "jvp_under_no_grad()": (ValueError, HERE, "output", r"under no_grad\(\)",
        "outside no_grad"),
    "released()": (ValueError, HERE, "output", "released", r"before Tape\.release"),
    "stale()": (ValueError, f"used p, {HERE}", "p: shape", "updated after", "again"),
    "changed_constant()": (ValueError, f"through .*multiply.*{HERE}",
        r"argument 0 \(x\)", r"argument 1 was changed after test_messages.py:\d+",
        "make a new array"),
    "nan_in_a_loss()": (FloatingPointError,
        r"log made -inf at entry \[0\], recorded at test_messages",
        "argument 0: .*made by subtract at test_messages", "first operation",
        "logsumexp"),
    "infinite_slope()": (FloatingPointError, "derivative of sqrt in argument 0 is inf",
        r"argument 0 \(zero\)", "finite", "clip"),
    "written_to()": (TypeError, r"t\[index\] = value", "x: shape", "never written to",
        r"t\.copy\(\)"),
    "into_an_array()": (TypeError, f"np.add of a Tensor, {HERE}", "x", r"with out=",
        r"t =\s+np\.add.*from\s+minigrad\s+import\s+numpy\s+as\s+np"),
    "np.add.at(np.zeros(2), [0, 0], x)": (TypeError, f"np.add.at of a Tensor, {HERE}",
        r"\(x\): shape", "remember", r"from\s+minigrad\s+import\s+numpy\s+as\s+np"),
    "into_a_slice()": (TypeError, rf"array\[index\] = t of a Tensor, {HERE}",
        "x: shape", "no longer know", r"from\s+minigrad\s+import\s+numpy\s+as\s+np"),
    "np.fft.fft(x)": (TypeError, f"np.fft.fft of a Tensor, {HERE}", "x.: shape",
        "not recorded", r"np\.fft\.fft\(np\.eye"),
    "np.divide.reduce(x)": (TypeError, f"np.divide.reduce of a Tensor, {HERE}", "x",
        "not recorded", r"t\.data"),
    "np.asarray(x)": (TypeError, f"plain array made from a Tensor, {HERE}", "x: shape",
        "no longer know", r"t\.data is the array"),
    "into_an_entry()": (TypeError, rf"array\[index\] = t of a Tensor, {HERE}",
        "x: shape", "no longer know", r"array\[index\] = float\(t\)"),
    "x + np.ones((4, 3))": (ValueError, rf"add\(\), {HERE}",
        r"argument 0 \(x\): shape \(2,\)", "could not be broadcast",
        "make the shapes agree"),
    "mg.matvec(W, v)": (ValueError, rf"matvec\(W_f, v\), {HERE}",
        r"argument 0 \(W_f\): shape \(2, 5\)", r"W is \(m, k\), v is \(\.\.\., k\)",
        "shapes agree"),
    "W @ W": (ValueError, rf"matmul\(W_f, W_f\), {HERE}", r"1 \(W_f\): shape \(2, 5\)",
        r"but one of b.*NumPy:\s+size 2 is different from 5$", r"W_f\.T @ W_f"),
    "W @ np.ones((7, 5))": (ValueError, "matmul", r"1: shape \(7, 5\)", "Sum over",
        r"perhaps mg\.matvec\(W_f, b\), of shape \(7, 2\), or mg\.matvec\(b, W_f\)"),
    "x @ W.T": (ValueError, "matmul", "", "", r"mg\.matvec\(b, x\)"),
    "np.ones(4) @ W": (ValueError, "matmul", "", "", "make the shapes agree"),
    "np.ones(5) @ W": (ValueError, "matmul", "", "", r"W_f @ a, of shape \(2,\)"),
    "W @ 3.0": (ValueError, "matmul", "1: 3.0", "enough dimensions$", r"W_f \* b"),
    "x.reshape(3)": (ValueError, rf"reshape\(x, shape=3\), {HERE}", r"argument 0 \(x\)",
        "size 2 into shape", "shapes agree"),
    "x.sum(axis=3)": (ValueError, rf"sum\(x, axis=3\), {HERE}", r"shape \(2,\)",
        "out of bounds", "axes and entries count from 0"),
    "x[7]": (IndexError, rf"take\(x, index=7\), {HERE}", r"argument 0 \(x\)",
        "out of bounds", "count from 0"),
    "x[x]": (TypeError, f"with a Tensor as index, {HERE}", "t:", "a choice", "plain"),
    "mg.where(x, x, x)": (TypeError, rf"where\(mask, a, b\), {HERE}", "mask",
        "a decision", "x > 0"),
    "mg.concatenate([W, mg.Tensor(np.ones((2, 3)))])": (ValueError,
        rf"concatenate\(axis=0\), {HERE}", r"argument 0 \(W_f\)", "must match exactly",
        "shapes agree"),
    "bool(x)": (TypeError, "bool.*2 entries", "x: shape", "single number",
        "reduce first"),
    "W.item()": (TypeError, r"item\(t\).*10 entries", r"W_f: shape \(2, 5\)",
        "single number", r"t\.item\(0\)"),
    "mg.Parameter(x.detach())": (TypeError, rf"Parameter\(t\) of a Tensor, {HERE}",
        "x: shape", "unclear", r"mg\.Parameter\(t\.data\)"),
    "x.astype('c8')": (TypeError, rf"t\.astype\(complex64\), {HERE}", "x: shape",
        "conjugates", r"t\.data\.astype\(dtype\)"),
    "x.astype(int)": (TypeError, rf"t\.astype\(int64\), {HERE}", "x: shape",
        "no derivative", r"t\.data\.astype\(dtype\)"),
    "x.astype(object)": (TypeError, rf"t\.astype\(object\), {HERE}", "x: shape",
        "not exact", r"t\.data\.astype\(dtype\)"),
    "setattr(mg.Dense(5, 2), 'W', np.ones((2, 5)))": (TypeError,
        rf"layer\.W = an ndarray, {HERE}", r"W: shape \(2, 5\)", "neither trained nor",
        r"layer\.W\.data = array.*mg\.Parameter\(array\)"),
    "setattr(mg.Dense(5, 2), 'W', W)": (TypeError, rf"layer\.W = a Tensor, {HERE}",
        r"value: shape \(2, 5\)", "neither trained nor", r'vars\(layer\)\["W"\] = t'),
    "descended()": (TypeError, rf"layer\.W = a Tensor, {HERE}", "made by subtract",
        "neither trained nor", r"layer\.W\.data = array"),
    "State.zeros((4, 8))": (TypeError, rf"State\.zeros\(\(4, 8\)\), {HERE}", None,
        "first number is m", r"State\.zeros\(m, \(B,\)\)"),
    "float(x)": (TypeError, "float.*2 entries", "x: shape", "single number",
        r"t\.sum\(\)"),
    "len(x.sum())": (TypeError, r"len\(t\)", r"shape \(\)", "no axis", r"t\.item\(\)"),
    "rule(lambda y, a: None)": (TypeError, "rule of broken for its argument 0",
        "argument: shape", "None", "mend that rule"),
    "rule(lambda y, a: np.ones((5, 2)))": (TypeError,
        "rule of broken for its argument 0", "result: shape",
        r"shape \(5, 2\).*here \(2,\)", "mend that rule in the row 'broken'"),
    "rule(lambda y: 1.0)": (TypeError, "rule of broken", "argument",
        "positional argument", r"partial\(y, \*args\)"),
    "wrong_count()": (TypeError, "row 'hypot' with 1 partials", None,
        "takes 2 arguments", "give 2 functions"),
    "second_row()": (ValueError, "second row named 'tanh'", None, "identifies",
        "another name"),
    "mg.tanh(mg.Tensor(np.array([Fraction(1, 3)])))": (TypeError, rf"tanh\(\), {HERE}",
        "argument 0: shape", "tanh",
        "elements of an object array need the operation themselves"),
    "resized()": (ValueError, rf"w\.data = array, {HERE}", "w: shape",
        "keeps its shape", r"shape \(2,\)"),
    "x.sum().backward()": (ValueError, f"backward.. at test_messages|backward.*{HERE}",
        "output", "no Parameter is on this tape", r"mg\.Parameter"),
    "mg.SGD([x], 0.1)": (TypeError, f"optimizer over a Tensor, {HERE}", "it: shape",
        "Parameters", "pass a Module"),
    "mg.SGD([w, w], 0.1)": (ValueError, f"optimizer over 2 Parameters, {HERE}",
        "twice: w: shape", "listed once", "every Parameter once"),
    "mg.SGD(mg.Module(), 0.1)": (ValueError, f"over 0 Parameters, {HERE}", None,
        "nothing to train", "mg.Parameter"),
    "mg.SGD([w], lr=0.1, learning_rate=0.1)": (TypeError,
        rf"SGD\(..., lr=...\), {HERE}", None, "is given, too",
        "one of them: learning_rate"),
    "mg.SGD([w], -0.1)": (ValueError, f"learning_rate=-0.1, {HERE}", None, "positive",
        "above 0"),
    "mg.SGD([mg.Parameter([1.0])], 0.1).step()": (ValueError,
        f"without a gradient, {HERE}", "grad: None", "nothing would",
        r"loss\.backward\(\) first"),
    "mg.clip_by_global_norm([np.array([np.nan])], 1.0)": (ValueError,
        f"of norm nan.*{HERE}", "gradient 0: shape", "not finite", "checked"),
    "mg.Dense(3, 2, 'relu')": (TypeError, rf"Dense\(3, 2, activation='relu'\), {HERE}",
        None, "cannot be called", r"mg\.relu"),
    "mg.Dense(3, 0)": (ValueError, rf"Dense\(n=3, m=0\), {HERE}", None,
        "m = 0 is no size", "positive integers"),
    "setattr(mg.Module(), 'parts', {w})": (TypeError, f"a Parameter in a set, {HERE}",
        None, "no order", "a list"),
    "setattr(w, 'data', np.array([Fraction(1), Fraction(2)]))": (TypeError,
        rf"w\.data = array, {HERE}", "array: shape", "keeps its dtype",
        r"array\.astype"),
    "mg.SGD([w, mg.Parameter([1.0, 2.0])], 0.1).step([np.ones(2)])": (ValueError,
        rf"step\(gradients\), {HERE}", r"gradients: \[array",
        r"one gradient(.|\n)*\[1\]: missing", "mg.grad"),
    "mg.Dense(5, 2)(v)": (ValueError, f"Dense: W x . b, {HERE}",
        r"x \(v\)|x: shape \(4,\)", "5 entries, the last axis of x has 4",
        r"shape \(\.\.\., 5\)"),
    "other_sizes(tmp_path)": (ValueError, f"load.*into Dense, {HERE}", None,
        "names and shapes", "nothing was changed"),
    "not_a_file_of_arrays(tmp_path)": (ValueError, f"load.*{HERE}", None,
        "not a readable .npz", "Module.save wrote"),
    "unwritable(tmp_path)": (OSError, f"writing.*{HERE}", None, "cannot be written",
        "nothing was changed"),
    "mg.squared_error(x, np.ones((2, 1)))": (ValueError, f"squared_error.*{HERE}",
        r"target: shape \(2, 1\)", "each prediction needs its own", "reshape"),
    "mg.cross_entropy(mg.Tensor(np.ones((2, 3))), np.eye(3)[:2])": (TypeError,
        f"cross_entropy.*{HERE}", r"labels: shape \(2, 3\)", "whole numbers", "argmax"),
    "mg.cross_entropy(mg.Tensor(np.ones((2, 3))), [0, 3])": (ValueError,
        f"cross_entropy.*{HERE}", "labels", r"in 0\.\.2", "class numbers"),
    "mg.jacobian(lambda a: a.data)(np.ones(2))": (TypeError,
        rf"jacobian\(f\) of an ndarray, {HERE}", r"f\(\*args\): shape",
        "only a Tensor remembers", r"mg\.stack"),
    "mg.jvp(lambda a: a * a, (np.ones(2),), (np.ones(3),))": (ValueError,
        f"directional derivative, {HERE}", r"primal 0: shape \(2,\)",
        r"shapes \[\(3,\)\]", "a direction for every primal"),
    "mg.draw(mg.Dense(3, 2))": (TypeError, f"draw of a Dense, {HERE}",
        "output: a Dense", "only a Tensor",
        r"call the Module, y = model\(x\), and give y"),
    "mg.Tape(mg.Dense(3, 2))": (TypeError, f"Tape.*{HERE}", "output", "only a Tensor",
        r"model\(x\)"),
    "mg.draw(lambda a: a)": (TypeError, f"draw of a function, {HERE}", "output",
        "only a Tensor", r"y = f\(mg\.Tensor\(x\)\)"),
    "mg.draw(mg.Dense)": (TypeError, f"draw of a type, {HERE}", "output",
        "only a Tensor", r"model = Dense\(\.\.\.\)"),
    "mg.draw((x * 2.0, None))": (TypeError, f"draw of a NoneType, {HERE}",
        r"output\[1\]: None", "only a Tensor", "without return"),
    "mg.draw([])": (ValueError, f"draw of nothing, {HERE}", r"output: \[\]",
        "no Tensor in it", "a structure of some"),
    "mg.prove((x * 2.0, {'c': x.sum()}))": (ValueError, f"prove.*{HERE}",
        r"output 1: shape \(\)", "one number", r"assert_proved"),
    "mg.grad((x * x).sum())": (TypeError, f"without inputs, {HERE}", "output: shape",
        "with respect to", r"mg\.grad\(loss, x\)"),
    "mg.grad((x * x).sum(), {'x': 'x'})": (TypeError, f"a str, {HERE}",
        r"inputs\['x'\]: 'x'", "computation used", "the Tensor itself"),
    "mg.grad((x * x).sum(), lambda a: a)": (TypeError, f"a function, {HERE}", "inputs",
        "computation used", r"mg\.grad\(f\)\(x\)"),
    "mg.hessian(lambda a: (a * a).sum(), np.ones(2))": (TypeError,
        f"argnums.*ndarray, {HERE}", r"argnums: shape \(2,\)", "returns a function",
        r"mg\.hessian\(f\)\(x\)"),
    "mg.grad(mg.Dense(3, 2), [w])": (TypeError, f"argnums.*list, {HERE}", "argnums",
        "returns a function", r"mg\.grad\(loss, model\)"),
    "mg.jacobian(x * x)": (TypeError, f"jacobian of a Tensor, {HERE}", "f: shape",
        "takes a function", r"mg\.jacobian\(f\)"),
    "mg.grad(lambda a, b: a * b, 2)(1.0, 2.0)": (TypeError, f"argument 2, {HERE}",
        "argument 1: 2.0", "2 arguments were", "argnums=0"),
    "mg.vjp(lambda a: a, x, x)": (TypeError, rf"vjp\(f\), {HERE}", "argument 1",
        "cannot be called", "and nothing else"),
    "mg.vjp(lambda a: a)": (TypeError, rf"vjp\(f\), {HERE}", "f: ", "none were given",
        r"mg\.vjp\(f, x\)"),
    "mg.jvp(lambda a: a, x, x)": (TypeError, rf"jvp\(f, primals, tangents\), {HERE}",
        "primals: shape", "each is a tuple", r"mg\.jvp\(f, \(x,\), \(v,\)\)"),
    "mg.jvp(lambda a: a)": (TypeError, f"jvp, {HERE}", None, "missing 2 required",
        r"jvp\(f, primals, tangents\)"),
    "mg.jacobian(lambda d: d['a'])({'a': np.ones(2)})": (TypeError,
        f"of a structure, {HERE}", "input 0: shape", "axes of one array",
        r"argnums=\(0, 1\)"),
    "mg.value_and_grad(lambda a: a, has_aux=True)(1.0)": (TypeError,
        f"has_aux=True.*{HERE}", r"f\(\*args\): shape", "a pair", "return loss, other"),
    "mg.clip_by_global_norm([w], 1.0)": (TypeError, f"of Parameters, {HERE}",
        "w: shape", "gradients of", r"\[p\.grad for p in"),
    "mg.Tensor([1.0], np.float32)": (TypeError, rf"Tensor\(data, .*float32.*{HERE}",
        "name: ", "is a name", r"np\.asarray\(data, dtype\)"),
    "mg.Module()(x)": (NotImplementedError, f"call of Module, {HERE}", "model: ",
        "what it computes", r"forward\(self, x\)"),
    "mg.Adam([w], betas=0.9)": (TypeError, f"betas=0.9, {HERE}", None, "there are two",
        r"\(0\.9, 0\.999\)"),
    "mg.SGD([w], 0.1, nesterov=True)": (ValueError, f"nesterov=True.*{HERE}", None,
        "looks ahead", "momentum above 0"),
    "mg.draw(x * 2.0, view=['gate'])": (ValueError, rf"view=\['gate'\]\), {HERE}",
        "output: shape", "no view of that name", '"op"'),
    "mg.draw(x * 2.0).save(3)": (TypeError, rf"save\(3\), {HERE}", "path: 3",
        "of type int", "picture.pdf"),
    "drawn_into_a_file(tmp_path)": (OSError, f"writing.*x.dot.*{HERE}", None,
        r"file.py'\s+is\s+a\s+file,\s+no\s+folder", "nothing was changed"),
    "refused_by_a_renderer()": (NotRendered, "a picture as svg", None,
        "(?i)refused: .*unknown option", "others are tried then"),
    "mg.explore(x.sum(), 'notes.txt')": (ValueError, f"explore.*notes.txt.*{HERE}",
        None, r"the\s+suffix\s+\.txt", "'notes.html'"),
    "mg.explore(x.sum(), 3)": (TypeError, rf"explore.*{HERE}", "path: 3", "of type int",
        "page.html"),
    "command._imported('no_such_module')": (ModuleNotFoundError,
        f"importing no_such_module, {HERE}", None, "no module 'no_such_module'",
        r"without\s+\.py"),
    "command._found(mg.messages, 'nope')": (AttributeError,
        f"minigrad.messages:nope, {HERE}", None, "nothing of that name",
        "its own: .*explain"),
    "mg.check_gradients(lambda a: a.data, np.ones(2))": (TypeError,
        f"check_gradients.*{HERE}", r"f\(\*args\)", "only a Tensor",
        r"x\.data\s+leave\s+the\s+tape"),
    "mg.check_gradients(lambda a: a * 2.0, np.ones(0))": (ValueError,
        f"check_gradients.*{HERE}", "argument 0: shape", "no argument has an entry",
        r"with\s+entries"),
    "mg.check_gradients(lambda a: a * a.data, np.ones(2))": (AssertionError,
        "number left the tape, test_messages.py", "used by: shape",
        r"depends\s+on\s+argument\s+0", r"pass\s+it\s+in\s+as\s+an\s+argument"),
    "mg.check_gradients(lambda a: a * next(numbers), np.ones(2))": (AssertionError,
        "number left the tape, test_messages.py", "used by: shape",
        r"random\s+numbers\s+inside", "draw random numbers before"),
}  # fmt: skip


# What a call above may speak of; those by name are used nowhere else.
KNOWN = {**globals(), "State": State, "command": command, "Fraction": Fraction}


@every("mistake", MISTAKES, parts=2)
def test_a_mistake_is_explained_in_four_parts(mistake, tmp_path):
    exception, asked, operands, why, fix = MISTAKES[mistake]
    with pytest.raises(exception) as caught:
        eval(compile(mistake, __file__, "eval"), {**KNOWN, "tmp_path": tmp_path})
    message = str(caught.value)
    assert max(map(len, message.splitlines())) < 400  # no large array is printed
    head, *rest = message.splitlines()
    parts, last = {"with": "", "why": "", "fix": ""}, "with"
    for line in rest:
        kind = line.split(maxsplit=1)[0] if line.startswith("  ") else ""
        last = kind if kind in parts and line.startswith(f"  {kind}  ") else last
        parts[last] += line + "\n"
    assert re.search(asked, head), message
    assert re.search(why, parts["why"], re.DOTALL), message
    assert re.search(fix, parts["fix"], re.DOTALL), message
    assert operands is None or re.search(operands, parts["with"]), message


def test_what_other_parameters_made_may_stand_in_a_parameters_place():
    layer, scale = mg.Dense(2, 1, rng=0), mg.Parameter(2.0)
    layer.W = scale * np.ones((1, 2))  # it is trained by its scale
    layer(x).sum().backward()
    assert scale.grad == 3.0
    layer.b = None  # there is none any more
    assert layer.parameters() == []


def test_articles_are_as_spoken():
    words = (
        "an Adam, an LSTM, an array, an ndarray, an RNNCell, an SGD, an MLP, an int, "
        "an add, an exp, an X, an IRNNCell, a Dense, a Sequential, a GRUCell, a State, "
        "a Recurrent, a list, a tuple, a NoneType, a Unit, a multiply, a Module"
    )
    names = [each.partition(" ")[2] for each in words.split(", ")]
    assert ", ".join(map(with_article, names)) == words
    assert a_kind(mg.Adam(w)) == "an Adam" and a_kind(np.ones(2)) == "an ndarray"


def test_there_are_at_least_25_mistakes():
    assert len(MISTAKES) >= 25


def test_a_large_operand_is_shown_by_its_shape():
    with pytest.raises(ValueError) as caught:
        mg.Tensor(np.zeros((1000, 3))) + np.zeros((1000, 4))
    assert len(str(caught.value)) < 600 and "(1000, 4)" in str(caught.value)


@pytest.mark.parametrize("command", [
    "lstm train parity --epochs 0", "lstm generate --model no", "minigrad draw no.npz",
])  # fmt: skip
def test_on_a_command_line_a_message_names_no_line_that_nobody_wrote(command):
    ran = subprocess.run(
        [sys.executable, "-m", *command.split()], capture_output=True, text=True
    )
    asked = ran.stderr.splitlines()[0]
    assert ran.returncode == 1 and ", at " not in asked, asked


def test_what_a_dataclass_generates_is_not_the_users_line():
    with pytest.raises(ValueError, match=f"a Recipe with epochs=0, {HERE}\n"):
        Recipe(epochs=0)
    with pytest.raises(ValueError, match=f"a Recipe with epochs=0, {HERE}\n"):
        replace(Recipe(), epochs=0)


def test_numpys_own_exception_is_kept_as_the_cause():
    with pytest.raises(ValueError) as caught:
        x + np.ones((4, 3))
    assert isinstance(caught.value.__cause__, ValueError)


def test_numpys_warnings_stay_warnings():
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert mg.log(mg.Tensor(0.0)).item() == -np.inf
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        mg.log(mg.Tensor(0.0))


def test_under_checked_a_message_shows_where_an_operand_was_recorded():
    with mg.checked():
        y = x * 2.0
        with pytest.raises(
            ValueError, match=r"made by multiply at test_messages.py:\d+"
        ):
            y + np.ones((4, 3))

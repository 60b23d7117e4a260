"""Names from PyTorch, JAX, Keras and NumPy that are not here, and what to write.

An entry is code, and after `#` why; without code it means: leave it out. In it t and
other are Tensors, p a Parameter, model a Module. A name that works here stands in none
of these tables: see `minigrad.habits`.
"""

from collections.abc import Mapping

Table = Mapping[str, str]

ON_CPU = "  # all numbers are on the CPU"
NUMBERS = "t.data  # the NumPy array"
INTEGERS = "t.data.astype(int)  # integers have no derivative: they are plain arrays"
UNWRITTEN = "  # a Tensor is never written into, so nobody needs a copy"
ANEW = "  # a new Tensor: t itself is never written into"
RECORDED = (
    "  # every Tensor is recorded; backward() fills, and optimizers change, each "
    "mg.Parameter; to keep one as it is, give the optimizer the others"
)
GRADIENT = "mg.grad(loss, t)  # of any Tensor on the tape; backward() fills Parameters"

TENSOR: Table = {
    **dict.fromkeys(("numpy", "array", "value", "values"), NUMBERS),
    **{name: f"t.data.{name}()" for name in ("tolist", "tobytes", "dumps")},
    **{name: f"t.data.{name}" for name in ("nbytes", "itemsize", "strides", "flags")},
    **{name: f"t.data.{name}" for name in ("base", "ctypes")},
    **dict.fromkeys(("fill", "put"), "t.copy()  # which can be written to"),
    **dict.fromkeys(("cpu", "cuda", "device", "is_cuda", "to_device"), ON_CPU),
    "to": "t.astype(dtype)  # all numbers are on the CPU",
    "type": "t.astype(dtype)",
    "float": "t.astype('f4')",
    "double": "t.astype('f8')",
    "half": "t.astype('f2')",
    **dict.fromkeys(("int", "long"), INTEGERS),
    "bool": "t.data.astype(bool)  # masks are plain arrays",
    **dict.fromkeys(("requires_grad", "requires_grad_"), RECORDED),
    **dict.fromkeys(("grad", "retain_grad"), GRADIENT),
    "register_hook": "mg.grad(loss, t)  # and change what it returns",
    "grad_fn": "t.primitive  # None of a leaf",
    "is_leaf": "t.primitive is None",
    "clone": "t.copy()  # an array that can be written to; a Tensor never changes",
    "contiguous": UNWRITTEN,
    "block_until_ready": "  # what was computed is there",
    "zero_grad": "p.grad = None",
    "assign": "p.data = array  # of an mg.Parameter",
    **dict.fromkeys(("numel", "nelement"), "t.size"),
    "dim": "t.ndim",
    "view": "t.reshape(shape)",
    **dict.fromkeys(("view_as", "reshape_as"), "t.reshape(other.shape)"),
    "unsqueeze": "t[None]  # a new first axis; t[..., None] is a new last one",
    **dict.fromkeys(("byteswap", "getfield"), NUMBERS),
    **dict.fromkeys(("setfield", "setflags"), UNWRITTEN),
    **dict.fromkeys(("dump", "tofile"), "np.save(path, t.data)"),
    "choose": "mg.where(mask, t, other)  # a Tensor is no choice",
    "permute": "t.transpose(1, 0)",
    "t": "t.T",
    "resize": "np.resize(t, (3, 2))" + UNWRITTEN,
    **dict.fromkeys(("expand", "expand_as"), "mg.broadcast_to(row, other.shape)"),
    "tile": "np.tile(t, 2)",
    **dict.fromkeys(("chunk", "split"), "np.split(t, 2)"),
    "unbind": "list(t)",
    "gather": "t[rows, columns]",
    **dict.fromkeys(("index_select", "select"), "t[:, columns]"),
    "narrow": "t[:, 1:3]",
    "at": "mg.where(mask, other, t)  # a new Tensor, as t.at[mask].set(other) is",
    "masked_fill": "mg.where(mask, 0.0, t)",
    "masked_select": "t[mask]",
    **dict.fromkeys(("mm", "bmm", "matmul"), "t @ matrix"),
    "add": "t + other",
    "mv": "mg.matvec(t, row)",
    "mul": "t * other",
    "sub": "t - other",
    "div": "t / other",
    "neg": "-t",
    "pow": "t**2",
    "square": "t**2",
    "abs": "abs(t)",
    "clamp": "mg.clip(t, 0.0, 1.0)",
    "norm": "np.linalg.norm(t)",
    "sort": "np.sort(t)" + ANEW,
    "partition": "np.partition(t, 1)" + ANEW,
    "topk": "row[np.argsort(row)[-2:]]",
    "eq": "t == other",
    "gt": "t > other",
    "lt": "t < other",
}

NO_MODE = (
    "  # a model has no mode: dropout is a mask that a call is given "
    "(from lstm.masks import variational), and a call without one evaluates"
)
DTYPE = "mg.Dense(3, 2, dtype=dtype)  # when a layer is made"
PARTS = "vars(model)  # a part of a model is an attribute, and needs no registration"
STEPS = "mg.Tape(y).steps  # all that was computed; of each, mg.grad(loss, step)"
BY_PATH = "dict(model.named_parameters())"
TRAINING = "optimizer.step(mg.grad(loss, model.parameters()))  # in a loop of your own"

MODULE: Table = {
    **dict.fromkeys(("train", "eval", "training"), NO_MODE),
    **dict.fromkeys(("to", "cpu", "cuda"), "  # all numbers are on the CPU"),
    **dict.fromkeys(("float", "double", "half"), DTYPE),
    "weight": "layer.W  # of an mg.Dense; model.named_parameters() has every name",
    "bias": "layer.b  # of an mg.Dense; model.named_parameters() has every name",
    **dict.fromkeys(("register_forward_hook", "register_full_backward_hook"), STEPS),
    **dict.fromkeys(("weights", "variables", "trainable_variables"), BY_PATH),
    **dict.fromkeys(("trainable_weights", "params", "param_groups"), BY_PATH),
    "get_weights": "model.state_dict()",
    "set_weights": "model.load_state_dict(arrays)",
    "save_weights": "model.save(path)",
    "load_weights": "model.load(path)",
    "requires_grad_": "mg.Adam(model.parameters()[1:])  # the optimizer is given what "
    "shall change",
    **dict.fromkeys(("children", "modules", "named_modules", "named_children"), PARTS),
    **dict.fromkeys(("add_module", "register_module"), "model.part = mg.Dense(3, 2)"),
    "register_parameter": "model.w = mg.Parameter([1.0])",
    "register_buffer": "model.mean = np.zeros(3)  # a plain array is not trained, and "
    "not saved",
    **dict.fromkeys(("compile", "fit"), TRAINING),
    "predict": "model(x).data",
    "summary": "print(model)",
    "count_params": "sum(p.size for p in model.parameters())",
    "init": "mg.Dense(3, 2, rng=0)  # numbers are drawn when a layer is made",
    "apply": "model.parameters()  # a list to go through; the model itself is model(x)",
    "backward": "loss.backward()  # of a loss, which is a Tensor",
    "grad": "[p.grad for p in model.parameters()]",
}

RATE = "optimizer.learning_rate = 0.01"
MEMORIES = "optimizer.memories  # a list: one dict for each Parameter"
OPTIMIZER: Table = {
    **dict.fromkeys(("lr", "param_groups", "defaults"), RATE),
    **dict.fromkeys(("state", "state_dict", "load_state_dict"), MEMORIES),
    "add_param_group": "mg.Adam(model.parameters()[:1])  # an optimizer for each group",
    **dict.fromkeys(("minimize", "apply_gradients", "apply"), TRAINING),
    "backward": "loss.backward()  # of a loss, which is a Tensor",
    "init": "mg.Adam(model)  # its memories begin empty",
}

LEAF = "mg.Tensor(np.ones(3))"
PARAMETER = "mg.Parameter(np.ones(3))"
RANDOM = "np.random.default_rng(0)  # layers take a seed: mg.Dense(3, 2, rng=0)"
LAYERS = "mg.Dense(3, 2, mg.tanh)  # layers are on mg, and in the package lstm"
FUNCTIONS = "mg.softmax(t)  # functions are on mg itself"
OPTIMIZERS = "mg.Adam(model)  # optimizers are mg.SGD, mg.Adam, mg.AdamW, mg.RMSprop"
BINARY = "(mg.softplus(logits) - labels * logits).mean()  # of logits, before sigmoid"
SCHEDULE = "  # between steps; lstm.experiments.recipe has some"
BATCH = "x[0:32]  # a batch is an array: slice it, or index it by a permutation"
ROW = "mg.elementwise  # a row of the table: docs/do/add-an-op.md"
RECORDING = "mg.no_grad()  # outside it every Tensor is recorded"

CLIPPED = (
    "optimizer.step(mg.clip_by_global_norm(gradients, 1.0)[0])  # nothing is clipped "
    "in place: the clipped gradients are given to step"
)

PACKAGE: Table = {
    **dict.fromkeys(("tensor", "as_tensor", "from_numpy"), LEAF),
    "asarray": "mg.array([row[0], 0.0])  # of a list; a leaf is mg.Tensor(a)",
    **dict.fromkeys(("FloatTensor", "DoubleTensor"), LEAF),
    **dict.fromkeys(("Variable", "variable", "parameter"), PARAMETER),
    "np": "np.tanh(t)  # NumPy itself records on Tensors",
    "randn": "mg.Tensor(np.random.default_rng(0).standard_normal(shape))",
    "rand": "mg.Tensor(np.random.default_rng(0).random(shape))",
    **dict.fromkeys(("random", "seed", "manual_seed", "key"), RANDOM),
    **dict.fromkeys(("nn", "layers", "keras"), LAYERS),
    **dict.fromkeys(("F", "functional"), FUNCTIONS),
    "optim": OPTIMIZERS,
    "Linear": "mg.Dense(3, 2)",
    **dict.fromkeys(("Model", "Layer"), "mg.Module"),
    "ModuleList": "model.layers = [mg.Dense(3, 2)]  # a list is enough",
    "ModuleDict": "model.heads = {'a': mg.Dense(3, 2)}  # a dict is enough",
    **{f: f"from lstm import {f}" for f in ("LSTM", "LSTMCell", "GRUCell", "RNNCell")},
    **{f: f"from lstm import {f}" for f in ("Bidirectional", "Stack", "Recurrent")},
    "GRU": "from lstm import GRUCell, Recurrent",
    "RNN": "from lstm import RNNCell, Recurrent",
    "Embedding": "t[ids]  # rows of an mg.Parameter, by an array of integers",
    "Dropout": "from lstm.masks import variational  # a mask that a call is given",
    "leaky_relu": "mg.where(t > 0, t, 0.01 * t)",
    **dict.fromkeys(("mse_loss", "MSELoss", "mse"), "mg.squared_error(t, other)"),
    "CrossEntropyLoss": "mg.cross_entropy(logits, ids)",
    "nll_loss": "mg.cross_entropy(logits, ids)  # of logits, before log_softmax",
    **dict.fromkeys(("BCELoss", "BCEWithLogitsLoss"), BINARY),
    **dict.fromkeys(("binary_cross_entropy", "bce_loss"), BINARY),
    "binary_cross_entropy_with_logits": BINARY,
    "l1_loss": "abs(t - other).mean()",
    "clip_grad_norm_": CLIPPED,
    **dict.fromkeys(("autograd", "gradient", "gradients"), "mg.grad(loss, t)"),
    "GradientTape": "mg.grad(loss, t)  # every Tensor is recorded: no tape to open",
    "backward": "loss.backward()",
    "stop_gradient": "t.detach()",
    **dict.fromkeys(("gradcheck", "check_grads"), "mg.check_gradients(np.tanh, 0.5)"),
    **dict.fromkeys(("jacrev", "jacfwd"), "mg.jacobian(np.tanh)"),
    "elementwise_grad": "mg.grad(lambda x: np.tanh(x).sum())",
    **dict.fromkeys(("custom_vjp", "custom_jvp", "custom_gradient", "Function"), ROW),
    "vmap": "  # functions take batches, an example in each row",
    "jit": "  # what is computed is recorded as it runs",
    **dict.fromkeys(("inference_mode", "enable_grad", "set_grad_enabled"), RECORDING),
    "save": "model.save(path)",
    "load": "model.load(path)",
    **dict.fromkeys(("lr_scheduler", "StepLR", "CosineAnnealingLR"), RATE + SCHEDULE),
    **dict.fromkeys(("DataLoader", "Dataset", "TensorDataset", "data"), BATCH),
    "cat": "mg.concatenate([t, t])",
    "one_hot": "np.eye(3)[ids]",
    **{f: f"np.{f}" for f in ("float16", "float32", "float64", "newaxis", "pi", "inf")},
}
BETAS = "mg.Adam(model, betas=(0.9, 0.999))"
SPEED = "  # it would change the speed and no number"
CREATED = ("eye", "identity", "arange")

SYNONYMS = {
    "lr": "learning_rate",
    "eps": "epsilon",
    "argnums": "inputs",
    **dict.fromkeys(("min", "a_min"), "low"),
    **dict.fromkeys(("max", "a_max"), "high"),
}  # taken for what we say
WORDS = {
    **dict.fromkeys(("h", "hidden", "hx", "h_0"), "y"),
    **dict.fromkeys(("cell", "cx", "c_0"), "c"),
    **dict.fromkeys(("hidden_size", "units"), "m"),
    "batch_size": "batch",
    "argument": "argnums",
    "dim": "axis",
    "dims": "axes",
    "keepdim": "keepdims",
}
EVERY = "  # the page shows every step; mg.draw has a view, mg.derive a level"
SQUARES = "(t - other) ** 2  # squared_error is the mean of these; make any other"
WEIGHED = "(weights * (t - other) ** 2).mean()"
LOSSES = (
    "-mg.log_softmax(logits)[rows, ids]  # cross_entropy is the mean of these; rows is "
    "np.arange(len(ids))"
)
KEYWORDS: Table = {  # of one function, or of any
    **dict.fromkeys(("requires_grad", "trainable"), RECORDED),
    "Tensor.dtype": "mg.Tensor(np.asarray(array, dtype))",
    "Parameter.dtype": "mg.Parameter(np.asarray(array, dtype))",
    "device": ON_CPU,
    "backward.gradient": "y.backward(seed=np.ones(y.shape))",
    "draw.max_nodes": "mg.draw(y, fold=False)  # else it is folded to fit a page",
    "retain_graph": "  # the tape stays as long as the loss",
    "create_graph": "mg.grad(loss, t, record=True)",
    "allow_unused": "mg.grad(loss, [t, other])  # zeros for what has no part in it",
    "grad_outputs": "mg.grad(t, t, seed=np.ones(t.shape))",
    "set_to_none": "  # zero_grad() sets None",
    "closure": "optimizer.step()  # after loss.backward()",
    "maximize": "mg.grad(-loss, model.parameters())  # and minimise that",
    "has_aux": "mg.value_and_grad(lambda x: (x * x, x), has_aux=True)",
    "amsgrad": "mg.Adam(model)  # the largest second moment is not kept here",
    **dict.fromkeys(("foreach", "fused", "capturable"), SPEED),
    **dict.fromkeys(("b1", "b2", "beta_1", "beta_2"), BETAS),
    "rho": "mg.RMSprop(model, alpha=0.99)",
    **dict.fromkeys(("clipnorm", "global_clipnorm"), CLIPPED),
    **dict.fromkeys(("in_features", "out_features", "units"), "mg.Dense(n=3, m=2)"),
    **dict.fromkeys(
        ("bias", "use_bias"), "mg.matvec(W, x)  # a Dense always has its b"
    ),
    "strict": "model.load_state_dict({**model.state_dict(), **arrays})",
    **{f"squared_error.{word}": SQUARES for word in ("reduction", "size_average")},
    **{f"cross_entropy.{word}": LOSSES for word in ("reduction", "size_average")},
    **{f"squared_error.{word}": WEIGHED for word in ("weight", "sample_weight")},
    "cross_entropy.weight": "-(mg.log_softmax(logits)[rows, ids] * weights[ids]).sum() "
    "/ weights[ids].sum()  # rows is np.arange(len(ids))",
    "cross_entropy.ignore_index": "mg.cross_entropy(logits[ids != 9], ids[ids != 9])"
    "  # without the label 9",
    "cross_entropy.label_smoothing": "0.9 * mg.cross_entropy(logits, ids) - 0.1 * "
    "mg.log_softmax(logits).mean()  # smoothing 0.1",
    "cross_entropy.from_logits": "  # logits are what it takes: no softmax before it",
    "draw.level": "mg.draw(y, view='op')  # equations have a level: mg.derive(y)",
    "derive.view": "mg.derive(loss, level='op')  # pictures have a view: mg.draw(loss)",
    **dict.fromkeys(("explore.view", "explore.level"), EVERY),
    **dict.fromkeys(("prove.view", "prove.level"), "  # a proof is of every step"),
    "draw.wrt": "mg.draw(y, view='backward')  # the gradient of all leaves",
    "inplace": "  # a Tensor is never written into",
    "out": "t = mg.tanh(t)  # a Tensor is never written into",
    "norm_type": "mg.clip_by_global_norm(gradients, 1.0)  # the Euclidean norm",
}

WRITABLE = "t = t.copy()  # an array that can be written to; a Tensor cannot"
NORMAL = "np.linalg.solve(matrix.T @ matrix, matrix.T @ row)  # of independent columns"
SLOPES = "right to the first derivative, with "
PARTS_OF_IT = (
    "  # the real part; the imaginary part is another Tensor, with .imag: the "
    "transform of the identity is its matrix"
)
TWO_PARTS = "  # of real parts t and imaginary parts other"
BASIS = "np.eye(t.shape[-1])"
EACH_ENTRY = "(np.eye(t.size).reshape(-1, *t.shape), axes=(1, 2))"

NUMPY: Table = {  # functions that are not recorded
    **dict.fromkeys(("copyto", "fill_diagonal", "place", "put"), WRITABLE),
    **dict.fromkeys(("putmask", "put_along_axis", "add.at"), WRITABLE),
    **dict.fromkeys(("bitwise_and", "bitwise_or", "bitwise_xor", "invert"), INTEGERS),
    **dict.fromkeys(("left_shift", "right_shift", "bitwise_count"), INTEGERS),
    **dict.fromkeys(("gcd", "lcm"), INTEGERS),
    "ix_": "t[np.ix_(rows, columns)]  # an index is of plain whole numbers",
    "nextafter": "np.nextafter(t.data, np.inf)  # the next number that a computer has",
    "sort_complex": "np.sort(t)  # a Tensor is real",
    "lstsq": NORMAL,
    "polyfit": f"{NORMAL}, with matrix = np.vander(x, degree + 1)",
    "roots": "x - np.polyval(p, x) / np.polyval(np.polyder(p), x)  # Newton's step, "
    f"{SLOPES}x = np.roots(p.data)",
    "pinv": "t.T @ np.linalg.inv(t @ t.T)  # of independent rows",
    "qr": "np.linalg.cholesky(matrix.T @ matrix).T  # R, with a positive diagonal, of "
    "independent columns; Q is matrix @ np.linalg.inv(R)",
    **dict.fromkeys(
        ("eigh", "eigvalsh"),
        "((square @ v) * v).sum(axis=0)  # the eigenvalues, "
        f"{SLOPES}v = np.linalg.eigh(square.data)[1]",
    ),
    **dict.fromkeys(
        ("eig", "eigvals"),
        "np.diagonal(np.linalg.inv(v) @ square @ v)  # the eigenvalues, if they are "
        f"real, {SLOPES}v = np.linalg.eig(square.data)[1]",
    ),
    **dict.fromkeys(
        ("svd", "svdvals"),
        "((u.T @ t) * vt).sum(axis=1)  # the singular values, "
        f"{SLOPES}u, _, vt = np.linalg.svd(t.data, full_matrices=False)",
    ),
    **{
        name: f"t @ np.fft.{name}({BASIS}).real{PARTS_OF_IT}"
        for name in ("fft", "ifft", "rfft", "ihfft")
    },
    **{
        name: f"t @ np.fft.{name}({BASIS}) + other @ np.fft.{name}(1j * {BASIS})"
        f"{TWO_PARTS}"
        for name in ("irfft", "hfft")
    },
    **{
        name: f"np.tensordot(t.ravel(), np.fft.{name}{EACH_ENTRY}.real, 1){PARTS_OF_IT}"
        for name in ("fft2", "ifft2", "fftn", "ifftn", "rfft2", "rfftn")
    },
    **{
        name: f"np.tensordot(t.ravel(), np.fft.{name}{EACH_ENTRY}, 1)  # of real parts "
        "t; of imaginary parts likewise, with 1j * np.eye(t.size)"
        for name in ("irfft2", "irfftn")
    },
}

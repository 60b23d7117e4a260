// Reverse-mode differentiation in plain JavaScript: the tape of the page, run again.
//
// A step is one of three things, as in minigrad's table.
//   elementwise   y = f(a, b, ...), with a slope for each argument: `rows`, written by
//                 Python from the rows of the table
//   linear        y[k] += c a[i]: Python has asked the row for its coefficients
//   bilinear      y[k] += c a[i] b[j], linear in each argument: a matrix product
// Backward the same coefficients are walked from y to a, and every use of a value adds
// to its cotangent.
//
//   const run = MinigradTape(data)     data as tape_data.py writes it
//   run.forward()                      every value from the leaves
//   run.backward(output, seed)         every cotangent; by default of all outputs, and 1
//                                      in every entry
//   run.value(i), run.cotangent(i)     of step i, as Float64Array; null if nothing
//                                      depends on it, or it is not asked for
//   run.contribution(i, n)             what step i gives back to its n-th argument
//   run.set(i, entry, number)          change a leaf; forward() and backward() follow
//   run.step(rate)                     gradient descent: each Parameter -= rate * its
//                                      cotangent, then forward() and backward()
//   run.reset()                        the recorded numbers again
//   run.steps[i]                       {name, shape, leaf, parameter, op, args, kept}
//   run.flipped()                      steps that decide otherwise than was recorded
//
// A mask, a sign, the largest entry of a softmax are constants of the program that were
// decided: where the function says how, the question is asked again in each forward().
function MinigradTape(data, rows = MINIGRAD_ROWS) {
  const recorded = data.steps.map(step => Float64Array.from(step.value ?? [], Number));
  const steps = data.steps;
  const size = step => step.shape.reduce((n, m) => n * m, 1);
  const values = steps.map((step, i) =>
    step.op ? new Float64Array(size(step)) : recorded[i].slice());
  let cotangents = steps.map(() => null);
  let seeded = [];
  let only = null; // the argument that is given something back, if not all
  const receives = (arg, n) => steps[arg].active && (only === null || only === n);

  // Which entry of an argument meets entry k of the result, when axes are broadcast.
  function places(shape, result) {
    const found = new Int32Array(result.reduce((n, m) => n * m, 1));
    for (let k = 0; k < found.length; k++) {
      let rest = k, place = 0, stride = 1;
      for (let back = 1; back <= result.length; back++) {
        const n = result.at(-back), index = rest % n;
        rest = (rest - index) / n;
        if (back > shape.length) continue;
        if (shape.at(-back) > 1) place += index * stride;
        stride *= shape.at(-back);
      }
      found[k] = place;
    }
    return found;
  }
  const meets = steps.map(step => step.op && rows[step.op]
    ? step.args.map(arg => places(steps[arg].shape, step.shape)) : null);

  function elementwise(i) {
    const {op, args} = steps[i], y = values[i];
    for (let k = 0; k < y.length; k++)
      y[k] = rows[op].value(...args.map((arg, n) => values[arg][meets[i][n][k]]));
  }

  function elementwiseBack(i, g) {
    const {op, args} = steps[i], y = values[i];
    args.forEach((arg, n) => {
      if (!receives(arg, n)) return;
      const to = cotangent(arg), slope = rows[op].slopes[n];
      for (let k = 0; k < y.length; k++) {
        const numbers = args.map((each, m) => values[each][meets[i][m][k]]);
        to[meets[i][n][k]] += g[k] * slope(y[k], ...numbers);
      }
    });
  }

  // Terms are [k, n, i, c]: entry i of argument n, times c, goes to entry k.
  function linear(i) {
    const {args, terms} = branch(steps[i]), y = values[i].fill(0);
    for (const [k, n, entry, c] of terms) y[k] += c * values[args[n]][entry];
  }

  function linearBack(i, g) {
    const {args, terms} = branch(steps[i]);
    for (const [k, n, entry, c] of terms)
      if (receives(args[n], n)) cotangent(args[n])[entry] += c * g[k];
  }

  // Products are [k, i, j, c]: a[i] b[j], times c, goes to entry k.
  function bilinear(i) {
    const {args: [a, b], products} = steps[i], y = values[i].fill(0);
    for (const [k, p, q, c] of products) y[k] += c * values[a][p] * values[b][q];
  }

  function bilinearBack(i, g) {
    const {args: [a, b], products} = steps[i];
    if (receives(a, 0))
      for (const [k, p, q, c] of products) cotangent(a)[p] += c * g[k] * values[b][q];
    if (receives(b, 1))
      for (const [k, p, q, c] of products) cotangent(b)[q] += c * g[k] * values[a][p];
  }

  // A choice between two arguments: by a mask that is decided anew, or the recorded one.
  function branch(step) {
    if (!step.choices) return step;
    const terms = Array.from(values[step.mask], (yes, k) => step.choices[yes ? 0 : 1][k]);
    return {args: step.args, terms};
  }

  const COMPARED = {
    "<=": (a, b) => a <= b, "<": (a, b) => a < b, ">": (a, b) => a > b, sign: Math.sign,
  };
  const BETTER = {largest: (a, b) => a > b, smallest: (a, b) => a < b};

  function decide(i) {
    const {question, of, met, whole} = steps[i].decided;
    if (COMPARED[question]) {
      for (let k = 0; k < values[i].length; k++)
        values[i][k] = COMPARED[question](...of.map((step, n) => values[step][met[n][k]]));
      return;
    }
    const x = values[of[0]], best = [];
    met[0].forEach((group, k) => {
      if (!(group in best) || BETTER[question](x[k], x[best[group]])) best[group] = k;
    });
    if (whole) values[i].fill(0);
    best.forEach((k, group) => {
      if (whole) values[i][k] = 1; // of equals the first
      else values[i][group] = Number.isFinite(x[k]) ? x[k] : 0;
    });
  }

  const decided = steps.map(() => []); // what can be decided after each step
  steps.forEach((step, i) => { if (step.decided) decided[step.decided.after].push(i); });
  const turned = (i) => steps[i]?.decided && values[i].some((x, k) => x !== recorded[i][k]);

  const KINDS = {
    elementwise: [elementwise, elementwiseBack],
    linear: [linear, linearBack],
    bilinear: [bilinear, bilinearBack],
  };

  function cotangent(i) {
    return cotangents[i] ??= new Float64Array(values[i].length);
  }

  const run = {
    steps,
    value: i => values[i],
    cotangent: i => cotangents[i],
    forward() {
      steps.forEach((step, i) => {
        if (step.op) KINDS[step.kind][0](i);
        decided[i].forEach(decide);
      });
    },
    backward(output = null, seed = null) {
      seeded = [output, seed];
      cotangents = steps.map(() => null);
      const outputs = output === null ? data.outputs : [output];
      for (const each of outputs)
        cotangent(each).forEach((bar, k, to) => { to[k] = bar + (seed ? seed[k] : 1); });
      for (let i = Math.max(...outputs); i >= 0; i--)
        if (steps[i].op && cotangents[i]) KINDS[steps[i].kind][1](i, cotangents[i]);
    },
    contribution(i, n) {
      const kept = cotangents, arg = steps[i].args[n];
      cotangents = steps.map(() => null);
      only = n;
      if (kept[i]) KINDS[steps[i].kind][1](i, kept[i]);
      const found = cotangent(arg);
      cotangents = kept;
      only = null;
      return found;
    },
    set(i, entry, number) { values[i][entry] = number; },
    step(rate) {
      steps.forEach((step, i) => {
        if (!step.parameter || !cotangents[i]) return;
        cotangents[i].forEach((bar, k) => { values[i][k] -= rate * bar; });
      });
      run.forward();
      run.backward(...seeded);
    },
    reset() {
      steps.forEach((step, i) => { if (!step.op) values[i].set(recorded[i]); });
      run.forward();
      run.backward(...seeded);
    },
    flipped: () => steps.flatMap((step, i) => [step.mask, ...step.args ?? []].some(turned) ? [i] : []),
  };
  return run;
}

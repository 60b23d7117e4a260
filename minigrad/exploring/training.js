// Change a number, and everything follows: the loss, all gradients, panels and colours.
// Gradient descent is a step of that; the numbers after each are kept, so that training
// can be walked back and forth.

const form = one("#change");
const field = (name) => one(`[name=${name}]`, form);
const leaves = run ? [...run.steps.keys()].filter((k) => run.steps[k].leaf) : [];
const total = () => tape.outputs.reduce(
  (sum, k) => run.value(k).reduce((a, b) => a + b, sum), 0);
let path = []; // the leaves before training and after each step
let trained = 0;
let first = 0; // the recorded loss

const snapshot = () => leaves.map((k) => run.value(k).slice());
const restore = (numbers) => leaves.forEach(
  (k, n) => numbers[n].forEach((x, entry) => run.set(k, entry, x)));

// Everything that shows a number follows.
function changed() {
  run.forward();
  run.backward();
  document.body.classList.toggle("moved", moved);
  refresh(article());
  paint();
  sayNumbers();
}

function sayNumbers() {
  const loss = total();
  const name = tape.outputs.length === 1 && run.steps[tape.outputs[0]].shape.length === 0
    ? run.steps[tape.outputs[0]].name : "sum of the outputs";
  one(".loss", form).textContent = moved
    ? `${name} = ${written(loss)}, recorded ${written(first)}` : `${name} = ${written(loss)}, as recorded`;
  field("trained").value = trained;
  one(".steps-done", form).textContent = trained === 1 ? "1 step" : `${trained} steps`;
  one("[data-go=reset]").disabled = !moved;
  const [k, entry] = chosen();
  const x = run.value(k)[entry];
  if (document.activeElement !== field("number")) field("number").value = Number(x.toPrecision(6));
  field("dial").value = x;
  field("dial").setAttribute("aria-valuetext", `${entryName(k, entry)} = ${written(x)}`);
}

// ------------------------------------------------------------------------- which number

const chosen = () => [Number(field("leaf").value), Number(field("entry").value)];

function entryName(k, entry) {
  const { name, shape } = run.steps[k];
  const index = [];
  for (const n of [...shape].reverse()) {
    index.unshift((entry % n) + 1);
    entry = Math.floor(entry / n);
  }
  return index.length ? `${name}[${index}]` : name;
}

function pick(k, entry = 0) {
  field("leaf").value = k;
  field("entry").replaceChildren(...Array.from(run.value(k), (_, at) =>
    new Option(entryName(k, at).slice(run.steps[k].name.length) || "its number", at)));
  field("entry").value = entry;
  field("entry").hidden = run.value(k).length === 1;
  around();
  sayNumbers();
}

// The slider reaches as far to both sides as the number is large.
function around() {
  const [k, entry] = chosen();
  const x = run.value(k)[entry];
  const reach = Number(Math.max(2, 2 * Math.abs(x)).toPrecision(1));
  Object.assign(field("dial"), { min: -reach, max: reach, step: reach / 200 });
  field("dial").value = x;
}

function set(k, entry, x) {
  if (!Number.isFinite(x)) return;
  moved = true;
  run.set(k, entry, x);
  path = [snapshot()];
  trained = 0;
  changed();
}

// ----------------------------------------------------------------------------- training

function train(to) {
  while (path.length <= to) {
    restore(path.at(-1));
    run.forward();
    run.backward();
    run.step(Number(field("rate").value) || 0);
    path.push(snapshot());
  }
  trained = to;
  if (to > Number(field("trained").max)) field("trained").max = to;
  moved = moved || to > 0;
  restore(path[to]);
  if (path[0].every((numbers, n) => numbers.every((x, k) => Object.is(x, begun[n][k]))))
    moved = to > 0;
  changed();
}

function reset() {
  moved = false;
  run.reset();
  path = [snapshot()];
  trained = 0;
  changed();
  around();
}

// ----------------------------------------------------------------------------- controls

let begun = []; // the recorded leaves

function startTraining() {
  if (!run) {
    one(".why", form).textContent = tape.why;
    one("summary", form).textContent = "Change a number";
    form.open = true;
    one(".moves", form).hidden = true;
    return;
  }
  one(".why", form).textContent = tape.remarks.join(" ");
  begun = snapshot();
  path = [begun];
  first = total();
  const order = [...leaves].sort((a, b) => run.steps[b].parameter - run.steps[a].parameter);
  field("leaf").replaceChildren(...order.map((k) => new Option(run.steps[k].name, k)));
  field("leaf").addEventListener("change", () => pick(Number(field("leaf").value)));
  field("entry").addEventListener("change", () => { around(); sayNumbers(); });
  field("dial").addEventListener("input", () => set(...chosen(), Number(field("dial").value)));
  field("number").addEventListener("input", () => {
    if (field("number").value !== "") set(...chosen(), Number(field("number").value));
  });
  field("number").addEventListener("change", around);
  field("trained").addEventListener("input", () => train(Number(field("trained").value)));
  field("rate").addEventListener("input", () => { path = path.slice(0, trained + 1); });
  Object.assign(actions, { step: () => train(trained + 1), reset });
  if (!leaves.some((k) => run.steps[k].parameter)) {
    for (const each of all(".descent :is(button, input)", form)) each.disabled = true;
    one(".why", form).append(" There is no Parameter to train.");
  }
  for (const k of leaves) if (articleOf.has(k)) draggable(articleOf.get(k), k);
  pick(order[0]);
}

// The numbers in a leaf's own table can be dragged to the left and right.
function draggable(from, k) {
  const table = one(`table[data-of=v${k}]`, from);
  for (const cell of all("[data-at]", table ?? document.createElement("p"))) {
    cell.classList.add("drag");
    let start = null;
    cell.addEventListener("pointerdown", (event) => {
      const entry = Number(cell.dataset.at);
      pick(k, entry);
      start = { x: event.clientX, value: run.value(k)[entry] };
      cell.setPointerCapture(event.pointerId);
    });
    cell.addEventListener("pointermove", (event) => {
      if (!start || !event.buttons || event.clientX === start.x) return;
      const unit = Number(field("dial").max) / 200;
      set(k, Number(cell.dataset.at), start.value + (event.clientX - start.x) * unit);
    });
    cell.addEventListener("pointerup", () => { start = null; around(); });
  }
}

// --------------------------------------------------------------------------------- begin

// What is walked to is shown by all: panels, picture, colours.
function follow() {
  hush();
  refresh(article());
  markPicture();
  paint();
  const k = position();
  if (run && run.steps[k].leaf && chosen()[0] !== k) pick(k);
}

startWalking();
startNumbers();
startTraining();
startPictures();
show(placeOf(location.hash) ?? 0);
if (placeOf(location.hash) !== null) window.scrollTo(0, 0);

// The numbers: values and cotangents in tables, in equations, and as colours of nodes.
// Unless something was changed they are those of the record; else engine.js has run.
//
//   data-of="v12"     the value of step 12          data-of="c12"    its cotangent
//   data-of="u30-1"   what step 30 gives back to its argument 1
//   data-at="3"       which entry

const tape = parsed("tape");
const run = tape.steps ? MinigradTape(tape) : null;
const recorded = new Map(); // of elements that say other numbers now
let moved = false; // are the numbers other than the recorded ones?
let tint = "none";

function numbersOf(source) {
  const [k, argument] = source.slice(1).split("-").map(Number);
  if (source[0] === "v") return run.value(k);
  if (source[0] === "c") return run.cotangent(k) ?? new Float64Array(run.value(k).length);
  return run.contribution(k, argument);
}

// Four digits, as Python writes them: 0.3333, 2, 1e-09.
function written(x) {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "−inf";
  if (x === 0) return "0";
  const [digits, exponent] = x.toExponential(3).split("e");
  const e = Number(exponent);
  const text = e < -4 || e >= 4
    ? `${Number(digits)}e${e < 0 ? "-" : "+"}${String(Math.abs(e)).padStart(2, "0")}`
    : String(Number(x.toPrecision(4)));
  return text.replaceAll("-", "−");
}

// Write the present numbers into what a step says.
function refresh(from) {
  const turned = moved && run.flipped().includes(Number(from.dataset.position));
  from.classList.toggle("other", turned);
  for (const each of all("[data-of]", from)) {
    const numbers = moved ? numbersOf(each.dataset.of) : null;
    if (!each.matches("table")) say(each, numbers, bracketed);
    else {
      const scale = numbers && Math.max(...Array.from(numbers, Math.abs).filter(Number.isFinite), 0);
      for (const cell of all("[data-at]", each)) say(cell, numbers, written, scale);
    }
  }
}

const LOOKS = ["title", "style", "class"];

function say(element, numbers, write, scale) {
  if (!numbers) return restoreRecorded(element);
  if (!recorded.has(element)) {
    const looks = LOOKS.map((name) => [name, element.getAttribute(name)]);
    recorded.set(element, { text: element.textContent, looks });
  }
  const x = numbers[Number(element.dataset.at)];
  element.textContent = write(x, element);
  if (scale === undefined) return;
  const { classList } = element;
  element.title = String(x);
  for (const [look, holds] of Object.entries({ minus: x < 0, plus: x >= 0, odd: !Number.isFinite(x) }))
    classList.toggle(look, holds && (look === "odd" || Number.isFinite(x)));
  element.style.setProperty("--heat", scale ? (Math.abs(x) / scale).toFixed(2) : "0");
}

function restoreRecorded(element) {
  const was = recorded.get(element);
  if (!was) return;
  element.textContent = was.text;
  for (const [name, look] of was.looks)
    if (look === null) element.removeAttribute(name);
    else element.setAttribute(name, look);
}

// In an equation a number that became negative needs brackets, unless it has some.
function bracketed(x, element) {
  const alone = element.parentElement.localName === "mtd" || recorded.get(element).text[0] === "−";
  const after = element.previousElementSibling?.textContent;
  return x < 0 && !alone && after && after !== "=" ? `(${written(x)})` : written(x);
}

// ------------------------------------------------------------------------------ colours

// Of an array the entry of largest magnitude, with its sign.
function largest(position, kind) {
  const from = articleOf.get(position);
  const known = from?.dataset[kind];
  if (!run) return known === undefined ? null : Number(known);
  if (from && known === undefined) return null; // nobody asked for this cotangent
  const numbers = kind === "value" ? run.value(position) : run.cotangent(position);
  if (!numbers) return null;
  return Array.from(numbers).reduce((a, b) => (Math.abs(b) > Math.abs(a) || Number.isNaN(b) ? b : a), 0);
}

function paint() {
  const key = one(".key");
  if (!key) return;
  key.hidden = tint === "none";
  frame().classList.toggle("tinted", tint !== "none");
  if (tint === "none") return;
  const known = run ? [...run.steps.keys()].filter((k) => run.steps[k].op || run.steps[k].leaf)
    : [...articleOf.keys()]; // no constants of the program
  const everywhere = known
    .map((k) => Math.abs(largest(k, tint) ?? 0))
    .filter((x) => x > 0 && Number.isFinite(x));
  const top = Math.max(...everywhere), low = Math.max(Math.min(...everywhere), top * 1e-8);
  const decades = Math.max(Math.log10(top / low), 1);
  for (const node of all(".node", frame())) {
    const x = largest(numberOf(node), tint);
    const strength = x ? Math.min(Math.max(1 + Math.log10(Math.abs(x) / top) / decades, 0), 1) : 0;
    node.classList.toggle("plus", x > 0);
    node.classList.toggle("minus", x < 0);
    node.classList.toggle("zero", x === 0);
    node.classList.toggle("unknown", x === null);
    node.classList.toggle("odd", x !== null && !Number.isFinite(x));
    node.style.setProperty("--heat", (0.08 + 0.92 * strength).toFixed(2));
  }
  const what = tint === "value" ? "values" : "cotangents";
  one(".scale", key).textContent = everywhere.length
    ? `strongest at ${written(top)}, palest at ${written(low)}${low > Math.min(...everywhere) ? " or less" : ""}`
    : "all are zero";
  one(".what", key).textContent = `The ${what}, of an array its largest entry, on a scale of powers of ten:`;
}

function startNumbers() {
  for (const choice of all("[name=tint]"))
    choice.addEventListener("change", () => {
      tint = choice.value;
      paint();
    });
  if (!run) return;
  run.forward();
  run.backward();
  run.steps.forEach((step, k) => {
    if (!articleOf.has(k)) return;
    const say = (kind, words) => one(".where", articleOf.get(k)).insertAdjacentHTML("afterend",
      `<p class="label ${kind}">${words}</p>`);
    if (step.kept) say("kept", "This step keeps the recorded branch, whatever the numbers.");
    if (step.op) say("turned", "With these numbers it is decided otherwise than was recorded: the equations are of the record.");
  });
}

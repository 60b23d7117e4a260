// One step at a time. Everything is in the page already: this only chooses what is seen.
"use strict";

const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const one = (selector, within = document) => within.querySelector(selector);

const articles = all("article.step");
const count = articles.length;
const slider = one(".slider input");
const turn = one("[data-go=turn]");
const help = one("#help");
const status = one(".here");

// A place in the walk: 0 ... count-1 forward, then count ... 2 count-1 backward.
let place = 0;
let state = 0; // of the picture: open, gates closed, time steps closed

const isBackward = (at) => at >= count;
const article = (at) => articles[isBackward(at) ? 2 * count - 1 - at : at];
const direction = (at) => (isBackward(at) ? "backward" : "forward");
const fragment = (at) => `#${direction(at)}-${article(at).dataset.position}`;

function placeOf(hash) {
  const found = /^#(forward|backward)-(\d+)$/.exec(hash);
  const k = found ? articles.findIndex((a) => a.dataset.position === found[2]) : -1;
  if (k < 0) return null;
  return found[1] === "forward" ? k : 2 * count - 1 - k;
}

function show(at, { focus = false } = {}) {
  place = Math.min(Math.max(at, 0), 2 * count - 1);
  const now = article(place);
  const way = direction(place);
  for (const each of articles) each.hidden = each !== now;
  document.body.dataset.way = way;
  turn.setAttribute("aria-pressed", String(isBackward(place)));
  slider.value = place;
  const said = now.dataset[way];
  slider.setAttribute("aria-valuetext", said);
  status.textContent = said;
  for (const each of all("[data-go=first], [data-go=back]")) each.disabled = place === 0;
  for (const each of all("[data-go=on], [data-go=last]"))
    each.disabled = place === 2 * count - 1;
  markOutline(now, way);
  markPicture(now, way);
  const lost = document.activeElement;
  if (focus || lost?.closest("article[hidden]") || lost?.disabled)
    one("h3", now).focus({ preventScroll: !focus });
}

function go(at) {
  show(at);
  history.replaceState(null, "", fragment(place));
}

// ------------------------------------------------------------------ outline and picture

function markOutline(now, way) {
  for (const link of all("nav a")) {
    const mine = link.dataset.position === now.dataset.position;
    link.hash = `${way}-${link.dataset.position}`;
    if (mine) link.setAttribute("aria-current", "step");
    else link.removeAttribute("aria-current");
    if (mine) reveal(link);
  }
}

function reveal(link) {
  for (const each of all("nav .inside")) each.classList.remove("inside");
  let shown = link;
  for (let up = link.closest("details"); up; up = up.parentElement.closest("details"))
    if (!up.open) shown = one("summary", up);
  shown.classList.add("inside");
  const nav = one("nav");
  const offset = shown.getBoundingClientRect().top - nav.getBoundingClientRect().top;
  if (offset < 0 || offset > nav.clientHeight - 30)
    nav.scrollTop += offset - nav.clientHeight / 2;
}

function markPicture(now, way) {
  const backward = way === "backward";
  const position = Number(now.dataset.position);
  const split = (text) => (text ? text.split(" ") : []);
  for (const [k, frame] of all(".state").entries()) {
    frame.hidden = k !== state;
    if (k !== state) continue;
    const at = (p) => split(steps.get(String(p))?.dataset.nodes)[k];
    const mine = split(now.dataset.nodes)[k];
    const near = new Set(split(now.dataset[backward ? "users" : "args"]).map(at));
    near.delete(mine);
    for (const node of all(".node", frame)) {
      const id = node.dataset.node;
      const first = Number(id.slice(1));
      node.classList.toggle("now", id === mine);
      node.classList.toggle("near", near.has(id));
      node.classList.toggle("later", !backward && first > position && id !== mine);
      node.classList.toggle("back", backward && (first >= position || id === mine));
    }
    for (const edge of all(".edge", frame)) {
      const { tail, head } = edge.dataset;
      const on = backward ? tail === mine : head === mine;
      edge.classList.toggle("now", on);
      const late = Number(head.slice(1)) > position && head !== mine;
      edge.classList.toggle("later", !backward && late);
    }
    bringIntoView(frame, one(".node.now", frame));
  }
}

function bringIntoView(frame, node) {
  if (!node) return;
  const box = node.getBoundingClientRect();
  const room = frame.getBoundingClientRect();
  frame.scrollLeft += box.left + box.width / 2 - room.left - room.width / 2;
  frame.scrollTop += box.top + box.height / 2 - room.top - room.height / 2;
}

function close(which) {
  const choices = all("[name=state]");
  if (!choices.length) return;
  state = which % choices.length;
  choices[state].checked = true;
  const name = choices[state].value;
  const gates = name !== "every step";
  for (const each of all("nav details.gate")) each.open = !gates;
  for (const each of all("nav details.time")) each.open = name !== "time steps closed";
  show(place);
}

// ----------------------------------------------------------------------------- controls

const actions = {
  first: () => go(0),
  back: () => go(place - 1),
  on: () => go(place + 1),
  last: () => go(2 * count - 1),
  turn: () => go(2 * count - 1 - place),
  close: () => close(state + 1),
  help: () => {
    help.hidden = !help.hidden;
    one("[data-go=help]").setAttribute("aria-expanded", String(!help.hidden));
    if (!help.hidden) help.scrollIntoView({ block: "nearest" });
  },
};
const keys = {
  ArrowRight: "on", ArrowLeft: "back", Home: "first", End: "last",
  b: "turn", c: "close", "?": "help",
};

const steps = new Map(articles.map((each) => [each.dataset.position, each]));

// A slider, and what scrolls, has its own use for arrows.
function keepsKeys(element) {
  if (element === document.body || element === document.documentElement) return false;
  const scrolls = element.scrollWidth > element.clientWidth + 1;
  return element.matches("input") || (scrolls && element.clientWidth > 0);
}

document.addEventListener("keydown", (event) => {
  const action = keys[event.key];
  if (!action || (event.key.length > 1 && keepsKeys(event.target)) || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  actions[action]();
});
for (const button of all("[data-go]"))
  button.addEventListener("click", actions[button.dataset.go]);
slider.addEventListener("input", () => go(Number(slider.value)));
for (const [k, choice] of all("[name=state]").entries())
  choice.addEventListener("change", () => close(k));
for (const frame of all(".state"))
  frame.addEventListener("click", (event) => {
    const node = event.target.closest(".node");
    if (!node) return;
    const way = isBackward(place) ? "backward" : "forward";
    const to = placeOf(`#${way}-${node.dataset.node.slice(1)}`);
    if (to !== null) go(to);
  });
window.addEventListener("hashchange", () => {
  const at = placeOf(location.hash);
  if (at !== null) show(at, { focus: true });
});

document.documentElement.classList.add("script");
// A fragment chooses a step here; without a target the browser scrolls nowhere.
for (const half of all(".way")) half.removeAttribute("id");
one(".controls").hidden = false;
for (const each of all(".choice")) each.hidden = false;
slider.max = 2 * count - 1;
show(placeOf(location.hash) ?? 0);
if (placeOf(location.hash) !== null) window.scrollTo(0, 0);

// The walk: forward through the tape, then backward, one step at a time. Everything is in
// the page already; this chooses what is seen, and tells the other files (`follow`).
"use strict";

const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const one = (selector, within = document) => within.querySelector(selector);
const parsed = (id) => JSON.parse(document.getElementById(id).textContent);

const articles = all("article.step");
const articleOf = new Map(articles.map((each) => [Number(each.dataset.position), each]));
const count = articles.length;
const slider = one(".slider input");
const turn = one("[data-go=turn]");
const help = one("#help");
const status = one(".here");
const speed = one("[name=speed]");

// A place in the walk: 0 ... count-1 forward, then count ... 2 count-1 backward.
let place = 0;

const isBackward = (at = place) => at >= count;
const article = (at = place) => articles[isBackward(at) ? 2 * count - 1 - at : at];
const direction = (at = place) => (isBackward(at) ? "backward" : "forward");
const position = () => Number(article().dataset.position);
const fragment = (at) => `#${direction(at)}-${article(at).dataset.position}`;

function placeOf(hash) {
  const found = /^#(forward|backward)-(\d+)$/.exec(hash);
  const k = found ? articles.indexOf(articleOf.get(Number(found[2]))) : -1;
  if (k < 0) return null;
  return found[1] === "forward" ? k : 2 * count - 1 - k;
}

function show(at, { focus = false } = {}) {
  place = Math.min(Math.max(at, 0), 2 * count - 1);
  const now = article();
  const way = direction();
  for (const each of articles) each.hidden = each !== now;
  document.body.dataset.way = way;
  turn.setAttribute("aria-pressed", String(isBackward()));
  slider.value = place;
  const said = now.dataset[way];
  slider.setAttribute("aria-valuetext", said);
  status.textContent = said;
  for (const each of all("[data-go=first], [data-go=back]")) each.disabled = place === 0;
  for (const each of all("[data-go=on], [data-go=last]"))
    each.disabled = place === 2 * count - 1;
  markOutline(now, way);
  const lost = document.activeElement;
  const onNode = lost?.closest?.(".node");
  follow();
  if (onNode) one(".state:not([hidden]) .node.now")?.focus({ preventScroll: true });
  else if (focus || lost?.closest("article[hidden]") || lost?.disabled)
    one("h3", now).focus({ preventScroll: !focus });
}

function go(at) {
  show(at);
  history.replaceState(null, "", fragment(place));
}

// A cotangent leads to the way back.
function goTo(position, back = false) {
  const to = placeOf(`#${back ? "backward" : direction()}-${position}`);
  if (to !== null) go(to);
}

// ----------------------------------------------------------------------------- outline

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

// -------------------------------------------------------------------------------- play

let timer = null;

function play() {
  if (timer !== null) return pause();
  if (place === 2 * count - 1) go(0);
  const next = () => {
    go(place + 1);
    if (place === 2 * count - 1) pause();
    else timer = setTimeout(next, 1000 / Number(speed.value));
  };
  timer = setTimeout(next, 1000 / Number(speed.value));
  sayPlaying();
}

function pause() {
  clearTimeout(timer);
  timer = null;
  sayPlaying();
}

function sayPlaying() {
  const button = one("[data-go=play]");
  const playing = timer !== null;
  button.setAttribute("aria-pressed", String(playing));
  one(".sign", button).textContent = playing ? "❚❚" : "▶";
  one(".word", button).textContent = playing ? " Pause" : " Play";
  status.setAttribute("aria-live", playing ? "off" : "polite"); // no flood of words
}

// ----------------------------------------------------------------------------- controls

const actions = {
  first: () => go(0),
  back: () => go(place - 1),
  on: () => go(place + 1),
  last: () => go(2 * count - 1),
  turn: () => go(2 * count - 1 - place),
  play,
  view: () => choose(view + 1),
  in: () => zoomBy(1.25),
  out: () => zoomBy(0.8),
  fit: () => fit(),
  help: () => {
    help.hidden = !help.hidden;
    one("[data-go=help]").setAttribute("aria-expanded", String(!help.hidden));
    if (!help.hidden) help.scrollIntoView({ block: "nearest" });
  },
};
const keys = {
  ArrowRight: "on", ArrowLeft: "back", Home: "first", End: "last", b: "turn", p: "play",
  c: "view", "+": "in", "-": "out", "0": "fit", "?": "help",
};

// A slider, and what scrolls, has its own use for arrows; what is typed into, for all keys.
function keepsKeys(element, key) {
  if (element === document.body || element === document.documentElement) return false;
  if (element.matches("select, input[type=number]")) return true;
  if (key.length === 1) return false;
  const scrolls = element.scrollWidth > element.clientWidth + 1;
  return element.matches("input") || (scrolls && element.clientWidth > 0);
}

function startWalking() {
  document.addEventListener("keydown", (event) => {
    const action = keys[event.key];
    if (!action || event.ctrlKey || event.altKey || event.metaKey) return;
    if (keepsKeys(event.target, event.key)) return;
    event.preventDefault();
    actions[action]();
  });
  for (const button of all("[data-go]"))
    button.addEventListener("click", () => actions[button.dataset.go]());
  slider.addEventListener("input", () => go(Number(slider.value)));
  window.addEventListener("hashchange", () => {
    const at = placeOf(location.hash);
    if (at !== null) show(at, { focus: true });
  });
  document.documentElement.classList.add("script");
  // A fragment chooses a step here; without a target the browser scrolls nowhere.
  for (const half of all(".way")) half.removeAttribute("id");
  for (const each of all(".needs-script")) each.hidden = false;
  slider.max = 2 * count - 1;
}

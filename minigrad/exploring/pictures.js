// The pictures: which one is seen, what is lit in it, how large it is, what a node says.
// `views[k].held` says for each node which steps stand there: [[time, positions], ...];
// a picture of one time step that stands for all has a pair for every time.

const views = parsed("views");
const frames = all(".state");
const tip = one("#tip");
let view = 0;
let time = null; // of the step walked to, in a picture of one time step

const frame = () => frames[view];
const held = (id, t = time) => {
  const pairs = views[view].held[id] ?? [];
  return (pairs.find((pair) => pair[0] === t) ?? pairs.find((pair) => pair[0] === null) ?? pairs[0])?.[1] ?? [];
};
const isBack = (id) => views[view].back.includes(id); // a cotangent
const numberOf = (node) => held(node.dataset.node).at(-1);

// The time that shows a step: where it was made, before it came in anywhere.
function timeOf(position) {
  const times = Object.values(views[view].held).flat()
    .filter((pair) => pair[1].includes(position)).map(([t]) => t ?? Infinity);
  return times.length ? Math.min(...times) : null;
}

const near = (position, way) =>
  (articleOf.get(position)?.dataset[way === "backward" ? "users" : "args"] || "")
    .split(" ").filter(Boolean).map(Number);

function markPicture() {
  if (!views.length) return;
  const now = position();
  const way = direction();
  const backward = isBackward();
  const at = timeOf(now);
  const drawn = Object.values(views[view].held).find(([[t]]) => t !== null)?.[0][0] ?? null;
  time = Number.isFinite(at ?? NaN) ? at : time ?? drawn;
  const nodes = all(".node", frame());
  const first = new Map(nodes.map(({ dataset: { node } }) => [node, entered(node)]));
  const there = nodes.map((n) => n.dataset.node).filter((id) => held(id).includes(now));
  const mine = new Set(there.filter((id) => !views[view].back.length || isBack(id) === backward));
  const reads = near(now, way);
  const bars = (id) => !views[view].back.length || isBack(id);
  const later = (id) => (isBack(id) ? !backward || first.get(id) < now : !backward && first.get(id) > now);
  for (const node of nodes) {
    const id = node.dataset.node;
    const on = mine.has(id);
    node.classList.toggle("now", on);
    node.classList.toggle("near", !on && held(id).some((k) => reads.includes(k)));
    node.classList.toggle("later", !on && later(id));
    node.classList.toggle("back", backward && bars(id) && (first.get(id) > now || on));
    node.tabIndex = -1;
  }
  for (const edge of all(".edge", frame())) {
    const { tail, head } = edge.dataset;
    edge.classList.toggle("now", mine.has(backward ? tail : head));
    edge.classList.toggle("later", !mine.has(isBack(head) ? tail : head) && later(isBack(head) ? tail : head));
  }
  const lit = one(".node.now", frame());
  if (lit) lit.tabIndex = 0;
  const of = time !== drawn && /cotangents|dense|neuron/.test(views[view].name) ? `, in a picture of t = ${drawn}` : "";
  const which = time === null ? "" : `Time step t = ${time}${of}. `;
  one(".which").textContent = lit ? which : `${which}Step ${now} is not in this picture. `;
  bringIntoView();
}

// When a node came to be: its first step, but for the weights inside it.
function entered(id) {
  const steps = held(id);
  const made = steps.filter((k) => !articleOf.get(k)?.dataset.leaf);
  return Math.min(...(made.length ? made : steps));
}

// --------------------------------------------------------------------- one of the views

function choose(which) {
  if (!views.length) return;
  view = which % views.length;
  time = null;
  all("[name=view]")[view].checked = true;
  for (const [k, each] of frames.entries()) each.hidden = k !== view;
  if (!zooms[view]) zoomTo(opening());
  show(place);
}

// ------------------------------------------------------------------- size and the place

const LEAST = 0.2, MOST = 4;
const zooms = []; // of each picture; 1 is as large as it was drawn

function natural() {
  const { width, height } = one("svg", frame()).viewBox.baseVal;
  return { width: (width * 4) / 3, height: (height * 4) / 3 }; // points in pixels
}

function fitting() {
  const { width, height } = natural();
  const most = parseFloat(getComputedStyle(frame()).maxHeight);
  return Math.min((frame().clientWidth - 2) / width, (most - 4) / height);
}

// All of it, or its whole width, if words can be read then.
function opening() {
  const wide = (frame().clientWidth - 20) / natural().width;
  const readable = [fitting(), wide].find((zoom) => zoom >= 0.5) ?? 0.85;
  return Math.min(readable, 1.1);
}

// Keep the point (x, y) of the frame where it is.
function zoomTo(zoom, x = frame().clientWidth / 2, y = frame().clientHeight / 2) {
  const before = zooms[view] ?? 1;
  const after = Math.min(Math.max(zoom, LEAST), MOST);
  const { scrollLeft, scrollTop } = frame();
  zooms[view] = after;
  const svg = one("svg", frame());
  svg.style.width = `${natural().width * after}px`;
  svg.style.height = `${natural().height * after}px`;
  frame().scrollLeft = ((scrollLeft + x) * after) / before - x;
  frame().scrollTop = ((scrollTop + y) * after) / before - y;
  one(".percent").textContent = `${Math.round(after * 100)} %`;
  drawOverview();
}

function zoomBy(factor) {
  if (!views.length) return;
  zoomTo(zooms[view] * factor);
  bringIntoView();
}

function fit() {
  if (views.length) zoomTo(fitting());
}

function bringIntoView() {
  const node = one(".node.now", frame());
  if (node) {
    const box = node.getBoundingClientRect();
    const room = frame().getBoundingClientRect();
    frame().scrollLeft += box.left + box.width / 2 - room.left - room.width / 2;
    frame().scrollTop += box.top + box.height / 2 - room.top - room.height / 2;
  }
  one(".percent").textContent = `${Math.round(zooms[view] * 100)} %`;
  drawOverview();
}

// The whole picture, small, with a frame around what is seen of it.
function drawOverview() {
  const overview = one(".overview");
  const { clientWidth, clientHeight, scrollWidth, scrollHeight, scrollLeft, scrollTop } = frame();
  const hidden = scrollWidth <= clientWidth * 1.2 && scrollHeight <= clientHeight * 1.2;
  overview.hidden = hidden;
  if (hidden) return;
  if (overview.dataset.view !== String(view)) {
    const copy = one("svg", frame()).cloneNode(true);
    copy.removeAttribute("style");
    copy.removeAttribute("role");
    for (const each of all(".node, .edge", copy)) each.removeAttribute("class");
    for (const each of all("[tabindex]", copy)) each.removeAttribute("tabindex");
    one(".whole").replaceChildren(copy);
    overview.dataset.view = view;
  }
  const scale = Math.min(overview.parentElement.clientWidth * 0.3 / scrollWidth, 90 / scrollHeight);
  overview.style.width = `${scrollWidth * scale}px`;
  overview.style.height = `${scrollHeight * scale}px`;
  Object.assign(one(".window").style, {
    left: `${scrollLeft * scale}px`, top: `${scrollTop * scale}px`,
    width: `${Math.min(clientWidth, scrollWidth) * scale}px`,
    height: `${Math.min(clientHeight, scrollHeight) * scale}px`,
  });
  const node = one(".node.now", frame())?.getBoundingClientRect();
  overview.classList.remove("aside");
  const own = overview.getBoundingClientRect();
  if (node && node.right > own.left && node.bottom > own.top && node.left < own.right && node.top < own.bottom)
    overview.classList.add("aside");
}

function lookAt(event) {
  const { left, top, width, height } = one(".overview").getBoundingClientRect();
  const { scrollWidth, scrollHeight, clientWidth, clientHeight } = frame();
  frame().scrollLeft = ((event.clientX - left) / width) * scrollWidth - clientWidth / 2;
  frame().scrollTop = ((event.clientY - top) / height) * scrollHeight - clientHeight / 2;
}

// --------------------------------------------------------------------- what a node says

function tell(node) {
  const from = articleOf.get(numberOf(node));
  if (!from) return hush();
  refresh(from);
  const copies = (selector) => all(selector, from).slice(0, 1).map((each) => each.cloneNode(true));
  const heading = document.createElement("b");
  heading.append(...one("h3", from).cloneNode(true).childNodes);
  tip.replaceChildren(heading, ...copies(".forward .equation"), ...copies(".forward .value"),
    ...copies(".backward .cotangent"));
  tip.hidden = false;
  const box = node.getBoundingClientRect();
  const own = tip.getBoundingClientRect();
  const below = box.bottom + 8 + own.height < innerHeight || box.top < own.height + 8;
  tip.style.top = `${below ? box.bottom + 8 : box.top - own.height - 8}px`;
  tip.style.left = `${Math.max(4, Math.min(box.left, innerWidth - own.width - 8))}px`;
}

function hush() {
  tip.hidden = true;
}

// ----------------------------------------------------------------------------- controls

function startPictures() {
  for (const [k, choice] of all("[name=view]").entries())
    choice.addEventListener("change", () => choose(k));
  for (const each of frames) listen(each);
  const overview = one(".overview");
  overview?.addEventListener("pointerdown", (event) => {
    overview.setPointerCapture(event.pointerId);
    lookAt(event);
  });
  overview?.addEventListener("pointermove", (event) => event.buttons && lookAt(event));
  window.addEventListener("resize", () => views.length && bringIntoView());
  document.addEventListener("keydown", (event) => event.key === "Escape" && hush());
  if (views.length) choose(0);
}

function listen(frame) {
  let from = null; // where a mouse took hold of the picture
  let moved = false;
  frame.addEventListener("pointerdown", (event) => {
    moved = false;
    if (event.pointerType === "mouse" && event.button === 0)
      from = { x: event.clientX + frame.scrollLeft, y: event.clientY + frame.scrollTop, at: event };
  });
  window.addEventListener("pointermove", (event) => {
    if (!from) return;
    if (!moved && Math.hypot(event.clientX - from.at.clientX, event.clientY - from.at.clientY) < 4) return;
    moved = true;
    hush();
    frame.scrollLeft = from.x - event.clientX;
    frame.scrollTop = from.y - event.clientY;
  });
  window.addEventListener("pointerup", () => { from = null; });
  frame.addEventListener("scroll", drawOverview);
  frame.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return; // also how a pinch on a trackpad arrives
    event.preventDefault();
    const box = frame.getBoundingClientRect();
    zoomTo(zooms[view] * Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });
  let apart = 0; // two fingers
  const distance = ([a, b]) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
  frame.addEventListener("touchstart", ({ touches }) => {
    apart = touches.length === 2 ? distance(touches) : 0;
  }, { passive: true });
  frame.addEventListener("touchmove", (event) => {
    const { touches } = event;
    if (touches.length !== 2 || !apart) return;
    event.preventDefault();
    const box = frame.getBoundingClientRect();
    const now = distance(touches);
    zoomTo((zooms[view] * now) / apart, (touches[0].clientX + touches[1].clientX) / 2 - box.left,
      (touches[0].clientY + touches[1].clientY) / 2 - box.top);
    apart = now;
  }, { passive: false });
  frame.addEventListener("click", (event) => {
    const node = event.target.closest(".node");
    if (node && !moved) goTo(held(node.dataset.node).at(-1), isBack(node.dataset.node));
  });
  for (const node of all(".node", frame)) {
    node.addEventListener("pointerenter", () => tell(node));
    node.addEventListener("pointerleave", hush);
    node.addEventListener("focus", () => tell(node));
    node.addEventListener("blur", hush);
  }
}

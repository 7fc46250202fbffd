// Keeps the page up to date by itself, and sends forms without leaving it. All of it works without this, too.
"use strict";

const state = { version: document.body.dataset.version, open: +document.body.dataset.open, as: +document.body.dataset.as };
const typed = new Map(); // What was begun as an answer, by conversation.
const shown = new WeakMap(); // The HTML that each live part shows.
const composer = () => document.querySelector(".composer textarea");

// Change only the children that differ, so that nothing flickers and scrolling stays.
function patch(place, html, quietly) {
  if (shown.get(place) === html) return;
  shown.set(place, html);
  const holder = document.createElement(place.tagName === "TBODY" ? "table" : place.tagName === "SELECT" ? "select" : "div");
  holder.innerHTML = html;
  const source = holder.tBodies ? holder.tBodies[0] : holder;
  const wanted = source ? [...source.children] : [];
  if (!wanted.length || !wanted.every((child) => child.id)) {
    const chosen = place.value;
    place.innerHTML = html;
    if (place.tagName === "SELECT" && !("follows" in place.dataset) && [...place.options].some((o) => o.value === chosen)) place.value = chosen;
    return;
  }
  const old = new Map([...place.children].map((child) => [child.id, child]));
  const same = (a, b) => a.outerHTML.replace(/ class="[^"]*"/, "") === b.outerHTML.replace(/ class="[^"]*"/, "") && a.className.replace(/ ?fresh/, "") === b.className;
  const kept = wanted.map((child) => {
    const before = old.get(child.id);
    if (before && same(before, child)) return before;
    if (!quietly) child.classList.add("fresh");
    return child;
  });
  if (kept.length !== place.children.length || kept.some((child, i) => child !== place.children[i])) place.replaceChildren(...kept);
}

// Leave alone what somebody is using.
function busy(place) {
  return "kept" in place.dataset && place.contains(document.activeElement) && document.hasFocus();
}

let asking = 0;
let showing = 0;
async function look(whole = false) {
  // The answer that changes the conversation also changes the form: no lesser question may overtake it.
  if (showing && !whole) return;
  const mine = ++asking;
  const query = new URLSearchParams({ open: state.open, as: state.as });
  if (whole) query.set("whole", "1");
  else query.set("version", state.version);
  const answer = await fetch("/live?" + query);
  if (answer.status !== 200 || mine !== asking) return;
  const news = await answer.json();
  let skipped = false;
  for (const place of document.querySelectorAll("[data-live]")) {
    const html = news.parts[place.dataset.live];
    if (html === undefined) continue;
    if (busy(place) && !whole) skipped = true;
    else {
      if (whole && ["head", "actions", "history", "composer"].includes(place.dataset.live)) shown.delete(place);
      patch(place, html, whole);
    }
  }
  // What was skipped is asked for again.
  state.version = skipped ? "" : news.version;
}

async function show(id) {
  showing++;
  try {
    await change(id);
  } finally {
    showing--;
  }
}

async function change(id) {
  if (composer()) typed.set(state.open, composer().value);
  state.open = id;
  history.replaceState(null, "", `/?open=${id}&as=${state.as}`);
  for (const field of document.querySelectorAll(".skip [name=open], .as [name=open]")) field.value = id;
  await look(true);
  if (composer() && typed.get(id)) composer().value = typed.get(id);
}

function say(text) {
  const place = document.querySelector(".says");
  place.textContent = text;
  place.hidden = false;
  setTimeout(() => { place.hidden = true; }, 3500);
}

async function send(form, button) {
  const data = new URLSearchParams(new FormData(form, button));
  if (button) button.disabled = true;
  try {
    const answer = await fetch(form.action, { method: "POST", body: data, headers: { Accept: "application/json" } });
    if (!answer.ok) return say("That did not work. Is every field filled in?");
    for (const name of (form.dataset.clears || "").split(" ").filter(Boolean)) form.elements[name].value = "";
    const { open } = await answer.json();
    if (open && open !== state.open) await show(open);
    else await look();
  } catch {
    say("The help desk does not answer.");
  } finally {
    if (button) button.disabled = false;
  }
}

document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  event.preventDefault();
  send(event.target, event.submitter);
});

document.addEventListener("change", (event) => {
  const field = event.target;
  if (field.form && "sends" in field.form.dataset) {
    const only = new URLSearchParams({ open: state.open, user: state.as, [field.name]: field.value });
    field.blur();
    fetch(field.form.action, { method: "POST", body: only, headers: { Accept: "application/json" } }).then(() => look());
  } else if (field.name === "as") {
    state.as = +field.value;
    for (const hidden of document.querySelectorAll("input[name=user]")) hidden.value = field.value;
    show(state.open);
  }
});

document.addEventListener("click", (event) => {
  if (event.metaKey || event.ctrlKey || event.button) return;
  const link = event.target.closest("tbody tr")?.querySelector("a[data-open]");
  if (!link) return;
  event.preventDefault();
  show(+link.dataset.open);
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.metaKey || event.ctrlKey) && event.target.form) event.target.form.requestSubmit(event.target.form.querySelector("button"));
});

// One look a second, the next only after the last was answered. A hidden page waits until it is seen.
(async function keepLooking() {
  for (;;) {
    await new Promise((done) => setTimeout(done, 1000));
    if (!document.hidden) await look().catch(() => {});
  }
})();

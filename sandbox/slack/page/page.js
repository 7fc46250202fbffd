// The page's own behaviour: it follows the server, and sends what a person does.
import { composing } from "./composer.js";
import { setNow, showDates } from "./dates.js";
import { agreed, values, wrapUp } from "./forms.js";
import { morph } from "./morph.js";

const body = document.body;
let version = body.dataset.version;
let newest = 0; // of several answers that overtake each other only the last asked for counts

function toast(text) {
  const note = document.createElement("p");
  note.textContent = text;
  document.querySelector(".toasts").append(note);
  setTimeout(() => note.remove(), 7000);
}

const atEnd = (el) => el.scrollHeight - el.scrollTop - el.clientHeight < 60;

async function refresh({ jump = false } = {}) {
  const turn = ++newest;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (turn !== newest) return;
  const ends = [...document.querySelectorAll("[data-scroll]")].filter(atEnd).map((el) => el.dataset.key);
  const modal = document.querySelector("[data-modal]")?.dataset.view;
  version = page.body.dataset.version;
  setNow(Number(page.body.dataset.now));
  document.title = page.title;
  showDates(page);
  morph(body, page.body);
  showDates(body);
  for (const el of document.querySelectorAll("[data-scroll]")) {
    if (jump || ends.includes(el.dataset.key)) el.scrollTop = el.scrollHeight;
  }
  focusModal(modal);
  landing(jump);
}

function focusModal(before) {
  const now = document.querySelector("[data-modal]");
  if (now && now.dataset.view !== before) {
    (now.querySelector("[data-focus]") ?? now.querySelector(".field, input") ?? now.querySelector("[data-submit], [data-close]"))?.focus();
  } else if (before && !now) {
    document.querySelector(".thread textarea, .pane textarea")?.focus();
  }
}

function landing(jump) {
  if (!jump || !location.hash.startsWith("#m")) return;
  const target = document.getElementById(location.hash.slice(1));
  target?.scrollIntoView({ block: "center" });
  target?.classList.add("found");
}

async function follow() {
  for (;;) {
    try {
      const answer = await fetch(`/changes?since=${version}`);
      const news = await answer.json();
      body.classList.remove("offline");
      if (String(news.version) !== version) await refresh();
    } catch {
      body.classList.add("offline");
      await new Promise((resume) => setTimeout(resume, 1000));
    }
  }
}

async function go(address) {
  history.pushState(null, "", address);
  document.querySelectorAll("details[open]").forEach((menu) => menu.removeAttribute("open"));
  await refresh({ jump: true });
}

export async function send(verb, what) {
  try {
    const answer = await fetch(`/do/${verb}`, { method: "POST", body: JSON.stringify({ as: body.dataset.as, ...what }) });
    if (!answer.ok) throw new Error(`refused (${answer.status})`);
    (await answer.json()).notices.forEach(toast);
  } catch (wrong) {
    toast(`That did not work: ${wrong.message}`);
  }
  await refresh();
}

function placeOf(el) {
  const { view, channel, ts } = el.closest("[data-place]").dataset;
  return view ? { view } : { channel, ts };
}

async function press(el, choice) {
  if (el.getAttribute("aria-busy") === "true" || !(await agreed(el))) { if (el.nodeName === "SELECT") wrapUp(el); return; }
  const place = placeOf(el);
  const more = place.view ? { values: values(el.closest("[data-place]")) } : {};
  el.setAttribute("aria-busy", "true");
  await send("press", { ...place, ...more, block: el.dataset.block, action: el.dataset.action, choice });
  el.removeAttribute("aria-busy");
  wrapUp(el);
}

async function submit(form) {
  const button = form.querySelector("[data-submit]");
  if (!button || button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  await send("submit", { view: form.dataset.view, values: values(form) });
  button.removeAttribute("aria-busy");
}

const doing = {
  async press(el) { if (el.nodeName !== "A") el.closest("details")?.removeAttribute("open"); await press(el, el.dataset.choice); },
  async close(el) { await send("close", placeOf(el)); },
  async dismiss(el) { await send("dismiss", placeOf(el)); },
  async detach(el) { await send("attach", { ...placeOf(el), block: el.dataset.block, action: el.dataset.action, without: el.dataset.detach }); },
  async shortcut(el) { el.closest("details").removeAttribute("open"); await send("shortcut", { ...placeOf(el), shortcut: el.dataset.shortcut }); },
};

document.addEventListener("click", (event) => {
  const plain = !event.metaKey && !event.ctrlKey && event.button === 0;
  const menu = event.target.closest("details.menu");
  document.querySelectorAll("details.menu[open]").forEach((open) => { if (open !== menu) open.removeAttribute("open"); });
  for (const [verb, run] of Object.entries(doing)) {
    const el = event.target.closest(`[data-${verb}]`);
    if (el) { if (el.nodeName !== "A") event.preventDefault(); void run(el); return; }
  }
  const link = event.target.closest("a[href]");
  if (!link || !plain) return;
  const there = new URL(link.href);
  if (there.origin === location.origin && (link.hasAttribute("data-nav") || there.pathname.startsWith("/archives/"))) {
    event.preventDefault();
    void open(link, there);
  }
});

async function open(link, there) {
  if (link.hasAttribute("data-home")) void send("home", {});
  if (!there.pathname.startsWith("/archives/")) return go(there.href);
  const answer = await fetch(there.href);
  if (!answer.ok) return toast("That message is not here.");
  const goal = new URL(answer.url);
  goal.searchParams.set("as", body.dataset.as);
  // fetch drops the fragment of a redirect, and the message is in it
  const digits = there.pathname.split("/p").pop();
  return go(`${goal.pathname}${goal.search}#m${digits.slice(0, -6)}.${digits.slice(-6)}`);
}

// A menu opens upwards, or to the left, where it would not fit otherwise.
document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!menu.matches?.("details.menu")) return;
  menu.removeAttribute("data-flip");
  if (!menu.open) return;
  const list = menu.querySelector(".menu-list").getBoundingClientRect();
  const room = (menu.closest(".scroll, .inside") ?? body).getBoundingClientRect();
  const flips = [list.bottom > room.bottom && "up", list.right > room.right && "left"].filter(Boolean);
  if (flips.length) menu.dataset.flip = flips.join(" ");
}, true);

document.addEventListener("input", (event) => {
  const field = event.target.closest("[data-field]");
  if (field) field.dataset.dirty = "";
});

async function attach(field) {
  const { block, action } = field.dataset;
  for (const file of [...field.files]) {
    const data = (await read(file)).split(",", 2)[1] ?? "";
    await send("attach", { ...placeOf(field), block, action, name: file.name, data });
  }
  field.value = "";
}

const read = (file) => new Promise((done, failed) => {
  const reader = Object.assign(new FileReader(), { onload: () => done(reader.result), onerror: failed });
  reader.readAsDataURL(file);
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-attach]")) return void attach(event.target);
  const field = event.target.closest("[data-field][data-live]");
  if (field) void press(field, values(field.parentElement).find(([, action]) => action === field.dataset.action)?.[2]);
});

document.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.target.matches("[data-modal]")) void submit(event.target);
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Tab") return keepInside(event);
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  const menu = document.querySelector("details.menu[open]");
  if (menu) { menu.removeAttribute("open"); menu.querySelector("summary").focus(); return; }
  const close = document.querySelector("[data-modal] [data-close]") ?? document.querySelector("[data-escape]");
  close?.click();
});

function keepInside(event) {
  const modal = document.querySelector("[data-modal]");
  if (!modal) return;
  const stops = [...modal.querySelectorAll("button, input, select, textarea, a[href], summary, [data-rich]")].filter((el) => el.offsetParent);
  const edge = event.shiftKey ? stops[0] : stops.at(-1);
  if (modal.contains(document.activeElement) && document.activeElement !== edge) return;
  event.preventDefault();
  (event.shiftKey ? stops.at(-1) : stops[0])?.focus();
}

window.addEventListener("popstate", () => void refresh({ jump: true }));
composing(send);
setNow(Number(body.dataset.now));
showDates(body);
document.querySelectorAll("[data-scroll]").forEach((el) => { el.scrollTop = el.scrollHeight; });
landing(true);
setInterval(() => showDates(body), 20000);
void follow();

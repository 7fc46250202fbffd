// The box to type in: Enter sends, a slash shows the commands there are.
const commands = JSON.parse(document.body.dataset.commands);

function hint(form, text) {
  const box = form.querySelector(".hints");
  const fits = form.dataset.thread ? [] : Object.entries(commands).filter(([name]) => text.startsWith("/") && (name.startsWith(text) || text.startsWith(`${name} `) || text === name));
  box.hidden = fits.length === 0;
  box.replaceChildren(...fits.map(([name, usage]) => {
    const row = document.createElement("button");
    row.type = "button";
    row.dataset.complete = name;
    row.append(Object.assign(document.createElement("b"), { textContent: name }), ` ${usage}`);
    return row;
  }));
}

function grow(area) {
  area.style.height = "auto";
  area.style.height = `${Math.min(area.scrollHeight, 180)}px`;
}

export function composing(send) {
  const parts = (el) => { const form = el.closest("[data-composer]"); return form && { form, area: form.querySelector("textarea") }; };
  async function say(form, area) {
    const text = area.value;
    if (!text.trim()) return;
    area.value = "";
    hint(form, "");
    grow(area);
    form.classList.add("sending");
    await send("type", { text, channel: form.dataset.channel, thread: form.dataset.thread });
    form.classList.remove("sending");
  }
  document.addEventListener("input", (event) => {
    const found = parts(event.target);
    if (found) { grow(found.area); hint(found.form, found.area.value); }
  });
  document.addEventListener("keydown", (event) => {
    const found = event.target.matches?.("textarea") && parts(event.target);
    if (!found || event.isComposing) return;
    const completing = found.form.querySelector("[data-complete]");
    if (event.key === "Tab" && completing && !found.area.value.includes(" ")) { event.preventDefault(); completing.click(); }
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); void say(found.form, found.area); }
  });
  document.addEventListener("submit", (event) => {
    const found = parts(event.target);
    if (found) { event.preventDefault(); void say(found.form, found.area); }
  });
  document.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-complete]");
    if (!chosen) return;
    const { form, area } = parts(chosen);
    area.value = `${chosen.dataset.complete} `;
    hint(form, area.value);
    area.focus();
  });
}

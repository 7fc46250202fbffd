// What stands in fields, and the question before something that destroys.
import { written } from "./richtext.js";

function valueOf(field) {
  if (field.hasAttribute("data-rich")) return written(field);
  if (field.nodeName === "FIELDSET") return [...field.querySelectorAll("input:checked")].map((tick) => tick.value);
  if (field.multiple) return [...field.selectedOptions].map((option) => option.value);
  return field.value;
}

export function values(root) {
  return [...root.querySelectorAll("[data-field]")].map((f) => [f.dataset.block, f.dataset.action, valueOf(f)]);
}

// A select in a message has done its work: it shows again what the server says.
export function wrapUp(field) {
  if (field.matches("[data-field]") && !field.closest("[data-view]")) delete field.dataset.dirty;
}

export function agreed(el) {
  if (!el.dataset.confirm) return Promise.resolve(true);
  const ask = JSON.parse(el.dataset.confirm);
  const dialog = document.createElement("dialog");
  const make = (name, text, style = "") => Object.assign(document.createElement(name), { textContent: text, className: style });
  const yes = make("button", ask.confirm.text, `button ${ask.style ?? "primary"}`);
  const no = make("button", ask.deny.text, "button");
  const row = document.createElement("footer");
  row.append(no, yes);
  dialog.className = "confirm";
  dialog.append(make("h2", ask.title.text), make("p", ask.text.text), row);
  document.documentElement.append(dialog); // beside the body, which follows the server
  return new Promise((answer) => {
    yes.onclick = () => dialog.close("yes");
    no.onclick = () => dialog.close();
    dialog.onclose = () => { dialog.remove(); answer(dialog.returnValue === "yes"); };
    dialog.showModal();
    yes.focus();
  });
}

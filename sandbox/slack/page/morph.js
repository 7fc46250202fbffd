// Makes the page that is shown like a newer one, touching only what differs: what somebody is typing, the open
// menu, the scroll place and the focus stay.
const key = (node) => (node.nodeType === 1 ? node.dataset.key || node.id || "" : "");
const same = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && key(a) === key(b);

export function morph(old, fresh) {
  if (old.nodeType !== 1) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  if (old.hasAttribute("data-keep")) return;
  attributes(old, fresh);
  if (old.matches("textarea, input, select, [data-rich]") && touched(old)) return;
  if (old.nodeName === "TEXTAREA") { if (old.value !== fresh.value) old.value = fresh.value; return; }
  children(old, fresh);
  if (old.nodeName === "SELECT" && old.value !== fresh.value) old.value = fresh.value;
}

function touched(field) {
  return field === document.activeElement || field.dataset.dirty !== undefined || field.closest("[data-dirty]") !== null;
}

function attributes(old, fresh) {
  const ours = (name) => name === "data-dirty" || name === "data-flip" || (name === "open" && old.nodeName === "DETAILS") || name === "aria-busy";
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !ours(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && !ours(name)) old.setAttribute(name, value);
  }
}

function children(old, fresh) {
  let here = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    let match = here;
    while (match && !same(match, wanted)) match = match.nextSibling;
    if (!match) { old.insertBefore(document.importNode(wanted, true), here); continue; }
    if (match !== here && !key(wanted)) {
      // Without a key, a later look-alike is another thing: put the new one in rather than drop what is between.
      old.insertBefore(document.importNode(wanted, true), here);
      continue;
    }
    while (here !== match) { const gone = here; here = here.nextSibling; gone.remove(); }
    morph(match, wanted);
    here = match.nextSibling;
  }
  while (here) { const gone = here; here = here.nextSibling; gone.remove(); }
}

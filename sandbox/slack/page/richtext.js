// The rich-text field: what the editor holds as the elements of a rich_text block, and its row of buttons.
const STYLES = { B: "bold", STRONG: "bold", I: "italic", EM: "italic", S: "strike", STRIKE: "strike", DEL: "strike", CODE: "code", U: "underline" };
const KINDS = { UL: "bullet", OL: "ordered", BLOCKQUOTE: "quote", PRE: "preformatted" };
const SAFE = /^(https?:\/\/|mailto:|tel:)/i;

export function written(editor) {
  const reader = { lines: [], line: null };
  read(editor, { kind: "section", indent: 0, start: 0, style: {}, url: "" }, reader);
  const elements = grouped(reader.lines);
  for (const element of elements) {
    if (element.type === "rich_text_list") for (const item of element.elements) item.elements = joined(item.elements);
    else element.elements = joined(element.elements);
  }
  return elements;
}

// Neighbours that look alike are one leaf.
function joined(leaves) {
  const made = [];
  for (const leaf of leaves) {
    const last = made.at(-1);
    const alike = last?.type === "text" && leaf.type === "text" && JSON.stringify(last.style) === JSON.stringify(leaf.style);
    if (alike) last.text += leaf.text;
    else made.push({ ...leaf });
  }
  return made;
}

function read(node, around, reader) {
  for (const child of node.childNodes) {
    if (child.nodeType === 3) say(child.nodeValue, around, reader);
    else if (child.dataset?.leaf) put(JSON.parse(child.dataset.leaf), around, reader);
    else if (child.nodeName === "BR") { put(null, around, reader); reader.line = null; }
    else if (child.nodeType === 1) {
      const block = ["DIV", "P", "LI"].includes(child.nodeName) || child.nodeName in KINDS;
      if (block) reader.line = null;
      read(child, inside(child, around), reader);
      if (block) reader.line = null;
    }
  }
}

function inside(node, around) {
  const name = node.nodeName;
  if (name in STYLES) return { ...around, style: { ...around.style, [STYLES[name]]: true } };
  if (name === "A") return { ...around, url: SAFE.test(node.getAttribute("href") ?? "") ? node.getAttribute("href") : "" };
  if (!(name in KINDS)) return around;
  const nested = ["bullet", "ordered"].includes(around.kind) ? around.indent + 1 : 0;
  const indent = Number(/indent-(\d)/.exec(node.className)?.[1] ?? nested);
  return { ...around, kind: KINDS[name], indent, start: name === "OL" ? node.start - 1 : 0 };
}

function put(leaf, around, reader) {
  if (!reader.line) reader.lines.push((reader.line = { ...around, leaves: [] }));
  if (leaf) reader.line.leaves.push(leaf);
}

function say(text, around, reader) {
  text.split("\n").forEach((part, number) => {
    if (number) { put(null, around, reader); reader.line = null; }
    if (!part) return;
    const style = Object.keys(around.style).length ? { style: around.style } : {};
    put(around.url ? { type: "link", url: around.url, text: part, ...style } : { type: "text", text: part, ...style }, around, reader);
  });
}

function grouped(lines) {
  const elements = [];
  let last = null;
  for (const line of lines) {
    const list = line.kind === "bullet" || line.kind === "ordered";
    const item = { type: "rich_text_section", elements: line.leaves };
    if (last && last.kind === line.kind && last.indent === line.indent) {
      const { elements: there } = elements.at(-1);
      if (list) there.push(item);
      else there.push({ type: "text", text: "\n" }, ...line.leaves);
    } else if (list) {
      const more = { ...(line.indent && { indent: line.indent }), ...(line.start > 0 && { offset: line.start }) };
      elements.push({ type: "rich_text_list", style: line.kind, elements: [item], ...more });
    } else {
      elements.push({ type: `rich_text_${line.kind}`, elements: line.leaves });
    }
    last = line;
  }
  return elements;
}

function format(command) {
  if (command === "link") {
    const address = prompt("Link to");
    if (address && SAFE.test(address)) document.execCommand("createLink", false, address);
  } else if (command === "code") {
    const code = document.createElement("code");
    code.textContent = getSelection().toString() || "code";
    document.execCommand("insertHTML", false, code.outerHTML);
  } else if (command === "blockquote") {
    document.execCommand("formatBlock", false, "blockquote");
  } else {
    document.execCommand(command);
  }
}

document.addEventListener("mousedown", (event) => {
  const button = event.target.closest("[data-format]");
  if (!button) return;
  event.preventDefault(); // what is selected stays so
  button.closest(".editor").querySelector("[data-rich]").focus();
  format(button.dataset.format);
});

document.addEventListener("paste", (event) => {
  if (!event.target.closest?.("[data-rich]")) return;
  event.preventDefault();
  document.execCommand("insertText", false, event.clipboardData.getData("text/plain"));
});

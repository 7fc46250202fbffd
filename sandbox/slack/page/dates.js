// Times in the reader's own zone, in the formats that Slack knows.
let ahead = 0; // how far the sandbox's clock is ahead of this browser's

export function setNow(millis) { ahead = millis - Date.now(); }

const day = (d) => new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime();

function pretty(date, otherwise) {
  const days = Math.round((day(date) - day(new Date(Date.now() + ahead))) / 86400000);
  return { "0": "Today", "-1": "Yesterday", "1": "Tomorrow" }[days] ?? otherwise;
}

function ago(date) {
  const minutes = Math.round((Date.now() + ahead - date) / 60000);
  const say = (n, unit) => (n === 1 ? `1 ${unit}` : `${n} ${unit}s`);
  const span = (m) => (m < 60 ? say(m, "minute") : m < 1440 ? say(Math.round(m / 60), "hour") : say(Math.round(m / 1440), "day"));
  return minutes < 0 ? `in ${span(-minutes)}` : minutes === 0 ? "just now" : `${span(minutes)} ago`;
}

function formatted(date, format) {
  const as = (options) => date.toLocaleDateString("en-US", options);
  const plain = as({ month: "long", day: "numeric", year: "numeric" });
  const short = as({ month: "short", day: "numeric", year: "numeric" });
  const long = as({ weekday: "long", month: "long", day: "numeric", year: "numeric" });
  const words = {
    date_num: `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`,
    date: plain, date_short: short, date_long: long,
    date_pretty: pretty(date, plain), date_short_pretty: pretty(date, short), date_long_pretty: pretty(date, long),
    time: date.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" }),
    time_secs: date.toLocaleTimeString([], { hour: "numeric", minute: "2-digit", second: "2-digit" }),
    day_divider_pretty: pretty(date, long), ago: ago(date),
  };
  return format.replace(/\{(\w+)\}/g, (whole, name) => words[name] ?? whole);
}

export function showDates(root) {
  for (const time of root.querySelectorAll("time[data-unix]")) {
    const date = new Date(Number(time.dataset.unix) * 1000);
    let text = formatted(date, time.dataset.format);
    const before = time.previousSibling?.textContent?.trimEnd() ?? "";
    if (/[\p{L},]$/u.test(before)) text = text.replace(/^(Today|Yesterday|Tomorrow)/, (word) => word.toLowerCase());
    if (time.textContent !== text) time.textContent = text;
    time.title = date.toLocaleString();
  }
}

// The configuration: numbered lines, with each mistake and each piece of advice at its line.

/** How many lines get numbers and marks: more is nobody's configuration, and would only be slow. */
const mostLines = 20000;

/** The text area is as large as its text, so that numbers, marks and text scroll as one. */
function layOut() {
  const text = $("config").value;
  const lines = text.split("\n", mostLines + 1);
  const longest = lines.reduce((most, line) => Math.max(most, line.length), 20);
  $("config").rows = Math.max(4, lines.length);
  $("config").style.width = `${Math.min(longest + 3, 2000)}ch`;
  const numbers = Math.min(lines.length, mostLines);
  say(document.querySelector(".gutter"), Array.from({ length: numbers }, (_, number) => number + 1).join("\n"));
}

/** The number of the line that the place is in, from 0. */
function lineOf(place) {
  let line = 0;
  const text = $("config").value;
  for (let at = text.indexOf("\n"); at >= 0 && at < place; at = text.indexOf("\n", at + 1)) line += 1;
  return line;
}

/** Puts the cursor over what a problem is about. */
function goTo(place) {
  const field = $("config");
  field.focus({ preventScroll: true });
  field.setSelectionRange(place[0], place[1]);
  const editor = $("config-editor");
  const height = field.scrollHeight / Math.max(1, field.rows);
  editor.scrollTop = Math.max(0, lineOf(place[0]) * height - editor.clientHeight / 3);
  editor.scrollIntoView({ block: "nearest" });
}

function showProblems(seen) {
  const errors = (seen.errors ?? []).map((problem) => ({ ...problem, isBad: true }));
  const warnings = (seen.warnings ?? []).map((problem) => ({ ...problem, isBad: false }));
  const all = [...errors, ...warnings];
  const many = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;
  const state = $("config-state");
  state.className = `chip ${errors.length ? "bad" : warnings.length ? "warn" : "good"}`;
  const [more, moreAdvice] = [seen.more_errors ?? 0, seen.more_warnings ?? 0];
  const advices = warnings.length + moreAdvice;
  say(state, errors.length ? many(errors.length + more, "error") : advices ? `valid, ${many(advices, "word")} of advice`.replace("words of", "pieces of").replace("word of", "piece of") : "valid");

  const item = ({ path, message, at, isBad }) => make("li", { class: isBad ? "bad" : "advice" },
    make("button", { type: "button", onclick: () => at && goTo(at) },
      make("span", { class: "hidden" }, isBad ? "error at " : "advice on "), make("code", {}, path), " ", worded(message),
      at ? make("span", { class: "hidden" }, `, line ${lineOf(at[0]) + 1}`) : null));
  const list = $("problems");
  const text = JSON.stringify([all, more, moreAdvice]);
  // Unchanged, it keeps its place and the focus.
  if (list.dataset.shown !== text) {
    const rest = more + moreAdvice ? [make("li", { class: "note" }, `and ${more + moreAdvice} more, which are shown when some of these are mended`)] : [];
    list.replaceChildren(...all.map(item), ...rest);
    list.dataset.shown = text;
  }
  $("config").setAttribute("aria-invalid", String(errors.length > 0));

  const marked = new Map();
  for (const { at, isBad } of all) if (at) marked.set(lineOf(at[0]), isBad || marked.get(lineOf(at[0])) === true);
  document.querySelector(".marks").replaceChildren(...[...marked].slice(0, 500).map(([line, isBad]) => {
    const mark = make("i", { class: isBad ? "bad" : "advice", "data-line": line + 1 });
    mark.style.top = `calc(.45rem + ${line} * 1.5em)`;
    return mark;
  }));
  const options = seen.facts?.plugin_options ?? [];
  const needs = [...(seen.environment ?? []).map((name) => `the environment variable ${name}`), ...options.map((name) => `the plugin option ${name}`)];
  say($("needs"), needs.length ? `Needs ${needs.join(", ")}.` : "");
  show($("needs"), needs.length > 0);
}

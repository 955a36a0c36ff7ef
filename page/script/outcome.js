// What came of it: the verdict, what client or upstream get, and the walk.

/** How a decision is shown: what colour, and in which words. */
function verdictOf(explanation) {
  const decision = explanation.decision;
  const code = decision.startsWith("denied: ") ? decision.slice(8) : null;
  if (explanation.shadow) return { kind: "warn", word: code ? "Would be denied" : "Allowed, with a remark", code: explanation.shadow.code, why: `${explanation.shadow.because}; ${explanation.shadow.note}` };
  if (code) return { kind: "bad", word: "Denied", code, why: explanation.because };
  if (explanation.undecided === "answer") return { kind: "warn", word: "Cannot be decided without the entitlement server's answer", code: null, why: "The token says nothing itself, or no key that is pinned is good for it: all depends on what the server answers, and from here nobody is asked" };
  if (decision === "allowed") return { kind: "good", word: "Allowed", code: null, why: "" };
  return { kind: "warn", word: decision.charAt(0).toUpperCase() + decision.slice(1), code: null, why: "" };
}

function showVerdict({ kind, word, code, why }) {
  const box = $("verdict");
  if (box.className !== `verdict ${kind}`) box.className = `verdict ${kind}`;
  const words = code ? `${word}: ${code}` : word;
  if ($("verdict-word").textContent !== words) $("verdict-word").replaceChildren(word, ...(code ? [": ", make("code", {}, code)] : []));
  const reason = why ? why.charAt(0).toUpperCase() + why.slice(1) + (why.endsWith(".") ? "" : ".") : "";
  if ($("verdict-why").dataset.shown !== reason) {
    $("verdict-why").replaceChildren(...worded(reason));
    $("verdict-why").dataset.shown = reason;
  }
  $("mini").className = `mini ${kind}`;
  say($("mini-word"), words);
}

/** What the operator's guide says to look at. */
function sayLookAt(text) {
  const words = text ? `Look at: ${text}.` : "";
  if ($("look-at").dataset.shown !== words) {
    $("look-at").replaceChildren(...worded(words));
    $("look-at").dataset.shown = words;
  }
  show($("look-at"), words !== "");
}

/** The last words about a check in the walk. */
const found = (explanation, name) => explanation.checks.find((check) => check.check === name && check.state !== "not reached");

function showFacts(explanation) {
  const facts = [];
  const { operation, rule } = explanation;
  if (operation) facts.push(["Operation", `${operation.method} of ${operation.api} ${operation.resource}`]);
  if (rule) facts.push(["Rule", `rules[${rule.number}]${rule.name === null ? "" : ` ${rule.name}`}`]);
  const signature = found(explanation, "signature");
  if (signature?.expected) facts.push(["Key", signature.expected.replace(/^by the key /, "").replaceAll("`", "")]);
  putFacts(facts);
}

/** Put there only when they are others: what is read aloud is not read again. */
function putFacts(facts) {
  const text = JSON.stringify(facts);
  if ($("facts").dataset.shown === text) return;
  $("facts").dataset.shown = text;
  $("facts").replaceChildren(...facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

/** The answer as it goes over the wire, or the headers that go on. */
function showReply(explanation) {
  const { reply, identity_headers: identity, upstream_path: path, removed_headers: removed } = explanation;
  const lines = [];
  let note = "";
  show($("give-answer"), explanation.undecided === "answer");
  // Nobody gets anything before there is a decision.
  if (explanation.undecided) return show($("reply"), false);
  if (reply) {
    say($("h-reply"), "What the client gets");
    lines.push(`HTTP/1.1 ${reply.status}`, ...Object.entries(reply.headers).map(([name, value]) => `${name}: ${value}`), "", JSON.stringify(reply.body));
    note = "The status and a stable code, and nothing else about why. The reason above is in the operator's log alone.";
  } else {
    say($("h-reply"), "What the upstream gets");
    if (path) lines.push(`:path: ${path}`);
    lines.push(...Object.entries(identity).map(([name, value]) => `${name}: ${value}`));
    if (lines.length === 0) lines.push("(no header about a client)");
    note = Object.keys(identity).length ? "Beside the request's own headers. What looked like one of these is removed." : "No client is named: the request goes on as nobody in particular.";
  }
  if (removed.length) note += ` Removed from the request: ${removed.join(", ")}.`;
  if (explanation.unknown_secrets.length) note += ` Not given, so that no seal is known: ${explanation.unknown_secrets.join(", ")}.`;
  say($("reply-text"), lines.join("\n"));
  say($("reply-note"), note);
  show($("reply-note"), note !== "");
  show($("reply"), true);
}

const signs = { passed: "✓", failed: "✗", recorded: "!", "not reached": "", "does not apply": "–" };

/** The row of a check is made once and changed in place, so that the focus stays and what was opened stays open. */
function rowOf(list, name) {
  let row = [...list.children].find((child) => child.dataset.check === name);
  if (!row) {
    const dl = make("dl", {}, ["Expected", "Found", "Clause", "Code"].flatMap((word) => [make("dt", {}, word), make("dd", { class: word === "Clause" ? "" : "value" })]));
    const words = () => [make("span", { class: "name" }, name), make("span", { class: "hidden state" }), make("span", { class: "short" })];
    row = make("li", { "data-check": name }, make("span", { class: "dot", "aria-hidden": "true" }),
      make("details", {}, make("summary", {}, words()), dl), make("div", { class: "plain" }, words()));
    list.append(row);
  }
  return row;
}

function showWalk(checks) {
  show($("walk-card"), true);
  const list = $("walk");
  for (const check of checks) {
    const row = rowOf(list, check.check);
    const details = row.querySelector("details");
    const before = row.dataset.state;
    row.className = check.state.replaceAll(" ", "-");
    row.dataset.state = check.state;
    say(row.querySelector(".dot"), signs[check.state] ?? "");
    const isOpenable = check.found !== null && check.state !== "not reached";
    show(details, isOpenable);
    show(row.querySelector(".plain"), !isOpenable);
    const short = isOpenable ? check.found.replaceAll("`", "") : check.code ?? check.state;
    for (const element of row.querySelectorAll(".short")) say(element, short);
    for (const element of row.querySelectorAll(".state")) say(element, `, ${check.state}: `);
    const values = row.querySelectorAll("dd");
    [check.expected, check.found, check.clause, check.code].forEach((value, number) => {
      say(values[number], value ?? "");
      show(values[number], Boolean(value));
      show(values[number].previousElementSibling, Boolean(value));
    });
    const decides = check.state === "failed" || check.state === "recorded";
    if (decides) details.open = true;
    else if (before === "failed" || before === "recorded") details.open = false;
  }
  const passed = checks.filter((check) => check.state === "passed").length;
  say($("walk-count"), `${passed} passed`);
}

/** Nothing was decided: the configuration has errors, or a field cannot be taken. */
function showNothing(word, why) {
  showVerdict({ kind: "bad", word, code: null, why });
  putFacts([]);
  sayLookAt(null);
  show($("give-answer"), false);
  show($("reply"), false);
  show($("walk-card"), false);
}

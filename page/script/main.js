// Puts the page together.

let waiting = null;
let known = [];

/** How long the last look took, and when the passing of time asks for another, both in milliseconds. */
const pace = { took: 0, due: Infinity };

/** Something has changed: looks anew, in a moment. */
function changed() {
  const example = known.find(({ id }) => id === $("example").value);
  // What is said of the example need not hold any more.
  if (example) $("about").replaceChildren(make("b", {}, example.name), ", changed.");
  $("example").value = "";
  $("link").value = "";
  clearTimeout(waiting);
  waiting = setTimeout(look, Math.min(2000, Math.max(60, pace.took)));
}

/** What is wrong with a field that has half of a character: UTF-8 has none, so that there is nothing to decide. */
function halfCharacter() {
  const fields = [...document.querySelectorAll("main textarea:not([readonly]), main input[type=text], #secret-fields input")];
  const field = fields.find(({ value }) => /[\ud800-\udfff]/u.test(value));
  if (!field) return null;
  const message = "has half of a character here (a lone surrogate), which UTF-8 cannot have; type it anew";
  const at = field.value.search(/[\ud800-\udfff]/u);
  if (field.id === "config") return { errors: [{ path: "configuration", message, at: [at, at + 1] }] };
  const label = field.getAttribute("aria-label") ?? field.labels[0]?.textContent.trim();
  return { errors: [], trouble: `the field "${label}" ${message.replace(" here", "")}` };
}

function look() {
  const begun = performance.now();
  lookNow();
  pace.took = performance.now() - begun;
  const { seen } = eecAuthnPage;
  // Times of a token pass by the second, dates of a configuration by the day; mistakes stay.
  const soon = seen?.token || seen?.proof ? Math.max(900, 20 * pace.took) : 60000;
  pace.due = seen?.explanation ? performance.now() + soon : Infinity;
}

function lookNow() {
  clearTimeout(waiting);
  const asked = question();
  const seen = halfCharacter() ?? ask("look", asked);
  Object.assign(eecAuthnPage, { asked, seen });
  eecAuthnPage.looks = (eecAuthnPage.looks ?? 0) + 1;
  if ($("link-menu").open) showLink();
  if (!seen) return showNothing("No decision", "The engine has failed on this input");
  layOut();
  showProblems(seen);
  if (seen.facts) {
    showSecrets(seen.environment);
    $("secrets-note").replaceChildren(...worded(seen.secrets.join(" ")));
    showSets(seen.facts.fetches);
    say($("asked-note"), seen.facts.asks || seen.facts.fetches.length ? "Nobody is asked from here: you say what it is taken to answer." : "This configuration asks nobody: what stands here has no effect.");
  }
  showSigned("token", seen.token);
  showSigned("proof", seen.proof);
  showProtection(seen);
  if (seen.explanation) {
    showVerdict(verdictOf(seen.explanation));
    sayLookAt(seen.look_at);
    showFacts(seen.explanation);
    showReply(seen.explanation);
    showWalk(seen.explanation.checks);
  } else if (seen.errors.length) {
    showNothing("No decision", "the configuration has errors; they are marked where they are");
  } else {
    showNothing("No decision", seen.trouble);
  }
}

/** Loads an example; whether there is one of that name. */
function load(id) {
  const entry = known.find((example) => example.id === id);
  const example = entry && ask("example", id);
  if (!example) return false;
  fill(example);
  $("example").value = id;
  $("about").replaceChildren(make("b", {}, entry.name), ". ", ...worded(entry.about));
  look();
  const { seen } = eecAuthnPage;
  $("possession").open = example.proof !== null || Boolean(seen?.facts?.dpop);
  $("asked").open = Boolean(seen?.facts?.asks);
  return true;
}

function listExamples() {
  const groups = Map.groupBy ? Map.groupBy(known, ({ group }) => group) : known.reduce((map, example) => map.set(example.group, [...(map.get(example.group) ?? []), example]), new Map());
  const option = ({ id, name, code }) => make("option", { value: id }, code ? `${code}: ${name.charAt(0).toLowerCase()}${name.slice(1)}` : name);
  $("example").replaceChildren(make("option", { value: "", hidden: true }, "One's own"),
    ...[...groups].map(([group, examples]) => make("optgroup", { label: group }, examples.map(option))));
}

function showTab(name) {
  for (const tab of document.querySelectorAll('[role="tab"]')) {
    const isShown = tab.id === `tab-${name}`;
    tab.setAttribute("aria-selected", String(isShown));
    tab.tabIndex = isShown ? 0 : -1;
    show($(tab.getAttribute("aria-controls")), isShown);
  }
  show($("mini"), name === "request");
}

function listen() {
  const on = (id, event, action) => $(id).addEventListener(event, action);
  on("example", "change", () => { notice(""); load($("example").value); history.replaceState(null, "", `#example=${$("example").value}`); });
  for (const field of document.querySelectorAll("main textarea:not([readonly]), main input[type=text]:not(#clock)")) {
    field.addEventListener("input", () => { fit(field); changed(); });
  }
  for (const group of ["token", "proof", "answer"]) {
    on(`${group}-mode`, "change", () => { showChosen(group); if (!keys[group] && chosen(`${group}-mode`) === "make" && group !== "answer") startMaking(group); changed(); });
  }
  on("clock-mode", "change", () => { turnClock(chosen("clock-mode") === "now" ? null : clockSeconds()); changed(); });
  on("clock", "change", readClock);
  for (const button of document.querySelectorAll("[data-turn]")) {
    button.addEventListener("click", () => { turnClock(clockSeconds() + Number(button.dataset.turn)); changed(); });
  }
  on("no-body", "change", () => { $("body").disabled = $("no-body").checked; changed(); });
  on("used-proof", "change", changed);
  on("token-new-key", "click", () => newKey("token"));
  on("proof-new-key", "click", () => newKey("proof"));
  on("token-alg", "change", () => newKey("token"));
  on("token-pin", "click", pin);
  on("token-renew", "click", renewTimes);
  on("proof-bind", "click", bind);
  on("config-file", "change", async () => {
    const [file] = $("config-file").files;
    if (!file) return;
    if (file.size > 4 << 20) return notice("That file is too large for a filter JSON.");
    $("config").value = await file.text();
    $("config-file").value = "";
    changed();
  });
  on("link-menu", "toggle", showLink);
  on("give-answer", "click", () => { $("asked").open = true; choose("answer-mode", "answer"); $("answer").focus(); changed(); });
  on("copy-link", "click", async () => {
    $("link").select();
    try { await navigator.clipboard.writeText($("link").value); say($("link-state"), "Copied."); } catch { say($("link-state"), "Selected: copy it with your keyboard."); }
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && $("link-menu").open) { $("link-menu").open = false; $("link-menu").firstElementChild.focus(); } });
  document.addEventListener("click", (event) => { if (!$("link-menu").contains(event.target)) $("link-menu").open = false; });
  on("theme", "click", () => setScheme(isDark() ? "light" : "dark"));
  for (const tab of document.querySelectorAll('[role="tab"]')) {
    tab.addEventListener("click", () => showTab(tab.id.slice(4)));
    tab.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
      const other = tab.nextElementSibling ?? tab.previousElementSibling;
      showTab(other.id.slice(4));
      other.focus();
    });
  }
  addEventListener("hashchange", () => { notice(""); followAddress(); });
}

/** What a token or a proof begins as, where none was made before. */
function startMaking(name) {
  const now = Math.floor(clockSeconds());
  const host = $("host").value || eecAuthnPage.seen?.facts?.host || "";
  const starts = {
    token: [{ alg: "EdDSA", typ: "JWT", kid: "page-test" }, { iss: eecAuthnPage.seen?.protection?.entitlement_servers?.[0] ?? "", sub: "eec-1", aud: host, iat: now, exp: now + 3600 }],
    proof: [{ typ: "dpop+jwt", alg: "EdDSA", jwk: {} }, { jti: random().slice(0, 12), htm: $("method").value, htu: `https://${host}${$("path").value.split("?")[0]}`, iat: now, ath: "@ath" }],
  };
  [$(`${name}-header`).value, $(`${name}-claims`).value] = starts[name].map((part) => JSON.stringify(part, null, 2));
  for (const part of ["header", "claims"]) fit($(`${name}-${part}`));
  newKey(name);
}

const isDark = () => (document.documentElement.dataset.scheme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

function setScheme(scheme) {
  document.documentElement.dataset.scheme = scheme;
  $("theme").setAttribute("aria-pressed", String(scheme === "dark"));
}

/** A second has passed. */
function tick() {
  if (clock.turned !== null || document.hidden) return;
  showClock();
  if (performance.now() >= pace.due) look();
  else showSigned("token", eecAuthnPage.seen?.token);
}

async function main() {
  $("theme").setAttribute("aria-pressed", String(isDark()));
  try {
    await startCore();
  } catch (fault) {
    return notice(`The engine does not start in this browser: ${fault.message}`, true);
  }
  for (const group of ["token", "proof", "answer"]) choose(`${group}-mode`, group === "answer" ? "good" : "none");
  known = ask("examples") ?? [];
  listExamples();
  listen();
  if (!followAddress()) load(known[0]?.id);
  setInterval(tick, 1000);
  document.documentElement.dataset.ready = "yes";
}

main();

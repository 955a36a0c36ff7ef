// What stands in the fields, as the engine takes it, and the other way.

const keys = { token: null, proof: null };
const usualHeader = [["content-type", "application/json"]];

/** `name: value` lines as pairs; a line without a colon is one alone. */
function readHeaders(text) {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) => {
    const at = line.indexOf(":", 1);
    return at < 0 ? [line.trim()] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
  });
}

/** A token or a proof. */
function readSigned(name) {
  switch (chosen(`${name}-mode`)) {
    case "paste": return { text: $(`${name}-text`).value };
    case "make": return { header: $(`${name}-header`).value, claims: $(`${name}-claims`).value, key: keys[name] };
    default: return null;
  }
}

/** What the entitlement server is taken to say: null, a text, or false for no answer. */
function readAnswer() {
  const mode = chosen("answer-mode");
  return mode === "answer" ? $("answer").value : mode === "none" ? false : null;
}

/** Everything that is asked. */
function question() {
  // A variable may be called as a member of every object is: none is looked up, and none is assigned.
  const secrets = Object.fromEntries([...document.querySelectorAll("#secret-fields input")].map((field) => [field.dataset.name, field.value]));
  return {
    config: $("config").value, secrets, now: clockSeconds(),
    method: $("method").value.trim(), path: $("path").value.trim(), host: $("host").value.trim(),
    headers: readHeaders($("headers").value), body: $("no-body").checked ? null : $("body").value,
    token: readSigned("token"), proof: readSigned("proof"), used_proof: $("used-proof").checked && chosen("proof-mode") !== "none",
    certificate: $("certificate").value, answer: readAnswer(),
    sets: [...document.querySelectorAll("#sets textarea")].map((field) => field.value),
  };
}

function fillSigned(name, given) {
  keys[name] = given?.key ?? keys[name];
  $(`${name}-text`).value = given?.text ?? "";
  if (given?.claims !== undefined) {
    $(`${name}-header`).value = given.header;
    $(`${name}-claims`).value = given.claims;
  }
  choose(`${name}-mode`, !given ? "none" : given.text !== undefined ? "paste" : "make");
}

/** Puts a question into the fields. What a link does not carry is not touched by it. */
function fill(given) {
  $("config").value = given.config;
  $("method").value = given.method ?? "POST";
  $("path").value = given.path ?? "";
  $("host").value = given.host ?? "";
  $("headers").value = (given.headers ?? usualHeader).map((header) => header.join(": ")).join("\n");
  $("body").value = given.body ?? "";
  $("no-body").checked = given.body === null || given.body === undefined;
  $("body").disabled = $("no-body").checked;
  turnClock(given.now ?? null);
  if (given.token !== undefined) fillSigned("token", given.token);
  if (given.proof !== undefined) fillSigned("proof", given.proof);
  if (given.used_proof !== undefined) $("used-proof").checked = given.used_proof;
  if (given.certificate !== undefined) $("certificate").value = given.certificate;
  if (given.answer !== undefined) {
    choose("answer-mode", given.answer === null ? "good" : given.answer === false ? "none" : "answer");
    $("answer").value = typeof given.answer === "string" ? given.answer : "";
  }
  if (given.secrets !== undefined) showSecrets(Object.keys(given.secrets ?? {}), new Map(Object.entries(given.secrets ?? {})));
  if (given.sets !== undefined) showSets([], given.sets);
  for (const field of document.querySelectorAll("textarea")) fit(field);
}

/** A field for each variable that the configuration names; what was typed stays. */
function showSecrets(names, values = new Map()) {
  const box = $("secret-fields");
  const known = new Map([...box.querySelectorAll("input")].map((field) => [field.dataset.name, field.value]));
  if (names.join("\n") !== [...known.keys()].join("\n") || values.size > 0) {
    const field = (name) => make("label", {}, name, make("input", { type: "password", "data-name": name, autocomplete: "off", oninput: changed }));
    box.replaceChildren(...names.map(field));
    for (const input of box.querySelectorAll("input")) input.value = values.get(input.dataset.name) ?? known.get(input.dataset.name) ?? "";
  }
  show($("secrets"), names.length > 0);
}

/** A field for the set of each server that fetches its keys; what was typed stays with its server. */
function showSets(servers, values = null) {
  const box = $("sets");
  const fields = [...box.querySelectorAll("textarea")];
  if (fields.map((field) => field.dataset.server).join("\n") === servers.join("\n") && values === null) return;
  const known = fields.map((field) => [field.dataset.server, field.value]);
  // One that is called otherwise now is still the one at its place.
  const renamed = (number) => (servers.includes(known[number]?.[0]) ? undefined : known[number]);
  const typed = values ?? servers.map((server, number) => (known.find(([name]) => name === server) ?? renamed(number))?.[1]);
  box.replaceChildren(...servers.map((server) =>
    make("label", {}, `Key set that ${server} serves, JSON or a JWS`,
      make("textarea", { rows: 3, wrap: "off", spellcheck: "false", "data-server": server, oninput: changed }))));
  box.querySelectorAll("textarea").forEach((field, number) => { field.value = typed[number] ?? ""; });
}

/** As many rows as there are lines, within reason. */
function fit(field) {
  if (field.closest(".editor")) return;
  const lines = field.value.split("\n", 30).length;
  const least = field.classList.contains("wrap") ? Math.min(8, Math.ceil(field.value.length / 64)) : lines;
  field.rows = Math.min(16, Math.max(Number(field.dataset.rows ??= field.rows), least));
}

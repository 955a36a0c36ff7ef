// The token and the proof: what they say, and how they are made here.

/** A claim that names a time, with what is left of it, and a button that turns the clock there. */
function timeOf(claim) {
  const left = claim.time - clockSeconds();
  const isEnd = claim.name === "exp";
  const over = isEnd ? left <= 0 : left > 0;
  const words = isEnd ? (left > 0 ? `${span(left)} left` : `over for ${span(-left)}`) : left > 0 ? `in ${span(left)}` : `${span(-left)} ago`;
  const to = isEnd ? claim.time - 1 : claim.time;
  const turn = make("button", { type: "button", "data-turn-to": claim.name, onclick: () => { turnClock(to); changed(); } },
    isEnd ? "just before" : "then", make("span", { class: "hidden" }, isEnd ? ` the end of the token: turn the clock there` : `, at ${claim.name}: turn the clock there`));
  return make("span", { class: over ? "when over" : "when" }, `${dated(claim.time)}, ${words}`, turn);
}

function table(caption, claims, withTimes) {
  const row = (claim) => make("tr", {},
    make("th", { scope: "row" }, make("code", {}, claim.name)), make("td", {}, claim.meaning ?? ""),
    make("td", { class: "mono" }, claim.value.length > 2000 ? `${claim.value.slice(0, 2000)}…` : claim.value,
      withTimes && typeof claim.time === "number" ? timeOf(claim) : null));
  const hidden = (text) => make("th", { scope: "col" }, make("span", { class: "hidden" }, text));
  return make("table", {}, make("caption", {}, caption),
    make("thead", {}, make("tr", {}, hidden("Name"), hidden("Meaning"), hidden("Value"))), make("tbody", {}, claims.map(row)));
}

/** What the token or proof in `seen` says. */
function showSigned(name, seen) {
  const box = $(`${name}-decoded`);
  const shown = JSON.stringify([seen, name === "token" ? Math.floor(clockSeconds()) : 0]);
  if (box.dataset.shown === shown) return;
  const holdsFocus = box.contains(document.activeElement);
  if (holdsFocus && box.dataset.of === JSON.stringify(seen)) return;
  box.dataset.shown = shown;
  box.dataset.of = JSON.stringify(seen);
  const decoded = seen?.decoded;
  if (!decoded) box.replaceChildren();
  else if (decoded.form !== "jws") box.replaceChildren(make("p", { class: "note" }, `${decoded.because}.`));
  else box.replaceChildren(...(decoded.because ? [make("p", { class: "note" }, `${decoded.because}.`)] : []), table("It says, unverified:", [...decoded.claims, ...decoded.header], true));
  if (seen?.key) {
    say($(`${name}-key`), `${seen.key.thumbprint.slice(0, 6)}…`);
    if (name === "token") $("token-alg").value = keys.token?.alg ?? "EdDSA";
  }
  if (name === "token") $("token-made").value = seen?.text ?? "";
}

/** 32 random bytes in base64url. */
function random() {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Changes JSON in a field, if it is JSON. */
function amend(field, change) {
  try {
    const value = JSON.parse(field.value);
    change(value);
    field.value = JSON.stringify(value, null, 2);
    fit(field);
  } catch {
    notice("That needs JSON in the fields of the token: header and claims.");
  }
}

function newKey(name) {
  const alg = name === "token" ? $("token-alg").value : "EdDSA";
  const made = ask("make_key", { alg, random: random() });
  if (!made) return;
  keys[name] = made.key;
  if (name === "token") {
    amend($("token-header"), (header) => { header.alg = alg; header.kid = "page-test"; });
  } else {
    amend($("proof-header"), (header) => { header.alg = alg; header.jwk = made.jwk; });
  }
  changed();
}

/** The public key into the configuration, in place of the keys that the token's server has there. */
function pin() {
  let kid = null;
  try { kid = JSON.parse($("token-header").value).kid ?? null; } catch { /* then without a name */ }
  const made = ask("pin", { config: $("config").value, key: keys.token, kid, claims: $("token-claims").value });
  if (!made) return notice("The key cannot be pinned: the configuration is no JSON, or has no entitlement server.");
  $("config").value = made.config;
  changed();
}

function renewTimes() {
  const now = Math.floor(clockSeconds());
  amend($("token-claims"), (claims) => {
    claims.iat = now;
    claims.exp = now + 3600;
    delete claims.nbf;
  });
  changed();
}

/** `cnf.jkt` of the token becomes the thumbprint of the proof's key. */
function bind() {
  // Of what stands there now, which may be newer than the last look.
  look();
  const thumbprint = eecAuthnPage.seen?.proof?.key?.thumbprint;
  if (thumbprint) amend($("token-claims"), (claims) => { claims.cnf = { jkt: thumbprint }; });
  changed();
}

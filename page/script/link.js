// Links: the configuration and the request, and never a token or a secret. What looks like one is left out wherever it stands.

const longestLink = 400000;
const leftOut = "(left out)";
const secretNames = /token|secret|authorization|^dpop$|cookie|password|api-?key/i;

/** `text` without whatever looks like a token or private key material, and without these secrets. */
function withoutSecrets(text, secrets) {
  let safe = text
    .replace(/-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, leftOut)
    .replace(/("(?:d|p|q|dp|dq|qi|k)"\s*:\s*)"[^"]*"/g, `$1"${leftOut}"`)
    .replace(/[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){1,4}/g, (found) => (isCompact(found) ? leftOut : found));
  for (const secret of secrets) if (secret.length >= 6) safe = safe.replaceAll(secret, leftOut);
  return safe;
}

/** Whether it begins as a compact JWS or JWE does: with a JSON object in base64url. */
function isCompact(text) {
  try {
    return /^\s*\{\s*["}]/.test(atob(text.split(".")[0].replaceAll("-", "+").replaceAll("_", "/")));
  } catch {
    return false;
  }
}

/** The path without the values of parameters that name a token or a secret. */
function withoutTokenParameters(path) {
  const [before, ...query] = path.split("?");
  if (query.length === 0) return path;
  const parameter = (text) => {
    const [name] = text.split("=");
    let decoded = name;
    try { decoded = decodeURIComponent(name); } catch { /* then as it stands */ }
    return secretNames.test(decoded) && text.includes("=") ? `${name}=${leftOut}` : text;
  };
  return `${before}?${query.join("?").split("&").map(parameter).join("&")}`;
}

/** What a link carries. */
function linked() {
  const asked = question();
  const parts = [asked.token, asked.proof].flatMap((given) => [given?.text, given?.key?.d]);
  const made = [eecAuthnPage.seen?.token?.text, eecAuthnPage.seen?.proof?.text];
  const secrets = [...parts, ...made, ...Object.values(asked.secrets)].filter((text) => typeof text === "string").map((text) => text.trim());
  const safe = (text) => withoutSecrets(text, secrets);
  return {
    config: safe(asked.config), method: safe(asked.method), path: safe(withoutTokenParameters(asked.path)), host: safe(asked.host),
    headers: asked.headers.filter(([name]) => !secretNames.test(name)).map(([name, value]) => [safe(name), safe(value)]),
    body: asked.body === null ? null : safe(asked.body), now: clock.turned,
  };
}

function link() {
  const bytes = new TextEncoder().encode(JSON.stringify(linked()));
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  const encoded = btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return `${location.href.split("#")[0]}#request=${encoded}`;
}

/** A question out of a link; whoever has written it is nobody to trust, so every part is looked at. */
function unlinked(encoded) {
  if (encoded.length > longestLink) throw new Error("it is too long");
  const bytes = Uint8Array.from(atob(encoded.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const given = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  const isText = (value) => typeof value === "string";
  const isHeader = (header) => Array.isArray(header) && header.length === 2 && header.every(isText);
  const { config, method, path, host, headers, body, now } = given ?? {};
  const isGood = [config, method, path, host].every(isText) && Array.isArray(headers) && headers.every(isHeader)
    && (body === null || isText(body)) && (now === null || Number.isFinite(now));
  if (!isGood) throw new Error("a part of it is missing or of another kind");
  return { config, method, path, host, headers, body, now };
}

/** Does what the address asks for. Whether it asked for anything. */
function followAddress() {
  const [name, value = ""] = location.hash.slice(1).split(/=(.*)/s);
  if (name === "example" && load(value)) return true;
  if (name !== "request") return false;
  try {
    fill(unlinked(value));
    $("example").value = "";
    say($("about"), "From a link: it has brought the configuration and the request. The token is yours to give.");
    changed();
    return true;
  } catch (fault) {
    notice(`The link cannot be read: ${String(fault.message).slice(0, 120)}.`);
    return false;
  }
}

// Links: what the engine lets go of configuration and request, and where the clock is turned to.

const longestLink = 400000;

/** Every secret that stands in a field, chosen or not. */
function knownSecrets() {
  const fields = [$("token-text"), $("token-made"), $("proof-text"), ...document.querySelectorAll("#secret-fields input")];
  const { seen } = eecAuthnPage;
  return [...fields.map((field) => field.value), seen?.token?.text, seen?.proof?.text, keys.token?.d, keys.proof?.d].filter(Boolean);
}

/** The link to what stands in the page, with how many values it leaves out; null if there is none. */
function link() {
  const asked = ask("carried", { ...question(), known: knownSecrets() });
  if (!asked?.carried) return null;
  const bytes = new TextEncoder().encode(JSON.stringify({ ...asked.carried, now: clock.turned }));
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  const encoded = btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  if (encoded.length > longestLink) return null;
  return { url: `${location.href.split("#")[0]}#request=${encoded}`, leftOut: asked.left_out };
}

function showLink() {
  const made = $("link-menu").open ? link() : { url: "", leftOut: 0 };
  $("link").value = made?.url ?? "";
  const left = made?.leftOut ?? 0;
  say($("link-state"), !made ? "No link can carry this." : left ? `${left} value${left === 1 ? " is" : "s are"} left out.` : "");
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

/** What no link carries: it is judged without a token, and not with one that happens to be there. */
const notLinked = { token: null, proof: null, used_proof: false, certificate: "", answer: null, secrets: {}, sets: [] };

/** Does what the address asks for. Whether it asked for anything that there is. */
function followAddress() {
  const [name, value = ""] = location.hash.slice(1).split(/=(.*)/s);
  if (name === "example") {
    const isThere = load(value);
    if (!isThere) notice(`There is no example called ${JSON.stringify(value.slice(0, 60))}; the list has all there are.`);
    return isThere;
  }
  if (name !== "request") return false;
  let given = null;
  try {
    given = unlinked(value);
  } catch (fault) {
    notice(`The link cannot be read: ${String(fault.message).slice(0, 120)}.`);
    return false;
  }
  [keys.token, keys.proof] = [null, null];
  fill({ ...notLinked, ...given });
  $("example").value = "";
  say($("about"), "From a link: it has brought the configuration and the request. The token is yours to give.");
  look();
  return true;
}

// Links: what the engine lets go of configuration and request, and where the clock is turned to.

const longestLink = 400000;

/** Every secret that stands in a field, chosen or not. */
function knownSecrets() {
  const fields = [$("token-text"), $("token-made"), $("proof-text"), ...document.querySelectorAll("#secret-fields input")];
  const { seen } = eecAuthnPage;
  const pasted = [...$("certificate").value.matchAll(/-----BEGIN [^-]*PRIVATE KEY-----([^-]*)/g)].map(([, key]) => key.replace(/\s/g, ""));
  return [...fields.map((field) => field.value), ...pasted, seen?.token?.text, seen?.proof?.text, keys.token?.d, keys.proof?.d].filter(Boolean);
}

/** What is JSON or may be, of which some members are secrets: the engine knows which. */
function knownTexts() {
  const made = ["token-header", "token-claims", "proof-header", "proof-claims", "answer"];
  return made.map((id) => $(id).value).filter(Boolean);
}

/** Where others find this page. Its query is nobody's business, and a file is at no address that others have. */
const pageAddress = () => (/^https?:$/.test(location.protocol) ? `${location.origin}${location.pathname}` : "");

/** The link to what stands in the page, with how many values it leaves out; null if there is none. */
function link() {
  const asked = ask("carried", { ...question(), known: knownSecrets(), texts: knownTexts() });
  if (!asked?.carried) return null;
  const bytes = new TextEncoder().encode(JSON.stringify({ ...asked.carried, now: clock.turned }));
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  const encoded = btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  if (encoded.length > longestLink) return null;
  return { url: `${pageAddress()}#request=${encoded}`, leftOut: asked.left_out };
}

function showLink() {
  const made = $("link-menu").open ? link() : { url: "", leftOut: 0 };
  $("link").value = made?.url ?? "";
  const left = made?.leftOut ?? 0;
  const words = [left ? `${left} value${left === 1 ? " is" : "s are"} left out.` : "", pageAddress() ? "" : "This page is a file of yours: put this behind the address where others have the page."];
  say($("link-state"), made ? words.filter(Boolean).join(" ") : "No link can carry this.");
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
  // Nobody has to have made it with this page: what may not go into a link does not come out of one.
  const asked = ask("carried", { config, method, path, host, headers, body });
  if (!asked?.carried) throw new Error("it cannot be taken apart");
  return { given: { ...asked.carried, now }, leftOut: asked.left_out };
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
  let brought = null;
  try {
    brought = unlinked(value);
  } catch (fault) {
    notice(`The link cannot be read: ${String(fault.message).slice(0, 120)}.`);
    return false;
  }
  [keys.token, keys.proof] = [null, null];
  fill({ ...notLinked, ...brought.given });
  $("example").value = "";
  const left = brought.leftOut;
  const dropped = left ? ` ${left} value${left === 1 ? "" : "s"} of it that no link may carry ${left === 1 ? "is" : "are"} left out.` : "";
  say($("about"), `From a link: it has brought the configuration and the request.${dropped} The token is yours to give.`);
  look();
  return true;
}

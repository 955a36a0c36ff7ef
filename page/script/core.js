// The filter's own code. A fault in it is told, and a fresh copy takes its place: nothing of the page is lost.

const core = { compiled: null, functions: null };

/** Compiles the module once; it came with the page, so nothing is fetched. */
async function startCore() {
  const bytes = Uint8Array.from(atob(coreInBase64), (c) => c.charCodeAt(0));
  core.compiled = await WebAssembly.compile(bytes);
  freshCore();
}

function freshCore() {
  core.functions = newCore();
  core.functions.initSync({ module: core.compiled });
}

/** What `name` answers to `question`; null if it has failed. */
function ask(name, question) {
  const text = typeof question === "string" ? question : JSON.stringify(question ?? null);
  try {
    return JSON.parse(core.functions[name](text));
  } catch (fault) {
    notice(`A fault in the page's engine, which is worth reporting: ${String(fault?.message ?? fault).slice(0, 300)}. It was started anew.`, true);
    freshCore();
    return null;
  }
}

// For whoever wants to see what the page asks; the tests hold on to it, too.
globalThis.eecAuthnPage = { core, ask };

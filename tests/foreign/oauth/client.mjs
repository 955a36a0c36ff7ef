// Clients that nobody here wrote: `oauth4webapi`, which gets a bound token and uses it, and `dpop`, which makes proofs alone.
//
// Standard input:  {"issuer": URL, "host": HOST, "port": of the proxy, "resource": URL, "alg": "ES256", "path": P}, or without
//                  "alg" for a token that is not bound; perhaps "scope", and "token_endpoint" if it is not the issuer's own
// Standard output: {"token": T, "token_type": N, "statuses": [...], "nonces": N, "proof": by `dpop` for {"method", "path"}}, of an
//                  unbound token the first two
import { request } from "node:http";
import { load } from "./load.mjs";

const oauth = await load("oauth4webapi");
const dpop = await load("dpop");
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const orders = JSON.parse(Buffer.concat(chunks));

// The protected server's name leads to the proxy.
let nonces = 0;
const customFetch = (url, init) =>
  new Promise((resolve, reject) => {
    const { host, hostname, port, pathname, search } = new URL(url);
    const proxied = hostname === orders.host;
    const sent = request(
      {
        host: "127.0.0.1",
        port: proxied ? orders.port : port,
        path: pathname + search,
        method: init.method,
        headers: { ...Object.fromEntries(Object.entries(init.headers)), host },
      },
      (answer) => {
        const body = [];
        answer.on("data", (piece) => body.push(piece));
        answer.on("end", () => {
          const headers = new Headers();
          for (let n = 0; n < answer.rawHeaders.length; n += 2) headers.append(answer.rawHeaders[n], answer.rawHeaders[n + 1]);
          if (proxied && headers.has("dpop-nonce")) nonces += 1;
          const empty = [204, 304].includes(answer.statusCode);
          resolve(new Response(empty ? null : Buffer.concat(body), { status: answer.statusCode, headers }));
        });
      },
    );
    sent.on("error", reject);
    sent.end(init.body ? init.body.toString() : undefined);
  });

const options = { [oauth.customFetch]: customFetch, [oauth.allowInsecureRequests]: true };
const as = {
  issuer: orders.issuer,
  token_endpoint: orders.token_endpoint ?? `${orders.issuer}/token`,
};
const client = { client_id: "eec-1" };
const keys = orders.alg && (await oauth.generateKeyPair(orders.alg, { extractable: true }));
const handle = orders.alg && oauth.DPoP(client, keys);
const parameters = new URLSearchParams({ resource: orders.resource, scope: orders.scope ?? "edge" });
const authentication = oauth.ClientSecretPost("secret");
const ask = () =>
  oauth.clientCredentialsGrantRequest(as, client, authentication, parameters, { ...options, DPoP: handle });
const answer = await oauth.processClientCredentialsResponse(as, client, await ask());
if (!orders.alg) {
  console.log(JSON.stringify({ token: answer.access_token, token_type: answer.token_type }));
  process.exit(0);
}
const url = new URL(`https://${orders.host}${orders.path}`);

const statuses = [];
for (let n = 0; n < 3; n += 1) {
  const get = () =>
    oauth.protectedResourceRequest(answer.access_token, "DELETE", url, new Headers(), null, { ...options, DPoP: handle });
  try {
    statuses.push((await get()).status);
  } catch (error) {
    // The library keeps the nonce of the answer; the caller tries again, as RFC 9449, section 9 has it.
    if (!oauth.isDPoPNonceError(error)) {
      statuses.push(`${error.message}: ${JSON.stringify(error.cause)}`);
      continue;
    }
    statuses.push((await get()).status);
  }
}
const proof = await dpop.generateProof(keys, url.href, "DELETE", orders.nonce, answer.access_token);
console.log(
  JSON.stringify({ token: answer.access_token, token_type: answer.token_type, statuses, nonces, proof }),
);

// An issuer that nobody here wrote: oidc-provider, with DPoP, certificate-bound tokens, introspection and JWTs.
//
// Arguments: HOST, and perhaps the issuer's URL, if it is not that where it listens.
// It prints {"port": N, "jwk": its public key}, and runs until standard input ends. Client `eec-1` gets tokens for itself
// (client credentials): JWTs for the resource `https://HOST`, opaque ones for `https://HOST/opaque`. Client `mtls` gets tokens
// that are bound to the certificate in the header `client-certificate` (PEM, base64). Client `ees1` asks about tokens.
import { X509Certificate, generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { load } from "./load.mjs";

const { default: Provider } = await load("oidc-provider");
const [HOST, ISSUER] = process.argv.slice(2);

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const named = { kid: "issuer-1", alg: "ES256", use: "sig" };
const client = (client_id, more) => ({
  client_id,
  client_secret: "secret",
  grant_types: ["client_credentials"],
  response_types: [],
  redirect_uris: [],
  token_endpoint_auth_method: "client_secret_post",
  id_token_signed_response_alg: "ES256",
  ...more,
});

const server = createServer();
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const { port } = server.address();

const provider = new Provider(ISSUER ?? `http://127.0.0.1:${port}`, {
  routes: { introspection: "/oauth2/introspect" },
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), ...named }] },
  clients: [
    client("eec-1"),
    client("mtls", { tls_client_certificate_bound_access_tokens: true }),
    client("ees1", { token_endpoint_auth_method: "client_secret_basic" }),
  ],
  enabledJWA: { dPoPSigningAlgValues: ["ES256", "EdDSA", "Ed25519", "RS256", "PS256"] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    dPoP: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    mTLS: {
      enabled: true,
      certificateBoundAccessTokens: true,
      getCertificate: (ctx) => {
        const pem = ctx.get("client-certificate");
        return pem ? new X509Certificate(Buffer.from(pem, "base64")) : undefined;
      },
    },
    resourceIndicators: {
      enabled: true,
      useGrantedResource: () => true,
      getResourceServerInfo: (_ctx, resource) => ({
        scope: "edge eees-eecregistration eees-easdiscovery",
        audience: HOST,
        accessTokenTTL: 600,
        accessTokenFormat: resource.endsWith("/opaque") ? "opaque" : "jwt",
        jwt: { sign: { alg: "ES256" } },
      }),
    },
  },
});
server.on("request", provider.callback());
process.stdin.on("end", () => process.exit(0)).resume();
console.log(JSON.stringify({ port, jwk: { ...publicKey.export({ format: "jwk" }), ...named } }));

// The packages lie in .tools/oauth, where `make setup` puts them.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(new URL("../../../.tools/oauth/package.json", import.meta.url));

export const load = async (name) => import(pathToFileURL(require.resolve(name)).href);

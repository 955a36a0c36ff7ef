// What a configuration protects: operations with what is checked of each, and the rules in their order.

const nameOf = (rules, number) => `rules[${number}]${rules[number]?.name === null || rules[number] === undefined ? "" : ` ${rules[number].name}`}`;
const listed = (texts) => texts.length === 0 ? null : make("ul", {}, texts.map((text) => make("li", {}, text)));

function operationRows(operations, rules) {
  let api = null;
  return operations.flatMap((operation) => {
    const rows = [];
    if (operation.api !== api) {
      api = operation.api;
      rows.push(make("tr", { class: "api" }, make("th", { colspan: 4, scope: "colgroup" }, api)));
    }
    const hidden = operation.hidden_rules.map((number) => nameOf(rules, number));
    rows.push(make("tr", {},
      make("th", { scope: "row" }, make("span", { class: "method" }, operation.method), " ", make("code", {}, operation.path)),
      make("td", {}, operation.rule === null ? "built in" : nameOf(rules, operation.rule),
        hidden.length ? make("div", { class: "note" }, "before ", hidden.flatMap((name, number) => [number ? ", " : "", make("s", {}, name)])) : null),
      make("td", {}, make("span", { class: `chip ${operation.outcome === "needs a token" ? "good" : operation.outcome.startsWith("passes") ? "warn" : "bad"}` }, operation.outcome)),
      make("td", {}, listed(operation.checks))));
    return rows;
  });
}

function ruleRow(rule, rules) {
  const checks = [...rule.claims, ...rule.bind, ...(rule.built_in_binding ? [] : ["without the built-in binding"])];
  return make("tr", {},
    make("th", { scope: "row" }, nameOf(rules, rule.number)),
    make("td", {}, listed(rule.takes)),
    make("td", {}, make("span", { class: "chip" }, rule.outcome), rule.only_recorded ? make("span", { class: "chip warn" }, "only recorded") : null),
    make("td", {}, listed(checks)),
    make("td", {}, rule.hidden_by === null ? "" : make("span", { class: "chip bad" }, `never reached: ${nameOf(rules, rule.hidden_by)} takes all of it`)));
}

const headings = (...words) => make("thead", {}, make("tr", {}, words.map((word) => make("th", { scope: "col" }, word))));

function showProtection(seen) {
  const box = $("protection");
  const text = JSON.stringify(seen.protection ?? null);
  if (box.dataset.shown === text) return;
  box.dataset.shown = text;
  $("paths").replaceChildren(...(seen.protection?.operations ?? []).map(({ path, method }) => make("option", { value: path }, method)));
  if (!seen.protection) {
    say($("protection-summary"), "The configuration has errors: as it stands, it protects nothing, and Envoy would keep the one before.");
    return box.replaceChildren();
  }
  const { role, fqdns, entitlement_servers: servers, operations, rules, shadow, built_in_operations: builtIn } = seen.protection;
  const server = role === "ees" ? "An EES (EDGE-1)" : "An edge ECS (EDGE-4)";
  say($("protection-summary"), `${server} under ${fqdns.join(", ")}, for tokens of ${servers.join(", ")}.${shadow ? " It is in shadow mode: nothing is refused." : ""}${builtIn ? "" : " The built-in operations are turned off."} Whatever is in neither table is refused: route_unmatched.`);
  const scrolled = (content, label) => make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label }, content);
  const tables = [];
  if (rules.length) {
    tables.push(scrolled(make("table", { class: "protection", id: "rules" }, make("caption", {}, "Rules, tried in this order: the first that takes a request decides"),
      headings("Rule", "Takes", "So that it", "Checked beside the token", "Remark"), make("tbody", {}, rules.map((rule) => ruleRow(rule, rules)))), "Rules"));
  }
  tables.push(scrolled(make("table", { class: "protection", id: "operations" }, make("caption", {}, "Built-in operations"),
    headings("Operation", "Taken by", "So that it", "Checked beside the token"), make("tbody", {}, operationRows(operations, rules))), "Built-in operations"));
  box.replaceChildren(...tables);
}

//! What to try while the environment is kept.

use super::environment::Environment;
use super::names::{EEC_ID, GPSI, REGISTRATIONS};
use crate::cli::Output;
use crate::cli::failure::Failure;
use serde_json::json;

/// Prints lines for a shell, or the addresses for a machine.
pub(super) fn print(environment: &Environment, output: Output) -> Result<(), Failure> {
    let [edge, ecs, admin] = [environment.envoy.ees(), environment.envoy.ecs(), environment.envoy.admin()];
    let Environment { entitlement, ees_fqdn, ecs_fqdn, .. } = environment;
    if output.json {
        return output.line(json!({
            "edge": format!("http://{edge}"), "ecs": format!("http://{ecs}"), "admin": format!("http://{admin}"),
            "entitlement_server": format!("http://{entitlement}"), "host": ees_fqdn, "ecs_host": ecs_fqdn,
        }));
    }
    let registration = json!({"eecId": EEC_ID, "ueId": GPSI});
    let register = format!("curl -i http://{edge}{REGISTRATIONS} -H 'host: {ees_fqdn}'");
    let json = format!("-H 'content-type: application/json' -d '{registration}'");
    let program = std::env::current_exe().map_err(Failure::because("this program"))?;
    let program = program.display();
    output.lines(format_args!(
        r#"# a client's life, step by step; --dpop: with a key of its own; --clients 100 --rate 50 --for 10s and 'eec-{{n}}': a crowd
{program} eec --entitlement-server http://{entitlement} --ecs http://{ecs_fqdn} --eec-id {EEC_ID} --ue-id {GPSI} \
  --connect {ecs_fqdn}={ecs} --connect {ees_fqdn}={edge}

# no token: 401
{register} {json}

# a token for an EEC, and 201
TOKEN=$(curl -s http://{entitlement}/token -d eec_id={EEC_ID} -d gpsi={GPSI} | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
{register} {json} -H "authorization: Bearer $TOKEN"

# an expired one, one for another EES, a forged one: add to the line that asks for a token
#   -d lifetime_seconds=-3600    -d audience=ees2.edge.example.net    -d forged=true

# a new key for tokens; those of the old one, like $TOKEN, are good still…
curl -s http://{entitlement}/rotate -d keep=true

# …until it is taken out of the set: 401, once the filters have fetched that, about a second later
curl -s -X POST http://{entitlement}/retire

# what Envoy counted
curl -s 'http://{admin}/stats?usedonly&filter=wasmcustom'

Ctrl-C ends it."#
    ))
}

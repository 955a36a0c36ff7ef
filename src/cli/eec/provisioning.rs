//! What the edge ECS answers: which EES is the client's (TS 24.558, clause 6.1; `ECSServProvResp`).

use super::url::Url;
use serde_json::Value;

/// The first EES that can be reached, as its root.
pub(super) fn ees(answer: &[u8]) -> Result<Url, String> {
    let answer: Value =
        serde_json::from_slice(answer).map_err(|error| format!("its answer is not JSON: {error}"))?;
    let list = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
    let networks = list(&answer, "ednCnfgInfo");
    let mut found = networks.iter().flat_map(|network| list(network, "eess"));
    found.find_map(|ees| root(&ees["endPt"])).ok_or_else(|| {
        let to = list(&answer, "redirectedECS");
        match to.first().and_then(|ecs| root(&ecs["ecsEndPt"])) {
            Some(other) => format!("it names another edge ECS, `{other}`; ask that one by --ecs"),
            None => "it names no EES with an endpoint".to_owned(),
        }
    })
}

/// The root of an `EndPoint`: what is no URI is reached by https.
fn root(end_point: &Value) -> Option<Url> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let first = |name: &str| end_point[name].get(0).and_then(text);
    let url = text(&end_point["uri"])
        .or_else(|| text(&end_point["fqdn"]).map(|fqdn| format!("https://{fqdn}")))
        .or_else(|| first("ipv4Addrs").map(|address| format!("https://{address}")))
        .or_else(|| first("ipv6Addrs").map(|address| format!("https://[{address}]")))?;
    Url::parse_root(&url).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn named(end_points: &[Value]) -> Result<String, String> {
        let eess: Vec<Value> = end_points
            .iter()
            .map(|end_point| json!({"eesId": "e", "endPt": end_point, "eecRegConf": true}))
            .collect();
        let answer = json!({"ednCnfgInfo": [{"ednConInfo": {"dnn": "edge"}, "eess": eess}]});
        ees(answer.to_string().as_bytes()).map(|url| url.to_string())
    }

    #[test]
    fn every_form_of_an_end_point() {
        for (end_point, root) in [
            (json!({"uri": "http://ees1.example:8080/edge/"}), "http://ees1.example:8080/edge"),
            (json!({"fqdn": "ees1.example"}), "https://ees1.example"),
            (json!({"ipv4Addrs": ["192.0.2.1"]}), "https://192.0.2.1"),
            (json!({"ipv6Addrs": ["2001:db8::1"]}), "https://[2001:db8::1]"),
        ] {
            assert_eq!(named(std::slice::from_ref(&end_point)), Ok(root.to_owned()), "{end_point}");
        }
        // One that cannot be reached is passed over.
        let two = [json!({"uri": "coap://ees1.example"}), json!({"fqdn": "ees2.example"})];
        assert_eq!(named(&two), Ok("https://ees2.example".to_owned()));
    }

    #[test]
    fn answers_that_name_none() {
        assert!(named(&[]).is_err() && named(&[json!({})]).is_err() && named(&[Value::Null]).is_err());
        for wrong in ["", "[]", "{}", "null", r#"{"ednCnfgInfo": {"eess": 1}}"#] {
            assert!(ees(wrong.as_bytes()).is_err(), "{wrong}");
        }
        let moved = json!({"ednCnfgInfo": [], "redirectedECS": [{"ecsEndPt": {"fqdn": "ecs2.example"}}]});
        assert!(ees(moved.to_string().as_bytes()).is_err_and(|why| why.contains("https://ecs2.example")));
    }
}

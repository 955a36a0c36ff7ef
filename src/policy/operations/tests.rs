use super::near::{is_nothing, is_segment_and_nothing};
use super::*;

fn root(text: &str) -> ApiRoot {
    ApiRoot::parse(text).expect("a root")
}

#[test]
fn an_item_is_known_by_its_path_alone() {
    let found = |role, path: &str| {
        item_at(role, &root("/edge"), path.as_bytes()).map(|item| (item.role, item.api, item.resource))
    };
    for (role, api, item) in [
        (Role::Ecs, "eecs-serviceprovisioning", "/subscriptions/{id}"),
        (Role::Ees, "eees-eecregistration", "/registrations/{id}"),
        (Role::Ees, "eees-easdiscovery", "/subscriptions/{id}"),
        (Role::Ees, "eees-acrevents", "/subscriptions/{id}"),
    ] {
        let path = format!("/edge/{api}/v1{}", item.replace("{id}", "x1"));
        assert_eq!(found(role, &path), Some((role, api, item)));
        let other = if role == Role::Ees { Role::Ecs } else { Role::Ees };
        assert_eq!(found(other, &path), None);
        assert_eq!(found(role, path.trim_start_matches("/edge")), None);
        assert_eq!(found(role, path.trim_end_matches("/x1")), None);
    }
    assert_eq!(found(Role::Ees, "/edge/eees-appctxtreloc/v1/determine"), None);
    assert_eq!(found(Role::Ees, "/edge/eees-eecregistration/v1/registrations/x1/y"), None);
}

#[test]
fn a_post_on_a_collection_makes_an_item_of_the_same_api() {
    let made = |role, method: &str, path: &str| {
        let operation = find(role, &root("/"), method.as_bytes(), path.as_bytes()).expect(path);
        item_made_by(operation).map(|item| (item.role, item.api, item.resource))
    };
    for (role, api, collection, item) in [
        (Role::Ecs, "eecs-serviceprovisioning", "/subscriptions", "/subscriptions/{id}"),
        (Role::Ees, "eees-eecregistration", "/registrations", "/registrations/{id}"),
        (Role::Ees, "eees-easdiscovery", "/subscriptions", "/subscriptions/{id}"),
        (Role::Ees, "eees-acrevents", "/subscriptions", "/subscriptions/{id}"),
    ] {
        assert_eq!(made(role, "POST", &format!("/{api}/v1{collection}")), Some((role, api, item)));
        assert_eq!(made(role, "PUT", &format!("/{api}/v1{collection}/x1")), None);
    }
    assert_eq!(made(Role::Ecs, "POST", "/eecs-serviceprovisioning/v1/request"), None);
    assert_eq!(made(Role::Ees, "POST", "/eees-easdiscovery/v1/eas-profiles/request-discovery"), None);
}

#[test]
fn a_slash_and_endings_are_nothing() {
    for rest in [
        "", "/", ".json", ".tar.gz", ".", "..", ".json/", "/.json", "/.json/", "/.", " .json", ".a/.b", "/ /",
    ] {
        assert!(is_nothing(rest.as_bytes()), "{rest}");
        assert!(is_segment_and_nothing(format!("x{rest}").as_bytes()), "x{rest}");
    }
    for rest in ["x", "/x", "x.json", "/x.json", ".json/x", "/.json/x"] {
        assert!(!is_nothing(rest.as_bytes()), "{rest}");
    }
    for rest in ["", "/", "/.json", "x/y", "x/.json/y"] {
        assert!(!is_segment_and_nothing(rest.as_bytes()), "{rest}");
    }
}

#[test]
fn what_a_lenient_server_would_take_for_an_operation_is_a_near_miss() {
    let miss = |method: &str, rest: &str| {
        let path = format!("/eees-eecregistration/v1{rest}");
        is_near_miss(Role::Ees, &root("/"), Method::of(method.as_bytes(), false), path.as_bytes())
    };
    for rest in [
        "/Registrations",
        "/registrations/",
        "/registrations.json",
        "/registrations.json/",
        "/registrations.a.b",
        "/registrations.a.b/.json",
        "/registrations%20.json",
        "/registrations%20/.json",
        "/registrations/r1/",
        "/registrations/r1/.json",
        "/registrations/r1%20/.json/",
        "/registrations%20",
        "/%20registrations/r1",
    ] {
        assert!(miss("POST", rest), "{rest}");
        assert!(miss("GET", rest), "{rest}");
    }
    assert!(miss("post", "/registrations"));
    assert!(miss("Delete", "/registrations/r1"));
    for rest in ["/registrations", "/registrations/r1"] {
        assert!(!miss("GET", rest), "{rest}");
    }
    for rest in ["/registration", "/registrations/r1/x", "", ".json/registrations"] {
        assert!(!miss("POST", rest), "{rest}");
    }
    // Django's `(?i)` and others take them for `s`, `i` and `k`.
    for rest in [
        "/regi%C5%BFtrations/r1",
        "/reg%C4%B1%C5%BFtrations",
        "/%EF%BC%B2egistrations/",
        "/%72egistrations/r1",
    ] {
        assert!(miss("GET", rest), "{rest}");
    }
    for rest in ["/registr%C3%A4tions", "/registrations/%C5%BF", "/registrations/r%FF"] {
        assert!(!miss("GET", rest), "{rest}");
    }
    assert!(miss("POST", "/registrations/r1") && miss("post", "/registrations/r1"));
    assert!(!miss("POST", "/other") && !miss("POST", "/other/r1"));
    let near = |role, path: &str| is_near_miss(role, &root("/edge-1"), Method::Any, path.as_bytes());
    for path in
        ["/edge_1/eees.eecregistration/v1/registrations", "/edge-1/eees%22eecregistration/v1/registrations"]
    {
        assert!(near(Role::Ees, path), "{path}");
        assert!(!near(Role::Ecs, path), "{path}");
    }
    for path in
        ["/edge/1/eees-eecregistration/v1/registrations", "/edge-1/eeesxeecregistration/v1/registrations"]
    {
        assert!(!near(Role::Ees, path), "{path}");
    }
}

#[test]
fn version_1_is_near_however_a_number_is_written() {
    let near = |path: &str| is_near_miss(Role::Ees, &root("/"), Method::Any, path.as_bytes());
    for version in ["V1", "v1.0", "v1.0.0", "1", "1.0", "v01", "x1", "version%201", "v1.2", "%EF%BD%961"] {
        let path = format!("/eees-eecregistration/{version}/registrations/r1");
        assert!(near(&path), "{path}");
    }
    for version in ["v", "v2", "v11", "v2.1", "v10", "v0", "v1-beta", "1x", ""] {
        let path = format!("/eees-eecregistration/{version}/registrations/r1");
        assert!(!near(&path), "{path}");
    }
}

#[test]
fn a_root_with_escapes_is_decoded_as_the_path_is() {
    let near = |path: &str| is_near_miss(Role::Ees, &root("/%C3%A9dge"), Method::Is(b"PUT"), path.as_bytes());
    for path in [
        "/%C3%A9dge/eees-eecregistration/v1/registrations/",
        "/%C3%A9dge/eees-eecregistration/v1/registrations%20",
        "/%C3%A9dge/eees-eecregistration/v1/regi%C5%BFtrations/r1",
        "/%C3%A9DGE/eees-eecregistration/v1/registrations/r1",
    ] {
        assert!(near(path), "{path}");
    }
    assert!(!near("/edge/eees-eecregistration/v1/registrations%20"));
}

#[test]
fn a_method_in_the_query_may_be_any() {
    let path = b"/eees-eecregistration/v1/registrations/r1";
    let near = |names_method| is_near_miss(Role::Ees, &root("/"), Method::of(b"GET", names_method), path);
    assert!(near(true) && !near(false));
}

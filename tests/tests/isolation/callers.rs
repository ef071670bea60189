//! Who starts the calf: what each caller's sandbox has, by name of the variant.

use crate::hostile;

/// Layers of every sandbox, whoever starts it.
const MANDATORY: [&str; 11] = [
    "capabilities",
    "descriptors",
    "empty-root",
    "ipc-namespace",
    "mount-namespace",
    "net-namespace",
    "no-new-privileges",
    "pid-namespace",
    "resource-limits",
    "seccomp",
    "uts-namespace",
];

fn layers_for(caller: &str) -> Vec<String> {
    let outcome = hostile::run(&[caller, "echo"]);
    assert_eq!(outcome.refused, None, "{caller}");
    assert_eq!(outcome.said, ["echoed true allocated 1999000"], "{caller}");
    for layer in MANDATORY {
        assert!(
            outcome.layers.iter().any(|name| name == layer),
            "{caller} lacks {layer}"
        );
    }
    outcome.layers
}

fn has(layers: &[String], layer: &str) -> bool {
    layers.iter().any(|name| name == layer)
}

#[test]
fn root_gets_a_user_namespace_and_an_empty_bounding_set() {
    let layers = layers_for("--caller=root");
    assert!(has(&layers, "user-namespace"));
    assert!(has(&layers, "empty-bounding-set"));
}

#[test]
fn root_without_setuid_maps_itself_into_a_user_namespace() {
    let layers = layers_for("--caller=no-setuid");
    assert!(has(&layers, "user-namespace"));
    assert!(has(&layers, "empty-bounding-set"));
}

#[test]
fn root_with_a_containers_four_capabilities_has_no_user_namespace_and_says_so() {
    let layers = layers_for("--caller=four-capabilities");
    assert!(!has(&layers, "user-namespace"));
    assert!(!has(&layers, "empty-bounding-set"));
}

#[test]
fn a_user_without_any_privilege_gets_the_whole_sandbox() {
    let layers = layers_for("--caller=user");
    assert!(has(&layers, "user-namespace"));
    assert!(has(&layers, "empty-bounding-set"));
}

#[test]
fn a_required_layer_that_is_absent_is_an_error_that_names_it() {
    let outcome = hostile::run(&[
        "--caller=four-capabilities",
        "--require=user-namespace",
        "wait",
    ]);
    assert_eq!(outcome.refused(), "the sandbox lacks user-namespace");
    assert_eq!(outcome.end, None);
}

#[test]
fn root_without_capabilities_is_told_what_to_do() {
    let outcome = hostile::run(&["--caller=no-capabilities", "wait"]);
    let reason = outcome.refused();
    assert!(
        reason.starts_with("cannot make the sandbox's namespaces"),
        "{reason}"
    );
    assert!(
        reason.contains("run as root with CAP_SYS_ADMIN"),
        "{reason}"
    );
}

#[test]
fn the_static_program_has_the_same_layers_for_every_caller() {
    let program = hostile::static_program();
    for caller in [
        "--caller=root",
        "--caller=no-setuid",
        "--caller=four-capabilities",
        "--caller=user",
    ] {
        let outcome = hostile::run_program(&program, &[caller, "wait"]);
        assert_eq!(outcome.refused, None, "{caller}");
        assert_eq!(outcome.layers, layers_for(caller), "{caller}");
    }
}

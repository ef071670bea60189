//! The schema may only grow: everything of the earlier one is in the present one, where it was and as it was.

use std::collections::BTreeMap;

use capnp::{
    message::{Builder, HeapAllocator, ReaderOptions},
    schema_capnp::{code_generator_request, field, method, node, type_, value},
    serialize,
};

use crate::previous;

const PRESENT: &[u8] = include_bytes!("../../schema/calfkit.cgr");

/// What the wire depends on, by name.
type Facts = BTreeMap<String, String>;

fn loaded(mut compiled: &[u8]) -> Builder<HeapAllocator> {
    let reader = serialize::read_message(&mut compiled, ReaderOptions::new()).unwrap();
    let root: code_generator_request::Reader<'_> = reader.get_root().unwrap();
    let mut builder = Builder::new_default();
    builder.set_root(root).unwrap();
    builder
}

fn facts(schema: &Builder<HeapAllocator>) -> Facts {
    let root: code_generator_request::Reader<'_> = schema.get_root_as_reader().unwrap();
    let mut facts = Facts::new();
    for node in root.get_nodes().unwrap() {
        let name = node.get_display_name().unwrap().to_str().unwrap();
        let name = format!("{name} (@0x{:x})", node.get_id());
        match node.which().unwrap() {
            node::Struct(structure) => {
                facts.insert(
                    format!("{name}, union"),
                    match structure.get_discriminant_count() {
                        0 => "none".to_owned(),
                        _ => format!("at {}", structure.get_discriminant_offset()),
                    },
                );
                for field in structure.get_fields().unwrap() {
                    let (field, fact) = field_fact(field);
                    facts.insert(format!("{name}.{field}"), fact);
                }
            }
            node::Enum(enumeration) => {
                for (number, enumerant) in enumeration.get_enumerants().unwrap().iter().enumerate()
                {
                    let enumerant = enumerant.get_name().unwrap().to_str().unwrap();
                    facts.insert(format!("{name}.{enumerant}"), number.to_string());
                }
            }
            node::Interface(interface) => {
                for superclass in interface.get_superclasses().unwrap() {
                    let superclass = format!("{name} extends 0x{:x}", superclass.get_id());
                    facts.insert(superclass, String::new());
                }
                for (number, method) in interface.get_methods().unwrap().iter().enumerate() {
                    let (method, fact) = method_fact(method);
                    facts.insert(format!("{name}.{method}()"), format!("@{number} {fact}"));
                }
            }
            node::File(()) | node::Const(_) | node::Annotation(_) => {}
        }
    }
    facts
}

fn field_fact(field: field::Reader<'_>) -> (String, String) {
    let name = field.get_name().unwrap().to_string().unwrap();
    let member = field.get_discriminant_value();
    let place = match field.which().unwrap() {
        field::Slot(slot) => {
            let default = value_name(slot.get_default_value().unwrap());
            let of_type = type_name(slot.get_type().unwrap());
            format!("{of_type} at {} = {default}", slot.get_offset())
        }
        field::Group(group) => format!("group 0x{:x}", group.get_type_id()),
    };
    (name, format!("{place}, member {member}"))
}

fn method_fact(method: method::Reader<'_>) -> (String, String) {
    let name = method.get_name().unwrap().to_string().unwrap();
    let (takes, gives) = (
        method.get_param_struct_type(),
        method.get_result_struct_type(),
    );
    (name, format!("0x{takes:x} -> 0x{gives:x}"))
}

fn type_name(of_type: type_::Reader<'_>) -> String {
    match of_type.which().unwrap() {
        type_::Void(()) => "Void".into(),
        type_::Bool(()) => "Bool".into(),
        type_::Int8(()) => "Int8".into(),
        type_::Int16(()) => "Int16".into(),
        type_::Int32(()) => "Int32".into(),
        type_::Int64(()) => "Int64".into(),
        type_::Uint8(()) => "UInt8".into(),
        type_::Uint16(()) => "UInt16".into(),
        type_::Uint32(()) => "UInt32".into(),
        type_::Uint64(()) => "UInt64".into(),
        type_::Float32(()) => "Float32".into(),
        type_::Float64(()) => "Float64".into(),
        type_::Text(()) => "Text".into(),
        type_::Data(()) => "Data".into(),
        type_::List(list) => format!("List({})", type_name(list.get_element_type().unwrap())),
        type_::Enum(named) => format!("enum 0x{:x}", named.get_type_id()),
        type_::Struct(named) => format!("struct 0x{:x}", named.get_type_id()),
        type_::Interface(named) => format!("interface 0x{:x}", named.get_type_id()),
        type_::AnyPointer(_) => "AnyPointer".into(),
    }
}

/// The default of a field, as far as the wire depends on it: numbers are stored as their difference from it.
fn value_name(default: value::Reader<'_>) -> String {
    match default.which().unwrap() {
        value::Bool(flag) => flag.to_string(),
        value::Int8(number) => number.to_string(),
        value::Int16(number) => number.to_string(),
        value::Int32(number) => number.to_string(),
        value::Int64(number) => number.to_string(),
        value::Uint8(number) => number.to_string(),
        value::Uint16(number) | value::Enum(number) => number.to_string(),
        value::Uint32(number) => number.to_string(),
        value::Uint64(number) => number.to_string(),
        value::Float32(number) => number.to_string(),
        value::Float64(number) => number.to_string(),
        value::Void(())
        | value::Text(_)
        | value::Data(_)
        | value::List(_)
        | value::Struct(_)
        | value::Interface(())
        | value::AnyPointer(_) => "none".into(),
    }
}

/// What of the earlier schema is not so in the later one.
fn broken(earlier: &Facts, later: &Facts) -> Vec<String> {
    earlier
        .iter()
        .filter(|(name, fact)| later.get(*name) != Some(*fact))
        .map(|(name, fact)| format!("{name}: {fact} -> {:?}", later.get(name)))
        .collect()
}

#[test]
fn the_schema_has_only_grown_since_the_earlier_one() {
    let earlier = facts(&loaded(previous::COMPILED));
    let present = facts(&loaded(PRESENT));

    assert_eq!(broken(&earlier, &present), Vec::<String>::new());

    // It is another schema, and what the walk sees is what there is.
    let grown = broken(&present, &earlier);
    let has = |name: &str| grown.iter().any(|fact| fact.contains(name));
    assert!(
        has("calfkit.capnp:Net (@0x") && has(".watchLink()"),
        "{grown:?}"
    );
    assert!(
        has(".offersOnly") && has(".offered") && has(":Flow"),
        "{grown:?}"
    );
    assert!(earlier.len() > 150, "{}", earlier.len());
}

/// What is said of the present schema after a change to it.
fn after(change: impl FnOnce(code_generator_request::Builder<'_>)) -> Vec<String> {
    let mut changed = loaded(PRESENT);
    change(changed.get_root().unwrap());
    broken(&facts(&loaded(previous::COMPILED)), &facts(&changed))
}

/// The node of this name.
fn named<'a>(root: code_generator_request::Builder<'a>, name: &str) -> node::Builder<'a> {
    let mut nodes = root.get_nodes().unwrap();
    let place = nodes.reborrow().into_reader().iter().position(|node| {
        let full = node.get_display_name().unwrap().to_str().unwrap();
        full.rsplit(':').next() == Some(name)
    });
    nodes.get(place.unwrap().try_into().unwrap())
}

/// The first field of the struct of this name.
fn first_field<'a>(root: code_generator_request::Builder<'a>, name: &str) -> field::Builder<'a> {
    let Ok(node::Struct(structure)) = named(root, name).which() else {
        panic!("{name} is no struct");
    };
    structure.get_fields().unwrap().get(0)
}

#[test]
fn a_field_that_is_renumbered_retyped_or_removed_is_seen() {
    let moved = after(|root| {
        let Ok(field::Slot(mut slot)) = first_field(root, "Link").which() else {
            panic!("no slot");
        };
        let next = slot.reborrow().get_offset() + 1;
        slot.set_offset(next);
    });
    assert_eq!(moved.len(), 1, "{moved:?}");

    let retyped = after(|root| {
        let Ok(field::Slot(slot)) = first_field(root, "Link").which() else {
            panic!("no slot");
        };
        slot.get_type().unwrap().set_uint8(());
    });
    assert_eq!(retyped.len(), 1, "{retyped:?}");

    let removed = after(|root| first_field(root, "Link").set_name("other"));
    assert_eq!(removed.len(), 1, "{removed:?}");

    let other_member = after(|root| first_field(root, "OptionalTime").set_discriminant_value(1));
    assert_eq!(other_member.len(), 1, "{other_member:?}");

    let other_default = after(|root| {
        let Ok(field::Slot(slot)) = first_field(root, "Link").which() else {
            panic!("no slot");
        };
        slot.get_default_value().unwrap().set_bool(true);
    });
    assert_eq!(other_default.len(), 1, "{other_default:?}");
}

#[test]
fn an_enumerant_or_a_method_in_another_place_is_seen() {
    let renamed = after(|root| {
        let Ok(node::Enum(enumeration)) = named(root, "Level").which() else {
            panic!("no enum");
        };
        let mut enumerants = enumeration.get_enumerants().unwrap();
        enumerants.reborrow().get(0).set_name("second");
    });
    assert_eq!(renamed.len(), 1, "{renamed:?}");

    let method = after(|root| {
        let Ok(node::Interface(interface)) = named(root, "Net").which() else {
            panic!("no interface");
        };
        let mut first = interface.get_methods().unwrap().get(0);
        first.set_param_struct_type(1);
    });
    assert_eq!(method.len(), 1, "{method:?}");

    let interface = after(|root| named(root, "Net").set_id(1));
    // Each of its four methods.
    assert_eq!(interface.len(), 4, "{interface:?}");
}

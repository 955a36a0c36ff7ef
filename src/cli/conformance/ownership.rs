//! `OWN-…`: nobody but its maker replaces, changes or deletes a registration or subscription.

use super::case::{Case, On, Want};
use super::operation_table::OPERATIONS;
use super::operations::Operation;

pub(super) fn cases() -> Vec<Case> {
    OPERATIONS.iter().filter(|op| op.item).flat_map(|op| [owner(op), other(op)]).collect()
}

fn owner(operation: &'static Operation) -> Case {
    Case {
        id: format!("OWN-{}", operation.id),
        title: format!("Its maker can {}", operation.title),
        clause: operation.clause.to_owned(),
        on: On::Operation(operation),
        request: Box::new(move |kit, path| {
            Some(kit.of(operation, path, &kit.eec, &kit.gpsi).bearer(&kit.token_with_gpsi()))
        }),
        want: Want::LetThrough,
    }
}

fn other(operation: &'static Operation) -> Case {
    Case {
        id: format!("OWN-{}-FOREIGN", operation.id),
        title: format!(
            "Another client cannot {} of somebody else's",
            operation.title.replace(" a ", " one ").replace(" an ", " one ")
        ),
        clause: format!("TR 33.739, 6.25; {}", operation.clause),
        on: On::ForeignItem(operation),
        // In its own name: nothing in the request is false, but the resource is not its own.
        request: Box::new(move |kit, path| {
            Some(kit.of(operation, path, &kit.other_eec, &kit.other_gpsi).bearer(&kit.other_token()))
        }),
        want: Want::RefusedItem,
    }
}

//! The members of a rule.

use crate::config::shape::{Form, Presence, Shape, member};
use crate::config::words::{self, names};
use Presence::{Flag, Optional, Required, Text};

pub(super) static RULE: Shape = Shape::Object(&[
    member("name", Shape::Text, Optional, "A name for messages."),
    member("match", MATCH, Required, "Which requests the rule takes; all that is given must hold."),
    member(
        "action",
        Shape::Choice(&names(&words::ACTION)),
        Text("authenticate"),
        "What becomes of such a request.",
    ),
    member("claims", Shape::List { item: &CLAIM_CHECK, min: 0 }, Optional, "What must hold of the token."),
    member("bind", Shape::List { item: &BINDING, min: 0 }, Optional, "What the body must say."),
    member(
        "built_in_binding",
        Shape::Flag,
        Flag(true),
        "Whether the identity binding of a built-in operation applies as well.",
    ),
    member(
        "mode",
        Shape::Choice(&names(&words::MODE)),
        Text("enforce"),
        "`shadow`: failures of this rule's `claims` and `bind` are recorded only.",
    ),
]);

const MATCH: Shape = Shape::AnyOf(
    &[
        member("methods", Shape::List { item: &Shape::Text, min: 1 }, Optional, "Any of these methods."),
        member("hosts", Shape::List { item: &Shape::Text, min: 1 }, Optional, "Any of these hosts."),
        member("path", Shape::Text, Optional, "Exactly this path."),
        member("path_prefix", Shape::Text, Optional, "This path and all below it, by whole segments."),
        member("path_template", Shape::Text, Optional, "A path with `{name}` for one segment."),
        member("api", Shape::Text, Optional, "The built-in operations of this API."),
    ],
    &["path", "path_prefix", "path_template", "api"],
);

pub(in crate::config) static CLAIM_CHECK: Shape = Shape::Forms(
    &[
        member("claim", Shape::Text, Required, "The claim: a name or a JSON pointer."),
        member("equals", Shape::Scalar, Optional, "It is this string, number or boolean."),
        member("one_of", Shape::List { item: &Shape::Scalar, min: 1 }, Optional, "It is one of these."),
        member("prefix", Shape::Text, Optional, "It is a string that starts so."),
        member("suffix", Shape::Text, Optional, "It is a string that ends so."),
        member("contains", Shape::Text, Optional, "It has this member, or this word."),
        member("present", Shape::Flag, Optional, "It is there, or not."),
    ],
    &[
        Form { needs: &["equals"], takes: &[] },
        Form { needs: &["one_of"], takes: &[] },
        Form { needs: &["prefix"], takes: &[] },
        Form { needs: &["suffix"], takes: &[] },
        Form { needs: &["contains"], takes: &[] },
        Form { needs: &["present"], takes: &[] },
    ],
);

static BINDING: Shape = Shape::Forms(
    &[
        member("claim", Shape::Text, Optional, "The claim: a name or a JSON pointer; with `body`."),
        member("body", Shape::Text, Optional, "The place in the body, a JSON pointer; with `claim`."),
        member("required", Shape::Flag, Flag(true), "Whether it must be there at all."),
        member(
            "absent",
            Shape::Text,
            Optional,
            "Instead of all others: a place in the body where nothing may be.",
        ),
    ],
    &[Form { needs: &["claim", "body"], takes: &["required"] }, Form { needs: &["absent"], takes: &[] }],
);

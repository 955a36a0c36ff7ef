//! The elliptic curves of ECDSA, a row each: the name in `crv` (RFC 7518, section 6.2.1.1), the bytes of a coordinate, and the object
//! identifier (RFC 5480, section 2.1.1.1).

use der::asn1::ObjectIdentifier;

macro_rules! curves {
    ($($variant:ident, $name:literal, $length:literal, $identifier:literal;)*) => {
        /// The curves.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Curve {
            $($variant,)*
        }

        impl Curve {
            const ALL: &'static [Curve] = &[$(Curve::$variant,)*];

            /// The name in `crv`.
            pub(super) fn name(self) -> &'static str {
                match self { $(Curve::$variant => $name,)* }
            }

            /// Bytes of a coordinate, and of r and s each.
            pub(super) fn length(self) -> usize {
                match self { $(Curve::$variant => $length,)* }
            }

            /// What it is called in a SubjectPublicKeyInfo.
            pub(super) fn object_identifier(self) -> ObjectIdentifier {
                match self { $(Curve::$variant => const { ObjectIdentifier::new_unwrap($identifier) },)* }
            }
        }
    };
}

curves! {
    P256, "P-256", 32, "1.2.840.10045.3.1.7";
    P384, "P-384", 48, "1.3.132.0.34";
}

impl Curve {
    /// The curve of this name.
    pub(super) fn named(name: &str) -> Option<Curve> {
        Curve::ALL.iter().copied().find(|curve| curve.name() == name)
    }

    /// The curve with this object identifier.
    pub(super) fn identified(identifier: ObjectIdentifier) -> Option<Curve> {
        Curve::ALL.iter().copied().find(|curve| curve.object_identifier() == identifier)
    }
}

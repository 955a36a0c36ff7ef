//! HTTP statuses of replies (RFC 9110, section 15).

macro_rules! statuses {
    ($($variant:ident, $code:literal, $title:literal;)*) => {
        /// The status of a reply to a refused request.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Status {
            $(#[doc = $title] $variant,)*
        }

        impl Status {
            /// The number.
            pub fn code(self) -> u16 {
                match self { $(Status::$variant => $code,)* }
            }

            /// The reason phrase, for `title` in the body.
            pub fn title(self) -> &'static str {
                match self { $(Status::$variant => $title,)* }
            }
        }
    };
}

statuses! {
    BadRequest, 400, "Bad Request";
    Unauthorized, 401, "Unauthorized";
    Forbidden, 403, "Forbidden";
    ContentTooLarge, 413, "Content Too Large";
    UnsupportedMediaType, 415, "Unsupported Media Type";
    MisdirectedRequest, 421, "Misdirected Request";
    ServiceUnavailable, 503, "Service Unavailable";
}

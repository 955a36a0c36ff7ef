//! What a walk came to, for whoever asks: the command line's `explain` and the page. Nothing is decided here: a [`Question`] is played
//! through `exchange::rehearsal`, and an [`Explanation`] tells what was seen there.

mod found;
mod protection;
mod question;
mod shown;

pub use found::Explanation;
pub use protection::protection;
pub use question::{Body, Question, Said, UnfitSet, certificate_digest, first_operation, header};
pub use shown::Shown;

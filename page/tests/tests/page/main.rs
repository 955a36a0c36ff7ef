//! The page as somebody uses it, in a real browser. What it decides is held against `eec-authn`, the program.

// Tests are outside the core: they have a clock, files and an environment.
#![allow(clippy::disallowed_methods)]

mod brought;
mod examples;
mod hostile;
mod keyboard;
mod links;
mod looks;
mod mistakes;
mod newcomer;
mod quiet;
mod remedies;
mod steady;
mod turns;
mod undecided;

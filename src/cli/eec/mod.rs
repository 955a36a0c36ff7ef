//! `eec-authn eec`: an Edge Enabler Client, one or a crowd of them.

mod answers;
mod arguments;
mod call;
mod client;
mod connection;
mod crowd;
mod ending;
mod follow;
mod identity;
mod life;
mod network;
mod operations;
mod possession;
mod provisioning;
mod report;
mod schedule;
mod striking;
mod surroundings;
mod tally;
mod token;
mod token_source;
mod tokens;
mod url;

pub(crate) use arguments::Args;
pub(crate) use call::Call;
pub(crate) use client::{Client, Step};
pub(crate) use connection::Connection;
pub(crate) use identity::Identity;
pub(crate) use network::{Network, Place};
pub(crate) use possession::Possession;
pub(crate) use report::{Outcome, Report};
pub(crate) use surroundings::Surroundings;
pub(crate) use token::Token;
pub(crate) use token_source::{TokenRequest, TokenSource};
pub(crate) use url::Url;

use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use std::sync::Arc;

/// Lives one client's life, or those of a crowd.
pub(crate) fn run(args: Args, output: Output) -> Result<Exit, Failure> {
    let order = args.resolve()?;
    super::block_on(async {
        order.surroundings.network.prepare()?;
        if let Some(crowd) = order.crowd {
            return crowd::run(order.surroundings, &order.identity, order.dpop, crowd, output).await;
        }
        let possession = order.dpop.then(|| Possession::new(order.dpop_key.as_deref())).transpose()?;
        let mut client = Client::new(order.surroundings, order.identity, possession.map(Arc::new));
        life::live(&mut client, output).await
    })
}

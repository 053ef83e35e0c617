//! Whichever link a channel needs, as one type: for those to whom it is all the same.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::serial::{AsciiLink, RtuLink};
use super::tcp::TcpLink;
use super::timing::SerialTiming;
use super::{Exchange, Link, Lost, MayGo, Strays};
use crate::frame::Request;
use crate::line::Coding;

/// A link on a stream.
pub(crate) enum AnyLink<S> {
    Tcp(TcpLink<S>),
    Rtu(RtuLink<S>),
    Ascii(AsciiLink<S>),
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> AnyLink<S> {
    /// A link to a serial line.
    pub(crate) fn serial(stream: S, timing: SerialTiming) -> Self {
        match timing.coding {
            Coding::Rtu => Self::Rtu(RtuLink::new(stream, timing)),
            Coding::Ascii => Self::Ascii(AsciiLink::new(stream, timing)),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Link for AnyLink<S> {
    fn deaf_after(&self) -> Option<u32> {
        match self {
            Self::Tcp(link) => link.deaf_after(),
            Self::Rtu(link) => link.deaf_after(),
            Self::Ascii(link) => link.deaf_after(),
        }
    }

    async fn ask_if(
        &mut self,
        request: &Request,
        patience: Duration,
        may_go: &MayGo<'_>,
    ) -> Result<Exchange, Lost> {
        match self {
            Self::Tcp(link) => link.ask_if(request, patience, may_go).await,
            Self::Rtu(link) => link.ask_if(request, patience, may_go).await,
            Self::Ascii(link) => link.ask_if(request, patience, may_go).await,
        }
    }

    async fn send_all(&mut self, requests: &[(Request, Duration)]) -> Result<usize, Lost> {
        match self {
            Self::Tcp(link) => link.send_all(requests).await,
            Self::Rtu(link) => link.send_all(requests).await,
            Self::Ascii(link) => link.send_all(requests).await,
        }
    }

    async fn hear(&mut self) -> Result<Option<(usize, Exchange)>, Lost> {
        match self {
            Self::Tcp(link) => link.hear().await,
            Self::Rtu(link) => link.hear().await,
            Self::Ascii(link) => link.hear().await,
        }
    }

    async fn idle(&mut self, until: Instant) -> Result<Strays, Lost> {
        match self {
            Self::Tcp(link) => link.idle(until).await,
            Self::Rtu(link) => link.idle(until).await,
            Self::Ascii(link) => link.idle(until).await,
        }
    }

    fn rests_until(&self, unit: u8) -> Option<Instant> {
        match self {
            Self::Tcp(link) => link.rests_until(unit),
            Self::Rtu(link) => link.rests_until(unit),
            Self::Ascii(link) => link.rests_until(unit),
        }
    }
}

//! `GET /metrics`: what the gateway does, for scrapers, as OpenMetrics text.
//!
//! Nothing is kept for it: every figure is read when it is asked for. Who asks for Prometheus' older text format (0.0.4)
//! alone gets that: the same lines, but that a counter is declared under the name of its sample. What else is new in
//! OpenMetrics is a comment there.

use std::fmt;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use pointcast_api::DeviceState;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeGaugeValue, EncodeMetric as _, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

use super::Api;
use super::problem::Problem;
use crate::stream::{DELAY_BOUNDS_US, Delays};

/// In front of every name.
const PREFIX: &str = "pointcast";

/// Those that a device can be in.
const STATES: [DeviceState; 4] =
    [DeviceState::Online, DeviceState::Degraded, DeviceState::Offline, DeviceState::Disabled];

pub(super) async fn show(State(api): State<Api>, headers: HeaderMap) -> Result<Response, Problem> {
    let format = Format::asked_for(&headers);
    let mut registry = Registry::with_prefix(PREFIX);
    registry.register_collector(Box::new(Figures { api, format }));
    let mut text = String::new();
    encode(&mut text, &registry).map_err(|_| {
        let title = "The figures could not be written";
        let detail = "a figure is larger than the format can hold; this is a defect";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "figures", title, detail)
    })?;
    let head = [(header::CONTENT_TYPE, format.content_type()), (header::CACHE_CONTROL, "no-store")];
    Ok((head, text).into_response())
}

/// How figures are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    OpenMetrics,
    Prometheus,
}

impl Format {
    fn asked_for(headers: &HeaderMap) -> Self {
        let given = || {
            let values = headers.get_all(header::ACCEPT).into_iter();
            let ranges = values.filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(','));
            ranges.filter_map(|range| range.split(';').next()).map(str::trim)
        };
        let names = |kind: &str| given().any(|range| range.eq_ignore_ascii_case(kind));
        let older = names("text/plain") && !names("application/openmetrics-text");
        if older { Self::Prometheus } else { Self::OpenMetrics }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// Every figure, as it is when it is asked for.
#[derive(Debug)]
struct Figures {
    api: Api,
    format: Format,
}

impl Collector for Figures {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page { encoder, format: self.format };
        self.about(&mut page)?;
        self.faults(&mut page)?;
        self.held(&mut page)?;
        self.done(&mut page)
    }
}

impl Figures {
    fn about(&self, page: &mut Page<'_>) -> fmt::Result {
        let Api { table, devices, .. } = &self.api;
        let version = env!("CARGO_PKG_VERSION");
        let help = "The running program; always 1.";
        page.gauges("build_info", "version", [(version, 1)], help)?;
        let started = Duration::from_millis(table.t0().0).as_secs_f64();
        let help = "When the program started, since 1970-01-01 UTC.";
        page.gauge("start_time", Some(Unit::Seconds), started, help)?;
        let states: Vec<_> = devices.all().iter().map(|device| device.report().state).collect();
        let count = |state| states.iter().filter(|known| **known == state).count();
        let help = "Devices by state: online, degraded (some requests fail), offline, disabled.";
        page.gauges("devices", "state", STATES.map(|state| (state.as_str(), count(state))), help)
    }

    /// What devices did wrong, or what came in their place.
    fn faults(&self, page: &mut Page<'_>) -> fmt::Result {
        let (mut kinds, mut channel) = ([0_u64; 5], None);
        for device in self.api.devices.all() {
            let counters = device.report().counters;
            // The same for each device of a channel; they stand one behind the other.
            let is_first = channel.replace(&device.channel) != Some(&device.channel);
            let of_channel = if is_first { counters.channel_malformed } else { 0 };
            let counts = [
                counters.timeouts,
                counters.exceptions,
                counters.malformed,
                counters.late,
                of_channel,
            ];
            kinds.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
        let [timeouts, exceptions, malformed, late, channel_malformed] = kinds;
        let kinds = [
            ("timeouts", timeouts),
            ("exceptions", exceptions),
            ("malformed", malformed),
            ("late", late),
            ("channel_malformed", channel_malformed),
        ];
        let help = "Faults of all devices together, by kind as each device counts them.";
        page.counters("device_faults", "kind", kinds, help)
    }

    /// What there is now.
    fn held(&self, page: &mut Page<'_>) -> fmt::Result {
        let Api { table, sessions, .. } = &self.api;
        let help = "Points there are, those about devices and the gateway among them.";
        page.gauge("points", None, table.catalog().len(), help)?;
        page.gauge("streams", None, sessions.open_streams(), "Open streams.")?;
        let help = "Clients that are connected or may still come back.";
        page.gauge("sessions", None, sessions.held(), help)?;
        let help = "Points that are selected, counted once for each client.";
        page.gauge("selected_points", None, sessions.selected_points(), help)?;
        let help = "Bytes of events and answers that wait for their readers.";
        page.gauge("pending", Some(Unit::Bytes), sessions.totals().pending().bytes(), help)
    }

    /// What was done since the start.
    fn done(&self, page: &mut Page<'_>) -> fmt::Result {
        let Api { table, sessions, .. } = &self.api;
        let (totals, sent) = (sessions.totals(), sessions.totals().sent());
        let help = "Changes of points, whoever wanted them; that a point comes or goes is one.";
        page.counter("point_changes", None, table.settled(), help)?;
        let help = "Texts made of changes, each one for all its readers.";
        page.counter("encodes", None, table.encodes(), help)?;
        page.counter("sent_frames", None, sent.frames, "Frames sent, snapshots among them.")?;
        let help = "Changes sent, counted once for each client; those of snapshots are not.";
        page.counter("sent_changes", None, sent.changes, help)?;
        let help = "Changes not sent to a client, because newer ones overtook them.";
        page.counter("skipped_changes", None, sent.skipped, help)?;
        page.counter("sent", Some(Unit::Bytes), sent.bytes, "Bytes of events sent.")?;
        let help = "From when a change was read to when it was in a frame; \
                    $gateway/ points are left out.";
        page.delays("delivery_delay_from_put", &totals.from_put(), help)?;
        let help = "From a change's source time to when it was in a frame; \
                    $gateway/ points are left out.";
        page.delays("delivery_delay_from_source", &totals.from_source(), help)
    }
}

/// Figures as text, each with what it says to people.
struct Page<'a> {
    encoder: DescriptorEncoder<'a>,
    format: Format,
}

impl Page<'_> {
    fn gauge(
        &mut self,
        name: &str,
        unit: Option<Unit>,
        value: impl EncodeGaugeValue,
        help: &str,
    ) -> fmt::Result {
        let kind = MetricType::Gauge;
        self.encoder.encode_descriptor(name, help, unit.as_ref(), kind)?.encode_gauge(&value)
    }

    /// One for each value of a label.
    fn gauges<const N: usize>(
        &mut self,
        name: &str,
        label: &str,
        values: [(&str, usize); N],
        help: &str,
    ) -> fmt::Result {
        let mut encoder = self.encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (word, value) in values {
            encoder.encode_family(&[(label, word)])?.encode_gauge(&value)?;
        }
        Ok(())
    }

    fn counter(&mut self, name: &str, unit: Option<Unit>, value: u64, help: &str) -> fmt::Result {
        let (unit, kind) = (unit.as_ref(), MetricType::Counter);
        if self.format == Format::OpenMetrics {
            let encoder = self.encoder.encode_descriptor(name, help, unit, kind)?;
            return ConstCounter::new(value).encode(encoder);
        }
        let unit = unit.map(|unit| format!("_{}", unit.as_str())).unwrap_or_default();
        let name = format!("{name}{unit}_total");
        // A gauge's sample bears the name that is declared.
        ConstGauge::new(value).encode(self.encoder.encode_descriptor(&name, help, None, kind)?)
    }

    /// One for each value of a label.
    fn counters<const N: usize>(
        &mut self,
        name: &str,
        label: &str,
        values: [(&str, u64); N],
        help: &str,
    ) -> fmt::Result {
        let kind = MetricType::Counter;
        let is_new = self.format == Format::OpenMetrics;
        let name = if is_new { name.to_owned() } else { format!("{name}_total") };
        let mut encoder = self.encoder.encode_descriptor(&name, help, None, kind)?;
        for (word, value) in values {
            let labels = [(label, word)];
            let mut sample = encoder.encode_family(&labels)?;
            if is_new {
                sample.encode_counter::<NoLabelSet, _, u64>(&value, None)?;
            } else {
                // A gauge's sample bears the name that is declared.
                sample.encode_gauge(&value)?;
            }
        }
        Ok(())
    }

    fn delays(&mut self, name: &str, delays: &Delays, help: &str) -> fmt::Result {
        let seconds = |us| Duration::from_micros(us).as_secs_f64();
        let bounds = DELAY_BOUNDS_US.into_iter().map(seconds).chain([f64::INFINITY]);
        let classes: Vec<(f64, u64)> = bounds.zip(delays.counts).collect();
        let (sum, count) = (seconds(delays.sum_us), delays.total());
        let (unit, kind) = (Unit::Seconds, MetricType::Histogram);
        let mut encoder = self.encoder.encode_descriptor(name, help, Some(&unit), kind)?;
        encoder.encode_histogram::<NoLabelSet>(sum, count, &classes, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(accept: &[&str], expected: Format) {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(header::ACCEPT, value.parse().unwrap());
        }
        assert_eq!(Format::asked_for(&headers), expected, "{accept:?}");
    }

    #[test]
    fn the_older_format_is_for_those_who_ask_for_it_alone() {
        check(&[], Format::OpenMetrics);
        check(&["*/*"], Format::OpenMetrics);
        check(&["text/plain;version=0.0.4;q=1, */*;q=0.1"], Format::Prometheus);
        check(&["Text/Plain"], Format::Prometheus);
        let both = "application/openmetrics-text;version=1.0.0, text/plain;version=0.0.4;q=0.5";
        check(&[both], Format::OpenMetrics);
        check(&["text/plain", "application/openmetrics-text; version=1.0.0"], Format::OpenMetrics);
    }
}

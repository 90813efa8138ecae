//! The sources and sinks of the language, with their options.

/// What an option must be.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Bool,
    Text,
    Texts,
    /// Checked elsewhere: `order`, `by`.
    Special,
}

/// A source or sink.
pub(super) struct Known {
    pub(super) name: &'static str,
    /// Whether a path is needed, may stand there, or may not.
    pub(super) path: PathNeed,
    pub(super) options: &'static [(&'static str, Kind)],
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PathNeed {
    Needed,
    Optional,
}

const DELIMITED: &[(&str, Kind)] = &[
    ("by", Kind::Special),
    ("delimiter", Kind::Text),
    ("header", Kind::Bool),
    ("null", Kind::Texts),
    ("quote", Kind::Bool),
    ("unit", Kind::Text),
];

const JSON: &[(&str, Kind)] = &[
    ("by", Kind::Special),
    ("null", Kind::Texts),
    ("path", Kind::Text),
    ("unit", Kind::Text),
];

const STDIN: &[(&str, Kind)] = &[
    ("by", Kind::Special),
    ("delimiter", Kind::Text),
    ("format", Kind::Text),
    ("header", Kind::Bool),
    ("null", Kind::Texts),
    ("path", Kind::Text),
    ("quote", Kind::Bool),
    ("unit", Kind::Text),
];

pub(super) const SOURCES: &[Known] = &[
    Known {
        name: "csv",
        path: PathNeed::Needed,
        options: DELIMITED,
    },
    Known {
        name: "ndjson",
        path: PathNeed::Needed,
        options: JSON,
    },
    Known {
        name: "parquet",
        path: PathNeed::Needed,
        options: &[("by", Kind::Special), ("unit", Kind::Text)],
    },
    Known {
        name: "stdin",
        path: PathNeed::Optional,
        options: STDIN,
    },
    Known {
        name: "text",
        path: PathNeed::Needed,
        options: &[],
    },
    Known {
        name: "tsv",
        path: PathNeed::Needed,
        options: DELIMITED,
    },
];

/// Options of sources that go on for ever; what they lead to is for the runtime to know.
const STREAM: &[(&str, Kind)] = &[
    ("by", Kind::Special),
    ("format", Kind::Text),
    ("group", Kind::Text),
    ("null", Kind::Texts),
    ("path", Kind::Text),
    ("unit", Kind::Text),
];

/// Sources whose rows keep arriving.
pub(super) const LIVE_SOURCES: &[Known] = &[
    Known {
        name: "http",
        path: PathNeed::Optional,
        options: STREAM,
    },
    Known {
        name: "kafka",
        path: PathNeed::Needed,
        options: STREAM,
    },
    Known {
        name: "nats",
        path: PathNeed::Needed,
        options: STREAM,
    },
];

/// True for a source whose rows keep arriving.
pub(in crate::check) fn is_live(source: &str) -> bool {
    LIVE_SOURCES.iter().any(|known| known.name == source)
}

/// Sinks that publish changes as they come.
pub(super) const LIVE_SINKS: &[Known] = &[
    Known {
        name: "http",
        path: PathNeed::Optional,
        options: STREAM,
    },
    Known {
        name: "kafka",
        path: PathNeed::Needed,
        options: STREAM,
    },
    Known {
        name: "nats",
        path: PathNeed::Needed,
        options: STREAM,
    },
    Known {
        name: "websocket",
        path: PathNeed::Optional,
        options: STREAM,
    },
];

/// True for a sink that is live whatever it publishes.
pub(in crate::check) fn is_live_sink(sink: &str) -> bool {
    LIVE_SINKS.iter().any(|known| known.name == sink)
}

/// True for a sink that can only add rows, never take one back.
pub(in crate::check) fn only_appends(sink: &str) -> bool {
    !matches!(sink, "http" | "websocket")
}

const WRITTEN: &[(&str, Kind)] = &[
    ("delimiter", Kind::Text),
    ("header", Kind::Bool),
    ("order", Kind::Special),
];

const STDOUT: &[(&str, Kind)] = &[
    ("delimiter", Kind::Text),
    ("format", Kind::Text),
    ("header", Kind::Bool),
    ("order", Kind::Special),
];

pub(super) const SINKS: &[Known] = &[
    Known {
        name: "csv",
        path: PathNeed::Needed,
        options: WRITTEN,
    },
    Known {
        name: "ndjson",
        path: PathNeed::Needed,
        options: &[("order", Kind::Special)],
    },
    Known {
        name: "parquet",
        path: PathNeed::Needed,
        options: &[("order", Kind::Special)],
    },
    Known {
        name: "stdout",
        path: PathNeed::Optional,
        options: STDOUT,
    },
    Known {
        name: "table",
        path: PathNeed::Optional,
        options: &[("order", Kind::Special)],
    },
    Known {
        name: "tsv",
        path: PathNeed::Needed,
        options: WRITTEN,
    },
];

/// Sources and sinks of the language that this version does not run.
pub(super) const LATER: &[&str] = &["mysql", "postgres", "s3", "sqlite"];

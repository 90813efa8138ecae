//! Faults planted on purpose, to prove that the tests would notice a real one.
//!
//! Without the feature `planted-faults` no fault can be switched on and the checks cost nothing.
//! With it, the environment variable `SHEAF_FAULT` names the one that is active.

/// A mistake that an engine like this one could make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Combiners see distinct rows where they must see one contribution per derivation.
    DistinctDerivations,
    /// A fixpoint forgets the last delta of a round.
    DroppedDelta,
    /// Rows are placed by the number of a symbol, not by its text.
    SymbolPlacement,
    /// A row that one condition rejects still reports the error of another.
    EagerErrors,
    /// Floats are summed one after the other, rounding each time.
    NaiveFloatSum,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Fault; 5] = [
        Fault::DistinctDerivations,
        Fault::DroppedDelta,
        Fault::SymbolPlacement,
        Fault::EagerErrors,
        Fault::NaiveFloatSum,
    ];

    /// Its name in `SHEAF_FAULT`.
    pub fn name(self) -> &'static str {
        match self {
            Fault::DistinctDerivations => "distinct-derivations",
            Fault::DroppedDelta => "dropped-delta",
            Fault::SymbolPlacement => "symbol-placement",
            Fault::EagerErrors => "eager-errors",
            Fault::NaiveFloatSum => "naive-float-sum",
        }
    }

    /// Whether it is active in this process.
    #[cfg(feature = "planted-faults")]
    pub fn is_planted(self) -> bool {
        static ACTIVE: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
        let active = ACTIVE.get_or_init(|| std::env::var("SHEAF_FAULT").ok());
        active.as_deref() == Some(self.name())
    }

    /// Whether it is active in this process: never, in this build.
    #[cfg(not(feature = "planted-faults"))]
    #[inline(always)]
    pub fn is_planted(self) -> bool {
        false
    }
}

//! Names as people write them: the last part of qualified ones, and near misses.

/// A qualified name's last part.
pub fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// `did you mean x?`, if a candidate is near enough to what was written.
pub fn did_you_mean<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let lower = written.to_lowercase();
    let most = written.chars().count() / 3;
    candidates
        .into_iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, candidate)| format!("did you mean {candidate}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses() {
        let columns = ["package", "target"];
        assert_eq!(
            did_you_mean("Packge", columns).as_deref(),
            Some("did you mean package?")
        );
        assert_eq!(did_you_mean("weight", columns), None);
        assert_eq!(short("examples.paths.edge"), "edge");
    }
}

//! "Did you mean …?": the known name that is nearest to a wrong one.
//!
//! Invariant: a pure function of the set of candidates; ties fall to the first in the alphabet.

/// The candidate that `name` is most likely a slip for, if any is near enough: at most one edit in
/// three letters, or the same but for case and underscores.
pub(crate) fn nearest<'n>(
    name: &str,
    candidates: impl IntoIterator<Item = &'n str>,
) -> Option<&'n str> {
    let limit = (name.chars().count() / 3).clamp(1, 4);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name && !candidate.is_empty())
        .filter_map(|candidate| {
            let distance = match plain(candidate) == plain(name) {
                true => 0,
                false => distance(name, candidate),
            };
            let short = name.chars().count() < 2 && distance > 0;
            (distance <= limit && !short).then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

fn plain(name: &str) -> String {
    name.chars()
        .filter(|character| *character != '_')
        .flat_map(char::to_lowercase)
        .collect()
}

/// Edits (insert, delete, replace, swap neighbours) that turn `a` into `b`: optimal string
/// alignment distance.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > 4 || a.len() > 64 {
        return usize::MAX;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_slips_and_nothing_else() {
        let names = ["depends", "needs", "weight", "date_time"];
        assert_eq!(nearest("depend", names), Some("depends"));
        assert_eq!(nearest("wieght", names), Some("weight"));
        assert_eq!(nearest("dateTime", names), Some("date_time"));
        assert_eq!(nearest("price", names), None);
        assert_eq!(nearest("x", ["y", "z"]), None);
    }
}

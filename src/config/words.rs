//! What was meant by a word that is not known. Pure.

/// Most letters that may be wrong in a word that is still taken for another.
const MAX_WRONG_LETTERS: usize = 3;

/// Most words that a remedy lists.
const MAX_LISTED: usize = 40;

/// The remedy for a word that is not in `known`, which is not empty: the nearest that is, and all.
pub(super) fn near(word: &str, known: &[&str]) -> String {
    let nearest = known.iter().map(|name| (strsim::damerau_levenshtein(name, word), *name)).min();
    match nearest {
        Some((distance, name))
            if distance <= MAX_WRONG_LETTERS && distance < name.chars().count() =>
        {
            format!("is {name:?} meant? There are: {}", listed(known))
        }
        Some(_) | None => format!("give one of: {}", listed(known)),
    }
}

fn listed(known: &[&str]) -> String {
    let list: Vec<&str> = known.iter().take(MAX_LISTED).copied().collect();
    let more = known.len().saturating_sub(MAX_LISTED);
    if more > 0 { format!("{} and {more} more", list.join(", ")) } else { list.join(", ") }
}

//! `--fields bid,trace.at`: some of the values, in the order asked for.

use super::{Fields, Node};
use std::fmt;

/// A field that was asked for is not there.
#[derive(Debug)]
pub(crate) struct NoSuchField {
    asked: String,
    /// The paths that there are.
    known: Vec<String>,
}

impl fmt::Display for NoSuchField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.known.iter().take(40).map(|path| crate::text::shown(path)).collect::<Vec<_>>().join(", ");
        let more = if self.known.len() > 40 { ", …" } else { "" };
        write!(f, "there is no field `{}`: there are {known}{more}", crate::text::shown(&self.asked))
    }
}

impl std::error::Error for NoSuchField {}

impl Fields {
    /// Only these: a path, or one that others begin with.
    pub(crate) fn select(&self, asked: &[String]) -> Result<Self, NoSuchField> {
        let mut chosen = Vec::new();
        for path in asked {
            let before = chosen.len();
            let is_part = |leaf: &str| {
                leaf.strip_prefix(path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            };
            chosen.extend(self.leaves.iter().filter(|(leaf, _)| is_part(leaf)).cloned());
            if chosen.len() == before {
                return Err(NoSuchField { asked: path.clone(), known: self.paths().map(str::to_owned).collect() });
            }
        }
        let named = chosen.iter().map(|(path, scalar)| (path.clone(), Node::Scalar(scalar.clone()))).collect();
        Ok(Self { root: Node::Struct(named), leaves: chosen })
    }
}

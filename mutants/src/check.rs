//! A test that catches mutants.

use std::fmt;
use std::str::FromStr;

use crate::workspace::LIBRARIES;

/// How a test is built.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Build {
    /// For the model checker.
    Loom,
    /// As it is shipped.
    Test,
    /// On the portable payload copy.
    Portable,
    /// With processes that die and stop at chosen steps.
    Steps,
}

impl Build {
    pub(crate) const ALL: [Self; 4] = [Self::Loom, Self::Test, Self::Portable, Self::Steps];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Loom => "loom",
            Self::Test => "test",
            Self::Portable => "portable",
            Self::Steps => "steps",
        }
    }

    /// The compiler's flags.
    pub(crate) fn flags(self) -> &'static str {
        match self {
            Self::Loom => "--cfg icc_loom",
            Self::Test => "",
            Self::Portable => "--cfg icc_portable_copy",
            Self::Steps => "--cfg icc_steps",
        }
    }
}

/// One test: how it is built, and where it is. Written `BUILD CRATE TARGET TEST`; a target `lib`
/// holds unit tests.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct Check {
    pub(crate) build: Build,
    pub(crate) package: String,
    pub(crate) target: String,
    pub(crate) test: String,
}

impl Check {
    /// What cargo builds together: one test binary.
    pub(crate) fn binary(&self) -> (Build, &str, &str) {
        (self.build, &self.package, &self.target)
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.build.name(), self.package, self.target, self.test)
    }
}

impl FromStr for Check {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let words: Vec<&str> = text.split(' ').collect();
        let [build, package, target, test] = words[..] else {
            anyhow::bail!("`{text}` is no check: it wants BUILD CRATE TARGET TEST");
        };
        let Some(build) = Build::ALL.into_iter().find(|known| known.name() == build) else {
            anyhow::bail!("`{text}`: there is no build `{build}`, only loom, test, portable and steps");
        };
        if !LIBRARIES.contains(&package) {
            anyhow::bail!("`{text}`: `{package}` is none of the library crates");
        }
        Ok(Self { build, package: package.into(), target: target.into(), test: test.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_read_as_they_are_written() {
        for text in ["loom icc-queue loom two_producers", "steps icc-queue steps a", "test icc-buffer lib a::tests::b"]
        {
            assert_eq!(text.parse::<Check>().unwrap().to_string(), text);
        }
        for text in
            ["", "loom icc-queue loom", "loom icc-queue loom a b", "miri icc-queue loom a", "loom icc-bench x a"]
        {
            assert!(text.parse::<Check>().is_err(), "{text}");
        }
    }
}

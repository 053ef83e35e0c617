//! Who may make the link at a path: whoever holds the lock on the file beside it.
//!
//! The system frees the lock when its holder dies, however that happens. The file itself stays: one that is
//! removed could be locked by two.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::io::Errno;

/// Mode of the directory, where it has to be made: its owner's alone.
const DIRECTORY_MODE: u32 = 0o700;

/// Mode of the lock file: its owner's alone.
const LOCK_MODE: Mode = Mode::RUSR.union(Mode::WUSR);

/// The right to a path, held as long as this lives.
#[derive(Debug)]
pub(crate) struct Claim {
    path: PathBuf,
    _lock: OwnedFd,
}

impl Claim {
    /// Takes the right to `path`, and makes its directory where there is none. Never waits.
    ///
    /// # Errors
    /// `ResourceBusy` when somebody else has it: worth trying again. Otherwise what the system says about
    /// directory or lock file.
    pub(crate) fn take(path: &Path) -> io::Result<Self> {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        if let Some(directory) = directory {
            fs::DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(directory)?;
        }
        let mut beside = path.as_os_str().to_owned();
        beside.push(".lock");
        let flags = OFlags::RDONLY | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let lock = rustix::fs::open(&beside, flags, LOCK_MODE)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(Errno::WOULDBLOCK) => {
                let text = "another program has it and is left alone";
                Err(io::Error::new(io::ErrorKind::ResourceBusy, text))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What is claimed.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn it_makes_its_directory_for_its_owner_alone() {
        let scratch = Scratch::new();
        let path = scratch.path().join("sim/greenhouse");
        let claim = Claim::take(&path).unwrap();
        assert_eq!(claim.path(), path);
        let mode = fs::metadata(path.parent().unwrap()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, DIRECTORY_MODE);
    }

    #[test]
    fn one_at_a_time_has_it() {
        let scratch = Scratch::new();
        let path = scratch.path().join("scale");
        let first = Claim::take(&path).unwrap();
        assert_eq!(Claim::take(&path).unwrap_err().kind(), io::ErrorKind::ResourceBusy);
        drop(first);
        Claim::take(&path).unwrap();
    }
}

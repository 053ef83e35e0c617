//! The lasting name of a port: a symbolic link that is removed when the port goes.
//!
//! It never takes the place of anything but another symbolic link, and that in one step.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::claim::Claim;

/// A link that lives as long as this.
#[derive(Debug)]
pub(crate) struct Link {
    path: PathBuf,
    target: PathBuf,
}

impl Link {
    /// Makes the claimed path point to `target`.
    ///
    /// # Errors
    /// `AlreadyExists` when something that is no symbolic link stands there; otherwise what the system says
    /// about the link.
    pub(crate) fn create(target: &Path, claim: &Claim) -> io::Result<Self> {
        let path = claim.path();
        match fs::symlink_metadata(path) {
            Ok(there) if !there.file_type().is_symlink() => {
                let text = format!("{} is no symbolic link and is left alone", path.display());
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        // Under a name of its own first: a rename replaces a stale link without a moment of absence.
        let mut passing = path.as_os_str().to_owned();
        passing.push(format!(".{}", std::process::id()));
        let passing = PathBuf::from(passing);
        match fs::remove_file(&passing) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        symlink(target, &passing)?;
        fs::rename(&passing, path)?;
        Ok(Self { path: path.to_owned(), target: target.to_owned() })
    }
}

impl Drop for Link {
    /// Removes the link, unless it points elsewhere by now: then it is another's.
    fn drop(&mut self) {
        if fs::read_link(&self.path).is_ok_and(|target| target == self.target) {
            // A link that stays points nowhere, and the next start replaces it.
            let _left_behind = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    fn create(target: &str, path: &Path) -> io::Result<Link> {
        Link::create(Path::new(target), &Claim::take(path).unwrap())
    }

    #[test]
    fn it_goes_with_the_port() {
        let scratch = Scratch::new();
        let path = scratch.path().join("greenhouse");
        let link = create("/dev/null", &path).unwrap();
        assert_eq!(fs::read_link(&path).unwrap(), Path::new("/dev/null"));
        drop(link);
        assert!(fs::symlink_metadata(&path).is_err());
    }

    #[test]
    fn a_stale_link_is_replaced_and_a_file_never() {
        let scratch = Scratch::new();
        let path = scratch.path().join("scale");
        symlink("/dev/pts/does-not-exist", &path).unwrap();
        drop(create("/dev/null", &path).unwrap());
        fs::write(&path, "precious").unwrap();
        let error = create("/dev/null", &path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }

    #[test]
    fn a_link_that_another_took_over_is_left_to_it() {
        let scratch = Scratch::new();
        let path = scratch.path().join("scale");
        let old = create("/dev/null", &path).unwrap();
        let _new = create("/dev/zero", &path).unwrap();
        drop(old);
        assert_eq!(fs::read_link(&path).unwrap(), Path::new("/dev/zero"));
    }
}

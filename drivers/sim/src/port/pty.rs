//! A pseudo terminal that behaves like a serial port with a cable on it.
//!
//! - It holds its own handle on the slave end: without one, a reader's going would hang the terminal up.
//! - It forgets its user's claim to exclusive use (`TIOCEXCL`). A real port forgets it when its user closes;
//!   a pseudo terminal stays open through our handle, and would refuse the user's next open (EBUSY).
//! - It never waits for a reader, and nothing piles up for one that is away: as on a wire, what nobody takes
//!   is lost.

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{
    OptionalActions, QueueSelector, ioctl_tiocnxcl, tcflush, tcgetattr, tcsetattr,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// With more than this unread, nobody is reading: it is thrown away before the next bytes go out. It holds
/// the longest RTU frame, and less than three seconds of the scale's lines.
const UNREAD_BYTES: u64 = 256;

/// The device's end of the cable, and a handle on the other end.
#[derive(Debug)]
pub(crate) struct Pty {
    master: AsyncFd<OwnedFd>,
    slave: OwnedFd,
    name: PathBuf,
}

impl Pty {
    /// Makes a new terminal with a raw slave end.
    ///
    /// # Errors
    /// What the system says, e.g. that there are no terminals left. Worth trying again.
    pub(crate) fn open() -> io::Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let name = PathBuf::from(OsStr::from_bytes(ptsname(&master, Vec::new())?.as_bytes()));
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = rustix::fs::open(&name, flags, Mode::empty())?;
        let mut attributes = tcgetattr(&slave)?;
        attributes.make_raw();
        tcsetattr(&slave, OptionalActions::Now, &attributes)?;
        let status = rustix::fs::fcntl_getfl(&master)?;
        rustix::fs::fcntl_setfl(&master, status | OFlags::NONBLOCK)?;
        #[expect(
            deprecated,
            reason = "its successor is unsafe, which is forbidden; what that asks for, an OwnedFd gives"
        )]
        let master = AsyncFd::new(master)?;
        Ok(Self { master, slave, name })
    }

    /// The slave end's own name, such as `/dev/pts/7`.
    pub(crate) fn name(&self) -> &Path {
        &self.name
    }

    /// What the user of the port sent, as soon as there is something.
    ///
    /// # Errors
    /// The terminal is of no use any more.
    ///
    /// # Cancellation
    /// Safe: bytes are either still in the terminal or returned.
    pub(crate) async fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        let read = |master: &OwnedFd| Ok(rustix::io::read(master, &mut *into)?);
        self.master.async_io(Interest::READABLE, read).await
    }

    /// Sends without waiting. Bytes that find no room are lost, and so is what lay unread for too long.
    ///
    /// # Errors
    /// The terminal is of no use any more.
    pub(crate) fn send(&self, bytes: &[u8]) -> io::Result<()> {
        self.let_others_open()?;
        if rustix::io::ioctl_fionread(&self.slave)? > UNREAD_BYTES {
            tcflush(&self.slave, QueueSelector::IFlush)?;
        }
        match rustix::io::write(self.master.get_ref(), bytes) {
            // Part of them, or none, found room. A wire does not keep the rest either.
            Ok(_) | Err(rustix::io::Errno::AGAIN) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes back a user's claim to exclusive use. To be called now and then: nobody says when a user goes.
    ///
    /// # Errors
    /// The terminal is of no use any more.
    pub(crate) fn let_others_open(&self) -> io::Result<()> {
        Ok(ioctl_tiocnxcl(&self.slave)?)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    const SOON: Duration = Duration::from_secs(5);

    fn user(pty: &Pty) -> std::fs::File {
        std::fs::File::options().read(true).write(true).open(pty.name()).unwrap()
    }

    #[tokio::test]
    async fn bytes_pass_unchanged_both_ways_and_a_users_going_hangs_nothing_up() {
        let pty = Pty::open().unwrap();
        let odd: Vec<u8> = (0..=255).collect();
        for _ in 0..3 {
            let mut user = user(&pty);
            user.write_all(&odd).unwrap();
            let mut got = Vec::<u8>::new();
            while got.len() < odd.len() {
                let mut chunk = [0; 64];
                let count = timeout(SOON, pty.read(&mut chunk)).await.unwrap().unwrap();
                got.extend_from_slice(&chunk[..count]);
            }
            assert_eq!(got, odd);
            pty.send(&odd).unwrap();
            let mut back = vec![0; odd.len()];
            user.read_exact(&mut back).unwrap();
            assert_eq!(back, odd);
        }
    }

    fn unread(pty: &Pty) -> u64 {
        rustix::io::ioctl_fionread(&pty.slave).unwrap()
    }

    #[tokio::test]
    async fn without_a_reader_nothing_piles_up_and_the_newest_stays() {
        let pty = Pty::open().unwrap();
        let line = |number: u32| format!("{number:15}\r\n");
        for number in 0..200 {
            let before = unread(&pty);
            let after = if before > UNREAD_BYTES { 17 } else { before + 17 };
            pty.send(line(number).as_bytes()).unwrap();
            // The kernel moves bytes to the reader's side in its own time.
            let arrived = async {
                while unread(&pty) != after {
                    tokio::task::yield_now().await;
                }
            };
            timeout(SOON, arrived).await.expect("the line arrives");
        }
        assert!(unread(&pty) <= UNREAD_BYTES + 17);
        let mut seen = vec![0; usize::try_from(unread(&pty)).unwrap()];
        user(&pty).read_exact(&mut seen).unwrap();
        assert!(String::from_utf8(seen).unwrap().ends_with(&line(199)));
    }

    #[tokio::test]
    async fn it_never_waits_for_a_reader() {
        let pty = Pty::open().unwrap();
        for _ in 0..2_000 {
            // Far more at once than a terminal holds.
            pty.send(&[b'x'; 4_096]).unwrap();
        }
    }

    #[tokio::test]
    async fn the_user_sees_the_end_when_the_device_is_gone() {
        let pty = Pty::open().unwrap();
        let mut user = user(&pty);
        drop(pty);
        let mut byte = [0];
        assert!(!matches!(user.read(&mut byte), Ok(1)));
    }
}

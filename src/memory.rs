//! What drivers learned about their devices, kept across restarts: one small file for each channel.
//!
//! It only saves time: a file that is missing, damaged, too large or cannot be written is told in the log and costs
//! nothing but learning anew. Reading files and writing them never holds up a channel for longer than
//! one second, and a file is replaced as a whole or not at all.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pointcast_api::{Blocking, Driver, MAX_MEMORY_BYTES};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::files;

/// How often it is looked whether there is something new to keep: so much is learned anew after a power cut.
const KEEP_EVERY: Duration = Duration::from_secs(30);

/// How long reading or writing one file may take; a network folder that hangs takes for ever.
const FILE_TIMEOUT: Duration = Duration::from_secs(1);

/// Longest part of a channel's name that a file's name begins with, in bytes; file systems end at 255.
const MAX_NAME_BYTES: usize = 120;

/// Where one channel's driver's memory is kept.
#[derive(Debug)]
pub struct Memory {
    path: PathBuf,
    files: Blocking,
    /// What the file holds, as far as known.
    kept: String,
    /// Whether the log was told that it cannot be written.
    told: bool,
}

impl Memory {
    /// That of `channel`, in `folder`, which need not be there.
    #[must_use]
    pub fn new(folder: &Path, channel: &str) -> Self {
        let path = folder.join(file_name(channel));
        Self { path, files: Blocking::default(), kept: String::new(), told: false }
    }

    /// Lets `driver` recall what an earlier run kept.
    pub async fn recall(&mut self, driver: &dyn Driver) {
        let path = self.path.clone();
        let doing = format!("read {}", path.display());
        match self
            .files
            .run(doing, FILE_TIMEOUT, move || files::read(&path, MAX_MEMORY_BYTES))
            .await
        {
            Ok(Some(text)) => {
                driver.recall(&text);
                self.kept = text;
            }
            Ok(None) => {}
            Err(fault) => warn!(error = fault.explain(), "what was learned is learned anew"),
        }
    }

    /// Keeps what `driver` remembers, again and again, until `stop`.
    ///
    /// # Cancellation
    /// Safe: a file that is being written is finished or was never there.
    pub async fn keep(&mut self, driver: &dyn Driver, stop: &CancellationToken) {
        loop {
            // Both arms are cancel-safe.
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(KEEP_EVERY) => self.keep_now(driver).await,
            }
        }
    }

    /// Keeps what `driver` remembers, if that is something new.
    pub async fn keep_now(&mut self, driver: &dyn Driver) {
        let mut text = driver.memory().unwrap_or_default();
        if text == self.kept {
            return;
        }
        if text.len() > MAX_MEMORY_BYTES {
            // A driver that breaks its promise; half of a memory may be worse than none.
            text = String::new();
        }
        let (path, written) = (self.path.clone(), text.clone());
        let doing = format!("write {}", path.display());
        match self.files.run(doing, FILE_TIMEOUT, move || write(&path, &written)).await {
            Ok(()) => {
                if std::mem::take(&mut self.told) {
                    info!(file = %self.path.display(), "what is learned is kept again");
                }
                self.kept = text;
            }
            Err(fault) if !std::mem::replace(&mut self.told, true) => {
                warn!(
                    error = fault.explain(),
                    "what is learned of devices is not kept over a restart"
                );
            }
            Err(_) => {}
        }
    }
}

/// A file's name that no channel's name can make a path of, different for different channels.
fn file_name(channel: &str) -> String {
    let mut name = String::new();
    for byte in channel.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02X}"));
        }
    }
    if name.len() > MAX_NAME_BYTES {
        // What stands for the whole stands for the rest of it.
        name.truncate(MAX_NAME_BYTES);
        name.push_str(&format!("~{:016x}", files::fingerprint(channel)));
    }
    format!("{name}.memory")
}

/// Puts a file of `text` in the place of the one that is there, or removes it where there is nothing to keep.
fn write(path: &Path, text: &str) -> io::Result<()> {
    if text.is_empty() { files::remove(path) } else { files::replace(path, text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pointcast_api::{
        DeviceDeclaration, Inlet, Outlet, PlannedRequest, PointDeclaration, SessionFuture,
    };
    use std::fs;
    use std::sync::Mutex;

    // On paused time, which stands still while a file is at work: a slow disk fails no test.

    /// A driver that knows nothing but what it was told.
    #[derive(Default)]
    struct Parrot(Mutex<Option<String>>);

    impl Parrot {
        fn knows(&self) -> Option<String> {
            self.0.lock().unwrap().clone()
        }

        fn learns(&self, text: Option<&str>) {
            *self.0.lock().unwrap() = text.map(str::to_owned);
        }
    }

    impl Driver for Parrot {
        fn devices(&self) -> &[DeviceDeclaration] {
            &[]
        }
        fn points(&self) -> &[PointDeclaration] {
            &[]
        }
        fn plan(&self) -> Vec<PlannedRequest> {
            Vec::new()
        }
        fn memory(&self) -> Option<String> {
            self.knows()
        }
        fn recall(&self, memory: &str) {
            self.learns(Some(memory));
        }
        fn session<'a>(
            &'a self,
            _: &'a dyn Outlet,
            _: &'a mut Inlet,
            _: CancellationToken,
        ) -> SessionFuture<'a> {
            Box::pin(async { Ok(()) })
        }
    }

    /// A folder of its own, gone when dropped.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let id = std::process::id();
            Self(std::env::temp_dir().join(format!("pointcast-memory-{id}-{name}")))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _gone = fs::remove_dir_all(&self.0);
        }
    }

    async fn recalled(folder: &Folder, channel: &str) -> Option<String> {
        let driver = Parrot::default();
        Memory::new(&folder.0, channel).recall(&driver).await;
        driver.knows()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_learned_is_there_after_a_restart_and_gone_when_forgotten() {
        let folder = Folder::new("kept");
        let (driver, channel) = (Parrot::default(), "Linie 1/№ ..");
        let mut memory = Memory::new(&folder.0, channel);
        memory.recall(&driver).await;
        memory.keep_now(&driver).await;
        assert!(!folder.0.exists(), "nothing learned, nothing made");
        driver.learns(Some("one\n"));
        memory.keep_now(&driver).await;
        assert_eq!(recalled(&folder, channel).await.as_deref(), Some("one\n"));
        assert_eq!(recalled(&folder, "another").await, None);
        driver.learns(Some("two"));
        memory.keep_now(&driver).await;
        assert_eq!(recalled(&folder, channel).await.as_deref(), Some("two"));
        let files: Vec<_> =
            fs::read_dir(&folder.0).unwrap().map(|f| f.unwrap().file_name()).collect();
        assert_eq!(files, [file_name(channel).as_str()], "none beside it");
        driver.learns(None);
        memory.keep_now(&driver).await;
        assert_eq!(recalled(&folder, channel).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_too_long_or_no_text_is_no_memory() {
        let folder = Folder::new("long");
        let driver = Parrot::default();
        let mut memory = Memory::new(&folder.0, "c");
        driver.learns(Some("short"));
        memory.keep_now(&driver).await;
        driver.learns(Some(&"x".repeat(MAX_MEMORY_BYTES + 1)));
        memory.keep_now(&driver).await;
        assert_eq!(recalled(&folder, "c").await, None);
        for bytes in [vec![b'x'; MAX_MEMORY_BYTES + 1], vec![0xFF, 0xFE]] {
            fs::write(folder.0.join(file_name("c")), bytes).unwrap();
            assert_eq!(recalled(&folder, "c").await, None);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_folder_that_cannot_be_written_stops_nothing() {
        let folder = Folder::new("file");
        fs::write(&folder.0, "no folder").unwrap();
        let driver = Parrot::default();
        driver.learns(Some("one"));
        let mut memory = Memory::new(&folder.0, "c");
        memory.keep_now(&driver).await;
        assert!(memory.told);
        fs::remove_file(&folder.0).unwrap();
        memory.keep_now(&driver).await;
        assert!(!memory.told);
        assert_eq!(recalled(&folder, "c").await.as_deref(), Some("one"));
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_kept_now_and_then_while_it_runs() {
        let folder = Folder::new("now_and_then");
        let (driver, stop) = (Parrot::default(), CancellationToken::new());
        driver.learns(Some("one"));
        let mut memory = Memory::new(&folder.0, "c");
        let script = async {
            sleep(KEEP_EVERY / 2).await;
            assert!(!folder.0.exists());
            while recalled(&folder, "c").await.is_none() {
                sleep(KEEP_EVERY / 2).await;
            }
            stop.cancel();
        };
        tokio::join!(memory.keep(&driver, &stop), script);
    }

    #[test]
    fn a_files_name_is_no_path_and_not_too_long() {
        assert_eq!(file_name("line-1_A"), "line-1_A.memory");
        assert_eq!(file_name("../x y"), "%2E%2E%2Fx%20y.memory");
        let long = file_name(&"ü".repeat(128));
        assert!(long.len() < 200 && long != file_name(&"ü".repeat(127)), "{long}");
    }
}

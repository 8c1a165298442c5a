//! A small disk of a test's own, to be filled.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

pub struct Tmpfs {
    folder: tempfile::TempDir,
}

impl Tmpfs {
    /// A disk of so many MiB, mounted in a folder that is its own.
    pub fn of_mib(mib: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={mib}m,mode=0777");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(folder.path())
            .status();
        assert!(mounted.unwrap().success(), "it is mounted");
        Self { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }

    /// Takes all the room that is left.
    pub fn fill(&self) {
        let mut filler = File::create(self.filler()).unwrap();
        for bytes in [1 << 20, 4096, 1] {
            let bytes = vec![b'x'; bytes];
            let error = loop {
                if let Err(error) = filler.write_all(&bytes) {
                    break error;
                }
            };
            assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
        }
    }

    /// Gives it back.
    pub fn free(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.path()).status();
        if !unmounted.is_ok_and(|status| status.success()) {
            // What is still open goes with the last that has it open.
            let _ = Command::new("umount").arg("-l").arg(self.path()).status();
        }
    }
}

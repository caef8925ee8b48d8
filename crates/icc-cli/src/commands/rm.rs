//! `icc rm`: removes buffers.

use crate::exit::Failure;
use crate::machine::directory::{self, SHARED_MEMORY};
use crate::machine::processes::{FileId, Processes};
use crate::machine::view::{Seen, View};
use crate::text;
use anyhow::Context as _;
use std::path::{Path, PathBuf};

/// Removes buffers, and the files beside them.
///
/// Refuses a buffer while a producer or writer holds its lock, and whatever is no buffer of icc.
/// Processes that have it mapped keep its memory, and do not notice.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  icc rm quotes orders\n  icc rm --dead --dry-run\n  icc rm --dead /dev/shm/desk")]
pub(crate) struct Args {
    /// The buffers: files in /dev/shm, or paths. With --dead: directories, /dev/shm unless given.
    #[arg(required_unless_present = "dead")]
    names: Vec<PathBuf>,
    /// Remove all buffers that nobody has: no lock is held, and no process that this user sees has
    /// one mapped.
    #[arg(long)]
    dead: bool,
    /// Also one whose lock is held, or that cannot be examined.
    #[arg(long)]
    force: bool,
    /// Only say what would be removed.
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    if args.dead {
        let everywhere = [PathBuf::from(SHARED_MEMORY)];
        let directories = if args.names.is_empty() { &everywhere[..] } else { &args.names };
        return directories.iter().try_for_each(|directory| remove_dead(directory, args));
    }
    let mut failure = None;
    for name in &args.names {
        let path = directory::resolve(name);
        match check(&path, args.force).and_then(|()| remove(&path, args.dry_run)) {
            Ok(()) => {}
            Err(error) => {
                // The others are none of its business.
                if let Some(before) = failure.replace(error) {
                    eprintln!("icc: {}", text::shown(&format!("{before:#}")));
                }
            }
        }
    }
    failure.map_or(Ok(()), Err)
}

/// Whether it may be removed.
fn check(path: &Path, force: bool) -> anyhow::Result<()> {
    // Whatever it says: the library removes nothing but buffers.
    if force {
        return Ok(());
    }
    let inspected = match icc_buffer::inspect(path) {
        Ok(inspected) => inspected,
        Err(
            error @ (icc_buffer::BufferError::WrongMagic { .. }
            | icc_buffer::BufferError::TooSmall { .. }
            | icc_buffer::BufferError::NotRegularFile { .. }
            | icc_buffer::BufferError::Symlink { .. }),
        ) => return Err(Failure::Refused(error.to_string()).into()),
        Err(error @ icc_buffer::BufferError::NotFound { .. }) => return Err(directory::failure(error)),
        Err(error) => {
            let what = format!("{error}; whether somebody has it cannot be found out: --force removes it anyway");
            return Err(Failure::Refused(what).into());
        }
    };
    let seen = View::open(&inspected).and_then(|view| Ok(view.look()?));
    match seen
        .with_context(|| Failure::Refused("whether somebody has it cannot be found out: see --force".to_owned()))?
    {
        Seen::There(sample) if sample.living > 0 => Err(Failure::Refused(format!(
            "{} has {}: end them first, or --force",
            path.display(),
            text::count(sample.living.into(), "living producer or writer", "living producers or writers")
        ))
        .into()),
        _ => Ok(()),
    }
}

fn remove(path: &Path, dry_run: bool) -> anyhow::Result<()> {
    if dry_run {
        println!("would remove {}", text::shown_name(path));
        return Ok(());
    }
    match icc_buffer::remove(path) {
        Ok(()) => {
            println!("removed {}", text::shown_name(path));
            Ok(())
        }
        Err(
            error @ (icc_buffer::BufferError::WrongMagic { .. }
            | icc_buffer::BufferError::TooSmall { .. }
            | icc_buffer::BufferError::NotRegularFile { .. }
            | icc_buffer::BufferError::Symlink { .. }),
        ) => Err(Failure::Refused(error.to_string()).into()),
        Err(error) => Err(directory::failure(error)),
    }
}

/// Removes all in a directory that nobody has, as far as can be seen.
fn remove_dead(directory: &Path, args: &Args) -> anyhow::Result<()> {
    let listing = directory::list(directory)?;
    let processes = Processes::see();
    if processes.hidden > 0 {
        let hidden = text::count(processes.hidden as u64, "process is", "processes are");
        eprintln!("icc: {hidden} hidden from this user, and may still read what is removed");
    }
    for ring in listing.left {
        // There is no such buffer; to remove it sweeps what it left, unless its creator is at work.
        println!("{} left a file of readers{}", text::shown_name(&ring), if args.dry_run { "" } else { ": swept" });
        if !args.dry_run {
            let _ = icc_buffer::remove(&ring);
        }
    }
    for found in listing.buffers {
        let Ok(inspected) = &found.header else { continue };
        let Ok(view) = View::open(inspected) else { continue };
        let Ok(Seen::There(sample)) = view.look() else { continue };
        let file = std::fs::symlink_metadata(&found.path).map(|metadata| FileId::of(&metadata));
        // The view itself came after the look at the processes.
        let is_dead = sample.living == 0 && file.is_ok_and(|file| processes.that_map(file).is_empty());
        drop(view);
        if is_dead {
            remove(&found.path, args.dry_run)?;
        }
    }
    Ok(())
}

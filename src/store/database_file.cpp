#include "store/database_file.hpp"

#include "base/owner_only.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <utility>

namespace fairlead::store {
namespace {

[[noreturn]] void refuse(std::string message) { throw Failure(invalid(std::move(message))); }

std::string reason() { return std::strerror(errno); }

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder;
}

void prepare_folder(const std::string& folder) {
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    refuse(fmt::format("cannot make the folder {}: {}", folder, reason()));
  struct stat facts {};
  if (stat(folder.c_str(), &facts) != 0)
    refuse(fmt::format("cannot read the folder {}: {}", folder, reason()));
  if (!S_ISDIR(facts.st_mode)) refuse(fmt::format("{} is not a folder", folder));
  check_owner_only("the folder", folder, facts.st_mode).value();
  struct statfs disk {};
  if (statfs(folder.c_str(), &disk) != 0)
    refuse(fmt::format("cannot read the file system of {}: {}", folder, reason()));
  if (const auto name = network_file_system(disk.f_type); !name.empty())
    refuse(fmt::format(
        "{} is on a network file system ({}), where SQLite can lose data; use a local disk, or "
        "PostgreSQL with --database-url",
        folder, name));
}

std::string read_all(int file) {
  std::string text(256, '\0');
  const ssize_t size = pread(file, text.data(), text.size(), 0);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text;
}

}  // namespace

DatabaseFile::DatabaseFile(std::string path) : path_(std::move(path)) {
  prepare_folder(folder_of(path_));
  take_lock();
  try {
    struct stat facts {};
    const bool existed = stat(path_.c_str(), &facts) == 0 && facts.st_size > 0;
    was_left_open_ = existed && read_all(lock_).find("state closed") == std::string::npos;
    // SQLite gives its other files (-wal, -shm) the mode of this one.
    const int file = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) refuse(fmt::format("cannot open {}: {}", path_, reason()));
    const bool made_private = fchmod(file, 0600) == 0;
    ::close(file);
    if (!made_private) refuse(fmt::format("cannot make {} private: {}", path_, reason()));
    sync_folder_of(path_);
    write_state("open");
  } catch (...) {
    ::close(lock_);
    throw;
  }
}

DatabaseFile::~DatabaseFile() { ::close(lock_); }

void DatabaseFile::take_lock() {
  const std::string name = path_ + ".lock";
  lock_ = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock_ < 0) refuse(fmt::format("cannot open {}: {}", name, reason()));
  if (flock(lock_, LOCK_EX | LOCK_NB) == 0) return;
  const int code = errno;
  const std::string text = read_all(lock_);
  ::close(lock_);
  if (code != EWOULDBLOCK) refuse(fmt::format("cannot lock {}: {}", name, std::strerror(code)));
  const std::string holder = text.substr(0, text.find('\n'));  // "pid 1234"
  throw Failure(
      Error{ErrorKind::conflict, fmt::format("{} is in use by another process ({}); stop it first",
                                             path_, holder.empty() ? "starting" : holder)});
}

void DatabaseFile::write_state(std::string_view state) {
  const std::string text = fmt::format("pid {}\nstate {}\n", getpid(), state);
  if (ftruncate(lock_, 0) != 0 ||
      pwrite(lock_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()) ||
      fsync(lock_) != 0)
    throw Failure(
        Error{ErrorKind::unavailable, fmt::format("cannot write {}.lock: {}", path_, reason())});
}

void DatabaseFile::note_closed() { write_state("closed"); }

std::string_view network_file_system(long type) {
  // f_type of statfs(2), from linux/magic.h and the file systems' own headers.
  switch (static_cast<unsigned long>(type) & 0xffffffffUL) {
    case 0x6969:
      return "NFS";
    case 0x517B:
    case 0xFF534D42:
    case 0xFE534D42:
      return "SMB";
    case 0x65735546:
      return "FUSE";
    case 0x01021997:
      return "9P";
    case 0x5346414F:
    case 0x6B414653:
      return "AFS";
    case 0x73757245:
      return "Coda";
    case 0x564C:
      return "NCP";
    case 0x00C36400:
      return "Ceph";
    case 0x0BD00BD0:
      return "Lustre";
    case 0x01161970:
      return "GFS2";
    case 0x7461636F:
      return "OCFS2";
    case 0x786F4256:
      return "VirtualBox";
    default:
      return {};
  }
}

void sync_folder_of(const std::string& path) {
  const int folder = open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) refuse(fmt::format("cannot open the folder of {}: {}", path, reason()));
  const bool durable = fsync(folder) == 0;
  ::close(folder);
  if (!durable)
    throw Failure(Error{ErrorKind::unavailable, fmt::format("cannot save {}: {}", path, reason())});
}

}  // namespace fairlead::store

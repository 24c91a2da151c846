#include "server/state.hpp"

#include "base/task.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fairlead::server {
namespace {

void make_private_folder(const std::filesystem::path& folder) {
  std::error_code code;
  if (std::filesystem::create_directories(folder, code)) chmod(folder.c_str(), 0700);
  struct stat status {};
  if (stat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
    throw Failure(Error{ErrorKind::unavailable,
                        fmt::format("cannot make or read the state folder {}", folder.string())});
  if ((status.st_mode & 077) != 0)
    throw Failure(Error{
        ErrorKind::forbidden,
        fmt::format("the state folder {} can be read by others (mode {:o}); run: chmod 700 {}",
                    folder.string(), status.st_mode & 0777u, folder.string())});
}

}  // namespace

State open_state(const StateConfig& config, const Clock& clock, Absent absent) {
  if (absent == Absent::is_an_error && config.database_url.empty() &&
      !std::filesystem::exists(config.state_dir / "core.db"))
    throw Failure(not_found(
        fmt::format("there is no installation in {}; `fairlead serve` or `fairlead init` makes one",
                    config.state_dir.string())));
  make_private_folder(config.state_dir);
  State state;
  state.database = config.database_url.empty()
                       ? store::open_sqlite({.path = (config.state_dir / "core.db").string()})
                       : store::open_postgres({.url = config.database_url});
  run_to_end(store::migrate(*state.database));
  state.vault = run_to_end(vault::Vault::open(*state.database, config.root_key_options(), clock));
  return state;
}

void write_private_file(const std::filesystem::path& path, std::string_view content) {
  const int descriptor =
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (descriptor < 0)
    throw Failure(Error{ErrorKind::conflict,
                        fmt::format("cannot make {}: {}", path.string(), std::strerror(errno))});
  const bool written =
      write(descriptor, content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
      fsync(descriptor) == 0;
  close(descriptor);
  if (written) return;
  unlink(path.c_str());
  throw Failure(Error{ErrorKind::unavailable, fmt::format("cannot write {}", path.string())});
}

}  // namespace fairlead::server

#include "base/secret_file.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fairlead {
namespace {

struct Descriptor {
  int number;
  ~Descriptor() {
    if (number > STDERR_FILENO) close(number);
  }
};

}  // namespace

Result<std::string> read_secret_file(const std::string& path, std::string_view what) {
  const bool standard_input = path == "-";
  const Descriptor file{standard_input ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  const auto unreadable = [&] {
    return invalid(fmt::format("cannot read {} '{}': {}", what, path, std::strerror(errno)));
  };
  struct stat status {};
  if (file.number < 0 || fstat(file.number, &status) != 0) return unreadable();
  if (!standard_input && S_ISREG(status.st_mode) && (status.st_mode & 077) != 0)
    return Error{ErrorKind::forbidden,
                 fmt::format("{} can be read by others (mode {:o}); run: chmod 600 '{}'", path,
                             status.st_mode & 0777u, path)};
  std::string text;
  std::array<char, 4096> piece{};
  for (;;) {
    const auto size = read(file.number, piece.data(), piece.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return unreadable();
    if (size == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
}

}  // namespace fairlead

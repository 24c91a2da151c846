#include "cli/output_file.hpp"

#include "base/named_file.hpp"
#include "base/write_whole.hpp"
#include "cli/problem.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace fairlead::cli {
namespace {

Problem cannot_write(const std::string& path, int reason) {
  return {"local_error", fmt::format("cannot write '{}': {}", path, std::strerror(reason))};
}

/// The mode that a new file gets.
mode_t usual_mode() {
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

}  // namespace

OutputFile::OutputFile(const std::string& path) : shown_(path), path_(behind_links(path).string()) {
  struct stat status {};
  const bool exists = stat(path.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode))
    throw Problem("validation_error",
                  fmt::format("--output-file: '{}' is a directory; name a file in it", path));
  // What these name may be a file that somebody else has open: /dev/fd/3.
  const bool is_special = path.starts_with("/dev/") || path.starts_with("/proc/");
  if (is_special || (exists && !S_ISREG(status.st_mode))) {
    descriptor_ = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    partial_ = path_ + ".XXXXXX.part";
    descriptor_ = mkostemps(partial_.data(), static_cast<int>(std::strlen(".part")), O_CLOEXEC);
    if (descriptor_ >= 0) fchmod(descriptor_, exists ? status.st_mode & 0777 : usual_mode());
  }
  if (descriptor_ < 0) throw cannot_write(shown_, errno);
}

OutputFile::~OutputFile() { abandon(); }

void OutputFile::write(std::string_view bytes) {
  if (!write_whole(descriptor_, bytes)) throw cannot_write(shown_, errno);
  size_ += bytes.size();
}

std::size_t OutputFile::finish() {
  const int descriptor = std::exchange(descriptor_, -1);
  if (close(descriptor) != 0) throw cannot_write(shown_, errno);
  if (!partial_.empty() && std::rename(partial_.c_str(), path_.c_str()) != 0)
    throw cannot_write(shown_, errno);
  partial_.clear();
  return size_;
}

void OutputFile::abandon() noexcept {
  if (descriptor_ >= 0) close(std::exchange(descriptor_, -1));
  if (!partial_.empty()) unlink(partial_.c_str());
  partial_.clear();
}

}  // namespace fairlead::cli

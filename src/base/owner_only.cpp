#include "base/owner_only.hpp"

#include <fmt/format.h>

#include <sys/stat.h>

namespace fairlead {

Result<Done> check_owner_only(std::string_view what, const std::string& path, unsigned mode) {
  if ((mode & 077) == 0) return Done{};
  return Error{ErrorKind::forbidden,
               fmt::format("{} {} can be read by others (mode {:o}); run: chmod {} '{}'", what,
                           path, mode & 0777u, S_ISDIR(mode) ? 700 : 600, path)};
}

}  // namespace fairlead

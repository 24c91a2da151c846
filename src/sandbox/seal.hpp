// Text that leaves the service and comes back unchanged, or is refused: cursors, links to files,
// the request behind a consent page. It can be read by whoever holds it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fairlead::sandbox {

class Seal {
 public:
  /// Another key each time the service starts.
  Seal();

  /// `purpose` keeps what was sealed for one thing from being used for another.
  std::string seal(std::string_view purpose, std::string_view text) const;
  std::optional<std::string> open(std::string_view purpose, std::string_view sealed) const;

 private:
  std::string mark(std::string_view purpose, std::string_view text) const;

  std::string key_;
};

}  // namespace fairlead::sandbox

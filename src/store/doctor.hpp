// What `fairlead doctor` says about the database below us.
#pragma once

#include "store/database.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace fairlead::store {

struct Fact {
  std::string name, value;
  std::string advice;  ///< empty when all is well
};

Task<std::vector<Fact>> facts(Database& database);

/// SQLite 3.7.0 to 3.51.2 can damage a file when one connection checkpoints while another commits
/// (fixed in 3.51.3, 3.50.7 and 3.44.6; sqlite.org/wal.html). `version` is as "3.40.1".
bool has_wal_reset_bug(std::string_view version);

}  // namespace fairlead::store

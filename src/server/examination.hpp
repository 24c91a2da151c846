// What `fairlead doctor` and `fairlead keys status` look at: opened by the command itself, or by
// the server that runs and is asked through its local socket.
#pragma once

#include "base/json.hpp"
#include "server/state.hpp"

#include <string>
#include <vector>

namespace fairlead::server {

struct Finding {
  std::string check, verdict, detail;  ///< verdict: ok, note or bad
};

/// The database, the root key, and whether there is an organization. Throws Failure.
std::vector<Finding> examine(const State& state);
/// Which keys there are, and what they seal. Throws Failure.
json::object key_status(const State& state);

json::array to_json(const std::vector<Finding>& findings);
/// The findings that to_json made. Throws Failure.
std::vector<Finding> findings_of(const json::object& answer);

}  // namespace fairlead::server

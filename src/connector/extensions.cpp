#include "connector/extensions.hpp"

#include <algorithm>

namespace fairlead::connector {

std::string_view name_of(RefreshPolicy::Kind kind) {
  switch (kind) {
    case RefreshPolicy::Kind::none:
      return "none";
    case RefreshPolicy::Kind::grace:
      return "grace";
    case RefreshPolicy::Kind::strict:
      return "strict";
  }
  return "strict";
}

bool is_allowed_host(const std::vector<std::string>& hosts, std::string_view host) {
  return std::any_of(hosts.begin(), hosts.end(), [host](std::string_view allowed) {
    if (!allowed.starts_with("*.")) return host == allowed;
    allowed.remove_prefix(1);  // ".example.com"
    return host.size() > allowed.size() && host.ends_with(allowed);
  });
}

}  // namespace fairlead::connector

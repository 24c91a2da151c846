// What the x-fairlead-* extensions of a definition say, compiled.
// docs/guide/connector-definitions.md describes each; load_fairlead.cpp reads them.
#pragma once

#include "base/json.hpp"
#include "connector/meta_source.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::connector {

/// How the pages of a list follow each other: from x-fairlead-pagination, else inferred from the
/// names in use (infer_paging), else `unknown`.
struct Paging {
  enum class Style {
    unknown,  ///< nothing is claimed, and nothing can be asked for
    none,     ///< everything comes at once
    cursor,   ///< the answer holds the cursor of the next page
    page,     ///< pages are counted
    offset,   ///< records are counted
    address   ///< the answer (or its Link header) holds the next page's URL
  };
  Style style = Style::unknown;
  bool declared = false;
  /// The parameter that a cursor, page or offset goes into. Empty: none, or (style address) the
  /// address as a whole is the cursor.
  std::string cursor_parameter;
  std::string limit_parameter;
  std::vector<MetaSource> next;                  ///< cursors: the first with a value
  std::vector<MetaSource> addresses;             ///< URLs of the next page: the first with a value
  std::vector<MetaSource> more;                  ///< true: there are further pages
  std::vector<MetaSource> last;                  ///< true: this was the last one
  std::optional<MetaSource> page, pages, total;  ///< this page's number; how many there are
  std::optional<std::int64_t> first;             ///< number of the first page, where known
  std::optional<std::int64_t> page_size;         ///< records of a page, where none is asked for
  std::vector<std::string> next_paths;           ///< other paths that an address may have
};

/// x-fairlead-incremental: how to ask for what changed since a time.
struct Incremental {
  enum class Format { date_time, date, unix_seconds, unix_milliseconds };
  std::string parameter;
  std::string member;  ///< of the parameter's object (`created[gte]`); empty: the parameter itself
  std::string field;   ///< of the records; what the parameter is compared with
  Format format = Format::date_time;
};

/// x-fairlead-rate-limit: how often the service may be asked with one credential.
struct RateLimit {
  double per_second = 0;       ///< 0: no such limit
  double burst = 1;            ///< requests that may come at once after a pause
  std::size_t concurrent = 0;  ///< calls at a time; 0: no such limit
};

/// x-fairlead-probe: the call that shows whether credentials work.
struct Probe {
  std::string entity, action;
  json::object params;
};

/// x-fairlead-refresh-policy: what becomes of a refresh token that was used.
struct RefreshPolicy {
  enum class Kind {
    none,   ///< it stays valid; the provider does not rotate
    grace,  ///< it stays valid for a while after its successor was given out
    strict  ///< it is dead at once; presenting it again may end the whole grant
  };
  Kind kind = Kind::strict;
  std::chrono::seconds grace{0};
};
std::string_view name_of(RefreshPolicy::Kind kind);

/// x-fairlead-download-hosts: "files.example.com", or "*.example.com" for any name below it.
bool is_allowed_host(const std::vector<std::string>& hosts, std::string_view host);

}  // namespace fairlead::connector

// The REST API as the command line calls it.
#pragma once

#include "base/json.hpp"
#include "base/task.hpp"
#include "cli/problem.hpp"
#include "cli/settings.hpp"
#include "net/http_client.hpp"

#include <string>
#include <vector>

namespace fairlead::cli {

using Query = std::vector<std::pair<std::string, std::string>>;

/// Speaks to one server with one set of platform credentials; buys an application token when first
/// needed. Every call throws Problem when the server refuses or is away.
class ApiClient {
 public:
  /// `verbose`: each answer is noted on standard error, without headers and bodies.
  explicit ApiClient(const Settings& settings, bool verbose = false);

  Task<json::value> get(std::string path, Query query = {});
  /// Never sent again once it may have reached the server.
  Task<json::value> send(std::string method, std::string path, json::value body, Query query = {});
  /// An execute whose answer may be a file: `on_bytes` gets its pieces; a JSON answer is returned
  /// instead.
  Task<json::value> execute(std::string path, json::value body,
                            std::function<void(std::string_view)> on_bytes);
  /// {access_token, expires_in, organization_id}
  Task<json::object> application_token();
  /// Follows `next` (or `next_cursor`) and joins `data`, up to `limit` rows. Refuses another
  /// origin, a repeated page, and more than 100 pages.
  Task<json::value> get_all(std::string path, Query query, std::size_t limit);

 private:
  Task<net::Answer> exchange(net::OutboundRequest request, bool repeatable);
  Task<net::OutboundRequest> request(std::string method, std::string path, Query query,
                                     const json::value* body);

  void note_answer(const std::string& request, int status,
                   std::chrono::steady_clock::time_point begun) const;

  const Settings& settings_;
  const bool verbose_;
  net::HttpClient client_;
  Secret token_;
};

}  // namespace fairlead::cli

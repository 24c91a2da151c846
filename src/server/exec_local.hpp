// `fairlead exec-local`: the engine in this process, with the caller's own credentials. No server,
// no account.
#pragma once

#include "base/json.hpp"
#include "base/task.hpp"
#include "connector/call.hpp"
#include "net/url.hpp"

#include <iosfwd>
#include <memory>
#include <optional>
#include <string>

namespace fairlead::server {

/// One call, as given by flags or by a line of `--batch`.
struct LocalCall {
  std::string definition;  ///< a file's path, or a slug of the catalogue
  std::string entity, action;
  json::object params, config;
  std::string auth_scheme;
  connector::CredentialFields credentials;
  std::optional<net::Endpoint> connect_to;
  bool note_waits = false;  ///< waits before a retry are noted, not slept
  bool plan = false;
  std::optional<std::string> cursor = {};  ///< the end_cursor of the page before
  bool tell_paging = false;                ///< --batch: the answer has a member `paging`
  json::value id;
};

/// Runs one call; writes the result (or the plan) as JSON to `out`, a download's bytes to `out`
/// raw. Answers the exit code: 0, or 1 to 4 by the kind of error, which goes to `err` as JSON.
int exec_local_once(LocalCall call, std::ostream& out, std::ostream& err);

/// Every page of a list or search: one record a line, while they come; progress on standard error.
/// When it breaks off, the error says at which page, and with which cursor to go on.
int exec_local_all(LocalCall call, std::ostream& out, std::ostream& err);

/// What `--batch` makes of its lines. Keeps connections and definitions from line to line, and no
/// credentials.
class LocalBatch {
 public:
  explicit LocalBatch(std::optional<net::Endpoint> default_connect_to);
  ~LocalBatch();
  /// One line for one line, whatever it holds; never throws for what stands in it.
  Task<std::string> answer(std::string line);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// One JSON object a line in, one a line out, in order, flushed. Bad lines are answered with an
/// error, and the next line is read. Answers 0 when the input ends.
int exec_local_batch(std::istream& in, std::ostream& out,
                     std::optional<net::Endpoint> default_connect_to);

/// {"token": "..."} as credential fields: values are text or numbers; empty and null ones are left
/// out.
Result<connector::CredentialFields> read_credentials(const json::object& given);

}  // namespace fairlead::server

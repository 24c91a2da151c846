// The use cases: what every interface (REST, MCP, ...) offers, once. Knows nothing of HTTP.
#pragma once

#include "platform/catalogue_view.hpp"
#include "platform/connectors.hpp"
#include "platform/execute.hpp"
#include "platform/skills.hpp"
#include "platform/tool_call_log.hpp"

#include <memory>

namespace fairlead::platform {

struct PlatformOptions {
  AdmissionLimits limits = {};
  /// Tool calls are kept for this long.
  std::chrono::hours tool_calls_kept{24 * 90};
};

/// All parts of the room, wired. `services` and what it names outlive it.
class Platform {
 public:
  /// `loop` is where the tool-call log is written from; it runs until stop() has ended.
  Platform(Services services, asio::any_io_executor loop, PlatformOptions options = {});
  ~Platform();

  Connectors& connectors();
  Executor& executor();
  CatalogueView& catalogue();
  Skills& skills();
  ToolCallLog& tool_calls();
  /// Of the same database: organizations, workspaces, tokens.
  access::Access& access();

  /// To be called once before the first request: ends what a crash left half done.
  Task<void> recover();
  /// To be called now and then (every hour will do): forgets what is past its time, some of it at
  /// least. Begins no further step after `until`; true while there may be more.
  Task<bool> tidy(Deadline until);
  /// To be called after the last request: writes what is still in memory.
  Task<void> stop();
  /// For readiness: the database takes writes.
  Task<bool> is_ready();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fairlead::platform

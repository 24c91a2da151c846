// The log of calls: who called what on which connector, how long it took and what came of it. Names
// of parameters and fingerprints of their values; never a value, never a secret.
#pragma once

#include "platform/services.hpp"
#include "store/tool_calls.hpp"

#include <deque>
#include <mutex>

namespace fairlead::platform {

/// Where a call came from.
struct CallSource {
  std::string interface = "rest";  ///< rest, mcp, ...
  std::string client;              ///< how the calling program names itself; at most 128 characters
  std::string request_id;
  std::size_t request_bytes = 0;
};

/// The beginning of a text that a caller chose, as a row can hold it.
std::string as_logged(std::string_view text, std::size_t most_characters);

/// JSON object: each parameter's name and a fingerprint of its value (HMAC-SHA-256 under a key of
/// this installation, bound to the organization and the name). Of 256 parameters at the most, and
/// none whose name is too long to be one.
std::string fingerprints(const vault::Vault& vault, const OrganizationId& organization,
                         const json::object& params);

class ToolCallLog {
 public:
  /// `loop` is where batches are written from; it runs until stop() has ended.
  ToolCallLog(Services& services, asio::any_io_executor loop)
      : services_(services), state_(std::make_shared<State>(services.database, std::move(loop))) {}

  /// For reads: written within 50 ms together with others, and lost when the power goes before.
  void add(store::ToolCallRow call);
  /// For writes: durable before the call is made (status `running`), and again before it is
  /// answered. What is still running after a crash becomes `outcome_unknown`.
  Task<void> begin(store::ToolCallRow call);
  Task<void> finish(store::ToolCallRow call);

  struct Query {
    std::optional<WorkspaceId> workspace;
    std::optional<ConnectorId> connector;
    std::optional<std::string> type, status, actor;
    std::optional<Instant> since, until;
    std::size_t limit = 20;
    std::optional<std::string> cursor;
  };
  struct Page {
    std::vector<store::ToolCallRow> calls;
    std::optional<std::string> next_cursor;
  };
  /// Newest first, within the caller's reach. Errors: not_found for a workspace out of reach;
  /// invalid_input for a cursor that is not ours.
  Task<Result<Page>> list(Caller caller, Query query);

  /// At start: what was running when the server stopped is given up.
  Task<void> recover(OrganizationId organization);
  /// Deletes some of what is older than `before`; true while there may be more.
  Task<bool> forget_some(OrganizationId organization, Instant before);
  /// Writes what is left. Nothing may be added afterwards.
  Task<void> stop();
  /// Calls that could not be kept because the database took none for too long.
  std::uint64_t dropped() const;

 private:
  struct State {
    State(store::Database& db, asio::any_io_executor executor)
        : database(db), loop(std::move(executor)) {}
    store::Database& database;
    const asio::any_io_executor loop;
    mutable std::mutex mutex;
    std::deque<store::ToolCallRow> queue;
    bool writing = false;
    std::uint64_t dropped = 0;
  };
  using Batch = std::vector<store::ToolCallRow>;
  /// What is queued, at most a batch. Of nothing: the writing is over.
  static std::shared_ptr<Batch> take_batch(State& state);
  /// Until nothing is queued. Before a batch, waits so long for others to come.
  static Task<void> write_all(std::shared_ptr<State> state, std::chrono::milliseconds gather);

  Services& services_;
  std::shared_ptr<State> state_;
};

}  // namespace fairlead::platform

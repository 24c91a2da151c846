#include "platform/tool_call_log.hpp"

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "platform/cursor.hpp"

#include <boost/asio/detached.hpp>

#include <algorithm>

namespace fairlead::platform {
namespace {

constexpr std::chrono::milliseconds gathering_time{50};
constexpr std::size_t batch_size = 1'000;
constexpr std::size_t most_queued = 65'536;
constexpr int most_tries = 3;
/// Others write in between, and no statement comes near its time limit.
constexpr std::int64_t forgotten_at_once = 5'000;
constexpr std::size_t longest_parameter = 128, most_parameters = 256;

}  // namespace

std::string as_logged(std::string_view text, std::size_t most_characters) {
  std::string out(text.substr(0, utf8_prefix(text, most_characters)));
  std::replace(out.begin(), out.end(), '\0', '?');  // no database keeps one
  return out;
}

std::string fingerprints(const vault::Vault& vault, const OrganizationId& organization,
                         const json::object& params) {
  std::string out = "{";
  out.reserve(std::min(params.size(), most_parameters) * 48);
  std::string text;
  std::size_t written = 0;
  for (const auto& member : params) {
    const std::string_view name(member.key().data(), member.key().size());
    if (name.size() > longest_parameter) continue;
    if (++written > most_parameters) break;
    text.assign(organization.str()).append(1, '\0').append(name).append(1, '\0');
    text += json::serialize(member.value());
    const Sha256 digest = vault.mac(vault::KeyLabel::log_fingerprint, text);
    if (out.size() > 1) out += ',';
    append_json_string(out, name);
    out.append(":\"").append(to_hex(bytes_of(digest).substr(0, 8))).append(1, '"');
  }
  out += '}';
  return out;
}

void ToolCallLog::add(store::ToolCallRow call) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->queue.size() >= most_queued) {
      ++state_->dropped;
      return;
    }
    state_->queue.push_back(std::move(call));
    if (state_->writing) return;
    state_->writing = true;
  }
  asio::co_spawn(state_->loop, write_all(state_, gathering_time), asio::detached);
}

std::shared_ptr<ToolCallLog::Batch> ToolCallLog::take_batch(State& state) {
  auto batch = std::make_shared<Batch>();
  const std::lock_guard lock(state.mutex);
  const std::size_t count = std::min(batch_size, state.queue.size());
  const auto end = state.queue.begin() + static_cast<std::ptrdiff_t>(count);
  batch->assign(std::make_move_iterator(state.queue.begin()), std::make_move_iterator(end));
  state.queue.erase(state.queue.begin(), end);
  state.writing = count > 0;
  return batch;
}

Task<void> ToolCallLog::write_all(std::shared_ptr<State> state, std::chrono::milliseconds gather) {
  int tries = 0;
  bool more = false;  // than one batch
  for (;;) {
    if (!more) co_await sleep_for(gather);
    const auto batch = take_batch(*state);
    if (batch->empty()) co_return;
    more = batch->size() == batch_size;
    bool written = true;
    try {
      co_await state->database.write(
          [batch](store::Connection& connection) { store::insert_tool_calls(connection, *batch); });
      tries = 0;
    } catch (const std::exception& failure) {
      written = false;
      log::error("tool_calls.not_written", {{"calls", batch->size()}, {"why", failure.what()}});
    }
    if (!written) {
      tries = (tries + 1) % most_tries;
      if (tries > 0) {
        const std::lock_guard lock(state->mutex);
        state->queue.insert(state->queue.begin(), std::make_move_iterator(batch->begin()),
                            std::make_move_iterator(batch->end()));
      } else {
        const std::lock_guard lock(state->mutex);
        state->dropped += batch->size();
      }
      co_await sleep_for(gathering_time * 10);
    }
  }
}

Task<void> ToolCallLog::begin(store::ToolCallRow call) {
  co_await services_.database.write([call = std::move(call)](store::Connection& connection) {
    store::insert_tool_calls(connection, {&call, 1});
  });
}

Task<void> ToolCallLog::finish(store::ToolCallRow call) {
  co_await services_.database.write([call = std::move(call)](store::Connection& connection) {
    store::finish_tool_call(connection, call);
  });
}

Task<Result<ToolCallLog::Page>> ToolCallLog::list(Caller caller, Query query) {
  if (auto allowed = access::check_right(caller, access::Right::read_tool_calls); !allowed)
    co_return std::move(allowed).error();
  if (query.workspace && !caller.reaches(*query.workspace)) co_return no_such_workspace();

  store::ToolCallListing listing{
      .workspace = caller.workspace() ? caller.workspace() : query.workspace,
      .connector = query.connector,
      .type = query.type,
      .status = query.status,
      .actor = query.actor,
      .since = query.since,
      .until = query.until,
      .before = {},
      .limit = static_cast<std::int64_t>(query.limit) + 1};
  if (query.cursor) {
    auto place = open_cursor(services_.vault, caller.organization(), "tool-calls", *query.cursor);
    if (!place) co_return std::move(place).error();
    listing.before = *std::move(place);
  }
  Page page;
  page.calls = co_await services_.database.read(
      [organization = caller.organization(), listing](store::Connection& connection) {
        return store::list_tool_calls(connection, organization, listing);
      });
  if (page.calls.size() > query.limit) {
    page.calls.pop_back();
    page.next_cursor =
        seal_cursor(services_.vault, caller.organization(), "tool-calls", page.calls.back().id);
  }
  co_return page;
}

Task<void> ToolCallLog::recover(OrganizationId organization) {
  const Instant now = services_.clock.now();
  const std::int64_t given_up =
      co_await services_.database.write([organization, now](store::Connection& connection) {
        return store::give_up_running_tool_calls(connection, organization, now);
      });
  if (given_up > 0)
    log::warning("tool_calls.outcome_unknown",
                 {{"organization", organization}, {"calls", given_up}});
}

Task<bool> ToolCallLog::forget_some(OrganizationId organization, Instant before) {
  const std::int64_t deleted =
      co_await services_.database.write([organization, before](store::Connection& connection) {
        return store::delete_tool_calls(connection, organization, before, forgotten_at_once);
      });
  co_return deleted == forgotten_at_once;
}

Task<void> ToolCallLog::stop() {
  // A batch that is being written ends by itself; the rest is written here.
  for (;;) {
    bool others = false;
    {
      const std::lock_guard lock(state_->mutex);
      others = state_->writing;
      if (!others && state_->queue.empty()) co_return;
      state_->writing = true;
    }
    if (others)
      co_await sleep_for(gathering_time / 10);
    else
      co_await write_all(state_, {});
  }
}

std::uint64_t ToolCallLog::dropped() const {
  const std::lock_guard lock(state_->mutex);
  return state_->dropped;
}

}  // namespace fairlead::platform

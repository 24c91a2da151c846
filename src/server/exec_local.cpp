#include "server/exec_local.hpp"

#include "base/encoding.hpp"
#include "base/interrupt.hpp"
#include "base/named_file.hpp"
#include "base/page_run.hpp"
#include "base/suggestion.hpp"
#include "cli/output.hpp"
#include "cli/problem.hpp"
#include "connector/catalogue.hpp"
#include "connector/engine.hpp"
#include "connector/memory_credentials.hpp"
#include "connector/other_names.hpp"
#include "connector/pagination.hpp"
#include "connector/raw_json.hpp"
#include "connector/record_list.hpp"
#include "connector/request_builder.hpp"
#include "server/definition_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>

namespace fairlead::server {
namespace {

using connector::CallError;
using connector::CallErrorKind;
using connector::Definition;

/// The largest download that a line of --batch carries as base64.
constexpr std::size_t largest_inline_download = 256u << 20;
constexpr std::size_t largest_line = 64u << 20;

/// Definitions by path or slug; a file is read again when it has changed.
class Definitions {
 public:
  Result<std::shared_ptr<const Definition>> get(const std::string& name) {
    std::error_code code;
    if (!std::filesystem::is_regular_file(name, code)) return from_catalogue(name);
    const auto changed = std::filesystem::last_write_time(name, code);
    const auto held = files_.find(name);
    if (held != files_.end() && held->second.changed == changed) return held->second.definition;

    const auto text = read_text_file(name);
    if (!text) return invalid_field("definition", text.error().message);
    auto loaded = connector::load_definition(*text, name);
    if (!loaded) return std::move(loaded).error();
    files_[name] = {changed, *loaded};
    return *loaded;
  }

 private:
  struct File {
    std::filesystem::file_time_type changed;
    std::shared_ptr<const Definition> definition;
  };

  Result<std::shared_ptr<const Definition>> from_catalogue(const std::string& name) {
    if (const auto* entry = catalogue_.find(name)) return catalogue_.get(entry->slug);
    return unknown_definition(catalogue_, name);
  }

  connector::Catalogue catalogue_;
  std::map<std::string, File> files_;
};

/// What a call came to.
struct LocalResult {
  std::optional<connector::Outcome> outcome;
  std::optional<connector::Plan> plan;
  std::optional<CallError> error;
  std::vector<connector::Wait> waits;
  std::optional<connector::TokenState> refreshed;
};

CallError to_call_error(const Error& error) {
  CallError out{CallErrorKind::executor, error.message};
  if (error.kind == ErrorKind::timed_out) out.kind = CallErrorKind::timeout;
  if (error.kind == ErrorKind::upstream_unreachable) out.kind = CallErrorKind::network;
  if (error.kind == ErrorKind::invalid_input) out.kind = CallErrorKind::validation;
  return out;
}

/// The engine and what it needs, for as many calls as there are.
class LocalEngine {
 public:
  LocalEngine() : client_({.egress = net::EgressPolicy::unrestricted()}), engine_(client_) {}

  Task<LocalResult> run(LocalCall call) {
    LocalResult result;
    auto definition = definitions_.get(call.definition);
    if (!definition) {
      result.error = to_call_error(definition.error());
      co_return result;
    }
    const connector::Call to_make = to_engine(call, **definition);
    connector::EngineOptions options;
    options.connect_to = call.connect_to;
    if (call.note_waits)
      options.on_wait = [&result](connector::Wait wait) { result.waits.push_back(wait); };
    connector::take_other_names(**definition, call.credentials);
    connector::MemoryCredentials credentials(std::move(call.credentials));
    try {
      if (call.plan) {
        auto plan = co_await engine_.plan(to_make, credentials, options);
        if (plan)
          result.plan = *std::move(plan);
        else
          result.error = std::move(plan).error();
      } else {
        auto outcome = co_await engine_.execute(to_make, credentials, options);
        if (outcome)
          result.outcome = *std::move(outcome);
        else
          result.error = std::move(outcome).error();
      }
    } catch (const Failure& failure) {
      result.error = to_call_error(failure.error());
    }
    if (const auto* renewed = credentials.renewed())
      result.refreshed = connector::duplicate(*renewed);
    co_return result;
  }

  Result<std::shared_ptr<const Definition>> definition(const std::string& name) {
    return definitions_.get(name);
  }
  connector::Engine& engine() { return engine_; }
  connector::RateLimits& rates() { return rates_; }

  /// What a person wrote that nothing declares would be dropped without a word. (A batch is for
  /// programs, and takes what the published engine takes.)
  std::optional<CallError> refusal_of_unknown(LocalCall& call) {
    const auto definition = definitions_.get(call.definition);
    if (!definition) return std::nullopt;  // said when it runs
    const std::vector<std::string> settings = (*definition)->config_names();
    for (const auto& [key, value] : call.config)
      if (const std::string name(key); !std::count(settings.begin(), settings.end(), name))
        return CallError{CallErrorKind::invalid_parameter,
                         fmt::format("unknown setting '{}'{}", name,
                                     what_else(name, settings, "the definition has"))};
    const auto operation = (*definition)->find(call.entity, call.action);
    if (!operation) return std::nullopt;
    connector::take_other_names(**operation, call.params);
    if (auto cursor = connector::take_paging_words(**definition, **operation, call.params);
        cursor && !call.cursor)
      call.cursor = std::move(cursor);
    for (const std::string& name :
         connector::unknown_parameters(**definition, **operation, call.params))
      return CallError{CallErrorKind::invalid_parameter,
                       fmt::format("unknown parameter '{}'{}", name,
                                   what_else(name, connector::parameter_names(**operation),
                                             "this action takes"))};
    return std::nullopt;
  }

  /// Everything but the credentials.
  static connector::Call to_engine(LocalCall& call, const Definition& definition) {
    connector::Call out;
    out.definition = &definition;
    out.entity = std::move(call.entity);
    out.action = std::move(call.action);
    out.params = std::move(call.params);
    out.cursor = std::move(call.cursor);
    out.config = std::move(call.config);
    out.auth_scheme = std::move(call.auth_scheme);
    return out;
  }

 private:
  net::HttpClient client_;
  connector::Engine engine_;
  connector::RateLimits rates_;
  Definitions definitions_;
};

/// Reads a download to its end. Breaking off half-way is an error, never a short file.
Task<Result<std::string, CallError>> read_all(net::BodyStream stream) {
  std::string bytes;
  try {
    for (;;) {
      const std::string piece = co_await stream();
      if (piece.empty()) co_return bytes;
      bytes += piece;
      if (bytes.size() > largest_inline_download)
        co_return CallError{CallErrorKind::http_client,
                            "the file is larger than a batch line carries; ask for a range"};
    }
  } catch (const Failure& failure) {
    co_return to_call_error(failure.error());
  }
}

std::string to_text(const connector::Plan& plan) {
  json::object headers;
  for (const auto& header : plan.headers) headers[header.name] = header.value;
  json::object out{{"method", plan.method},           {"url", plan.url},
                   {"headers", std::move(headers)},   {"body", plan.body},
                   {"auth_scheme", plan.auth_scheme}, {"effect", plan.effect}};
  json::array notes;
  for (const auto& note : plan.notes) notes.emplace_back(note);
  out["notes"] = std::move(notes);
  return json::serialize(out);
}

/// The status by which the service refused; where nothing was sent, the one that a service would
/// have answered. A 200 with something wrong in it refused nothing.
int status_of(const CallError& error) {
  if (error.status >= 300) return error.status;
  if (error.kind == CallErrorKind::validation) return 400;
  return error.kind == CallErrorKind::authentication ? 401 : 0;
}

json::object to_json(const CallError& error) {
  // What a service reports in a 200 has no name of its own in this protocol.
  const bool reported = error.kind == CallErrorKind::api_error;
  json::object out{{"kind", connector::name_of(reported ? CallErrorKind::http_client : error.kind)},
                   {"status", nullptr},
                   {"message", mended_utf8(error.message)}};
  if (const int status = status_of(error); status != 0) out["status"] = status;
  return out;
}

json::array to_json(const std::vector<connector::Wait>& waits) {
  json::array out;
  for (const auto& wait : waits) {
    if (wait.kind == connector::Wait::Kind::retry_after)
      out.push_back(json::object{{"kind", "retry_after"}, {"s", wait.seconds}});
    else
      out.push_back(json::object{{"kind", "backoff"}, {"max_s", wait.seconds}});
  }
  return out;
}

json::object to_json(const connector::PageMark& page) {
  json::object out{{"has_more", nullptr}, {"end_cursor", nullptr}};
  if (page.has_more) out["has_more"] = *page.has_more;
  if (page.end_cursor) out["end_cursor"] = *page.end_cursor;
  return out;
}

/// What the caller would store; these are the caller's own tokens, handed back on request.
json::value to_json(const std::optional<connector::TokenState>& tokens) {
  if (!tokens) return nullptr;
  json::object out{{"access_token", tokens->access_token.reveal()}};
  if (!tokens->token_type.empty()) out["token_type"] = tokens->token_type;
  if (!tokens->refresh_token.empty()) out["refresh_token"] = tokens->refresh_token.reveal();
  for (const auto& [name, value] : tokens->extracted) out[name] = value;
  return out;
}

/// One line of --batch as a call.
Result<LocalCall> read_line(const json::object& line,
                            const std::optional<net::Endpoint>& default_connect_to) {
  LocalCall call;
  call.connect_to = default_connect_to;
  static const std::vector<std::string> names = {
      "id",     "definition", "base_url", "no_sleep", "auth_scheme", "credentials", "config",
      "entity", "action",     "params",   "plan",     "cursor",      "paging"};
  for (const auto& [key, value] : line) {
    const std::string name(key.data(), key.size());
    if (name == "id") {
      call.id = value;
    } else if (name == "definition" || name == "entity" || name == "action" ||
               name == "auth_scheme" || name == "base_url" || name == "cursor") {
      if (value.is_null() && (name == "auth_scheme" || name == "base_url" || name == "cursor"))
        continue;
      if (!value.is_string())
        return invalid_field(name, fmt::format("'{}' must be a string", name));
      const std::string text(view(value.as_string()));
      if (name == "definition") call.definition = text;
      if (name == "entity") call.entity = text;
      if (name == "action") call.action = text;
      if (name == "auth_scheme") call.auth_scheme = text;
      if (name == "cursor") call.cursor = text;
      if (name == "base_url") {
        auto endpoint = net::Endpoint::parse_loopback(text);
        if (!endpoint)
          return invalid_field(name, fmt::format("'{}' {}", name, endpoint.error().message));
        call.connect_to = *std::move(endpoint);
      }
    } else if (name == "no_sleep" || name == "plan" || name == "paging") {
      if (value.is_null()) continue;
      if (!value.is_bool())
        return invalid_field(name, fmt::format("'{}' must be true or false", name));
      (name == "plan"     ? call.plan
       : name == "paging" ? call.tell_paging
                          : call.note_waits) = value.as_bool();
    } else if (name == "credentials" || name == "config" || name == "params") {
      if (value.is_null()) continue;
      if (!value.is_object())
        return invalid_field(name, fmt::format("'{}' must be an object", name));
      if (name == "credentials") {
        auto fields = read_credentials(value.as_object());
        if (!fields) return std::move(fields).error();
        call.credentials = *std::move(fields);
      }
      if (name == "config") call.config = value.as_object();
      if (name == "params") call.params = value.as_object();
    } else {
      return invalid_field(name,
                           fmt::format("unknown member '{}'{}", name, did_you_mean(name, names)));
    }
  }
  for (const char* required : {"definition", "entity", "action"})
    if (!line.contains(required))
      return invalid_field(required, fmt::format("'{}' is missing", required));
  return call;
}

/// The `id` of a line that is refused, as it stands there: also of one that holds what JSON allows
/// and we do not take, such as half a surrogate pair or an integer of any length.
std::string id_of(const std::string& line) {
  if (line.size() > largest_line) return "null";
  const auto read = connector::RawJson::parse(line, line.size());
  if (!read || !read->is_object(read->root())) return "null";
  const auto id = read->find(read->root(), "id");
  return id ? std::string(read->slice(*id)) : "null";
}

/// {"id", "result", "waits", "refreshed"} as one line; `id` is JSON.
std::string answer_line(const std::string& id, const LocalResult& result, const std::string& data,
                        bool tell_paging = false) {
  std::string out = "{\"id\":" + id + ",\"result\":{\"success\":";
  out += result.error ? "false" : "true";
  out += ",\"data\":" + data + ",\"meta\":";
  out += result.outcome && !result.outcome->meta.empty() ? result.outcome->meta : "null";
  out += ",\"error\":";
  out += result.error ? json::serialize(to_json(*result.error)) : "null";
  out += "},\"waits\":" + json::serialize(to_json(result.waits));
  out += ",\"refreshed\":" + json::serialize(to_json(result.refreshed));
  if (tell_paging) {
    const bool has_pages = result.outcome && result.outcome->page;
    out += ",\"paging\":" + (has_pages ? json::serialize(to_json(*result.outcome->page)) : "null");
  }
  out += '}';
  // Records are slices of the service's text, which may hold line breaks between tokens; JSON
  // strings hold none.
  for (char& c : out)
    if (c == '\n' || c == '\r') c = ' ';
  return out;
}

Task<std::string> answer_call(LocalEngine& engine, LocalCall call) {
  const std::string id = json::serialize(call.id);
  const bool tell_paging = call.tell_paging;
  LocalResult result = co_await engine.run(std::move(call));
  std::string data = "null";
  if (result.plan) data = to_text(*result.plan);
  if (result.outcome && result.outcome->download) {
    auto bytes = co_await read_all(std::move(result.outcome->download->body));
    if (bytes)
      data = json::serialize(json::object{{"base64", to_base64(*bytes)}});
    else
      result.error = std::move(bytes).error();
  } else if (result.outcome) {
    data = result.outcome->data;
  }
  co_return answer_line(id, result, data, tell_paging);
}

int exit_code_of(const CallError& error) {
  switch (error.kind) {
    case CallErrorKind::credentials:
    case CallErrorKind::authentication:
      return 2;
    case CallErrorKind::entity_not_found:
      return 3;
    case CallErrorKind::missing_parameter:
    case CallErrorKind::invalid_parameter:
    case CallErrorKind::action_not_supported:
    case CallErrorKind::unknown_action:
    case CallErrorKind::validation:
      return 4;
    case CallErrorKind::http_status:
      return error.status == 404 ? 3 : 1;
    default:
      return 1;
  }
}

/// As it is in a pipe, and with line breaks on a terminal. (Numbers that only a text can hold stay
/// in one.)
std::string for_reader(std::string text) {
  if (!cli::output_is_terminal()) return text;
  const auto value = parse_json(text, {.bytes = text.size(), .nodes = 1'000'000});
  return value ? cli::to_pretty(*value) : text;
}

/// Says the error, with what else is `known`; answers the exit code.
int show_error(const CallError& error, std::ostream& err, json::object known = {}) {
  if (cli::errors_go_to_terminal()) {
    cli::Problem problem("local_error", error.message);
    if (const auto* hint = find_string(known, "hint")) problem.hint = view(*hint);
    if (error.outcome_unknown)
      problem.hint = "It is not known whether the service has done it: look before trying again.";
    err << cli::to_text(problem);
  } else {
    json::object shown = to_json(error);
    if (error.outcome_unknown) shown["outcome_unknown"] = true;
    for (auto& [name, value] : known) shown[name] = std::move(value);
    err << json::serialize(json::object{{"error", std::move(shown)}}) << '\n';
  }
  return exit_code_of(error);
}

Task<int> run_once(LocalEngine& engine, LocalCall call, std::ostream& out, std::ostream& err) {
  if (const auto unknown = engine.refusal_of_unknown(call)) co_return show_error(*unknown, err);
  LocalResult result = co_await engine.run(std::move(call));
  if (result.outcome && result.outcome->download) {
    if (cli::output_is_terminal())
      co_return show_error(
          {CallErrorKind::validation, "this is a file: say where it goes, with > FILE"}, err);
    try {
      for (;;) {
        const std::string piece = co_await result.outcome->download->body();
        if (piece.empty() || !(out << piece)) break;
      }
    } catch (const Failure& failure) {
      result.error = to_call_error(failure.error());
    }
    out.flush();
  } else if (result.outcome) {
    std::string text = "{\"data\":" + result.outcome->data + ",\"meta\":" +
                       (result.outcome->meta.empty() ? "null" : result.outcome->meta);
    if (result.outcome->page)
      text += ",\"paging\":" + json::serialize(to_json(*result.outcome->page));
    out << for_reader(text + '}') << '\n';
  } else if (result.plan) {
    out << for_reader(to_text(*result.plan)) << '\n';
  }
  co_return result.error ? show_error(*result.error, err) : 0;
}

// --all

int break_off(const CallError& error, const PageRun& run, std::ostream& err) {
  json::object known = run.where();
  known["hint"] = run.hint();
  return show_error(error, err, std::move(known));
}

/// The records of a page, one a line; how many they were. A body that is no list is one record.
std::uint64_t show_records(const connector::Outcome& outcome, std::ostream& out) {
  const auto records = connector::split_records(outcome.data);
  for (std::string line : records) {
    // Between tokens only: JSON strings hold no line breaks.
    std::replace_if(
        line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    out << line << '\n';
  }
  out << std::flush;
  return records.size();
}

Task<int> run_all(LocalEngine& engine, LocalCall call, std::ostream& out, std::ostream& err) {
  if (const auto unknown = engine.refusal_of_unknown(call)) co_return show_error(*unknown, err);
  PageRun run(call.cursor);
  auto definition = engine.definition(call.definition);
  if (!definition) co_return break_off(to_call_error(definition.error()), run, err);
  connector::EngineOptions options;
  options.connect_to = call.connect_to;
  options.rates = &engine.rates();
  connector::take_other_names(**definition, call.credentials);
  connector::MemoryCredentials credentials(std::move(call.credentials));
  connector::Call to_make = LocalEngine::to_engine(call, **definition);
  const EndOnInterrupt guard(co_await asio::this_coro::executor, [&] {
    out << std::flush;
    break_off({CallErrorKind::timeout, "interrupted"}, run, err);
    err << std::flush;
  });
  for (;;) {
    to_make.cursor = run.cursor();
    auto outcome = Result<connector::Outcome, CallError>(CallError{});
    try {
      outcome = co_await engine.engine().execute(to_make, credentials, options);
    } catch (const Failure& failure) {
      outcome = to_call_error(failure.error());
    }
    if (!outcome) co_return break_off(outcome.error(), run, err);
    if (!outcome->page)
      co_return break_off({CallErrorKind::validation,
                           "--all follows the pages of list and search; other actions have none"},
                          run, err);
    const std::uint64_t records = show_records(*outcome, out);
    // Nobody reads on: no more is asked for. (A page that was not written whole is read again.)
    if (!out) co_return break_off({CallErrorKind::executor, cli::cannot_write_output}, run, err);
    run.finish_page(outcome->data, records);
    show_progress(run);
    AfterPage next = after_page(outcome->page->has_more, outcome->page->end_cursor);
    if (next.ends) {
      if (!next.is_known)
        cli::notice("the service does not tell whether there are further pages; this was one");
      co_return 0;
    }
    if (!next.next)
      co_return break_off({CallErrorKind::executor,
                           "the service has further pages, but the definition does not say how to "
                           "ask for them"},
                          run, err);
    if (const auto why = run.go_on(*std::move(next.next)))
      co_return break_off({CallErrorKind::executor, "the run was ended: " + *why}, run, err);
  }
}

}  // namespace

Result<connector::CredentialFields> read_credentials(const json::object& given) {
  connector::CredentialFields fields;
  for (const auto& [key, value] : given) {
    const std::string name(key.data(), key.size());
    if (value.is_null()) continue;
    if (value.is_string()) {
      fields.emplace(name, Secret(view(value.as_string())));
    } else if (value.is_number() || value.is_bool()) {
      fields.emplace(name, Secret(json::serialize(value)));
    } else {
      return invalid_field("credentials." + name,
                           fmt::format("the credential field '{}' must be text", name));
    }
  }
  return fields;
}

int exec_local_once(LocalCall call, std::ostream& out, std::ostream& err) {
  LocalEngine engine;
  return run_to_end(run_once(engine, std::move(call), out, err));
}

int exec_local_all(LocalCall call, std::ostream& out, std::ostream& err) {
  LocalEngine engine;
  return run_to_end(run_all(engine, std::move(call), out, err));
}

struct LocalBatch::Impl {
  LocalEngine engine;
  std::optional<net::Endpoint> default_connect_to;
};

LocalBatch::LocalBatch(std::optional<net::Endpoint> default_connect_to)
    : impl_(std::make_unique<Impl>()) {
  impl_->default_connect_to = std::move(default_connect_to);
}

LocalBatch::~LocalBatch() = default;

Task<std::string> LocalBatch::answer(std::string line) {
  const auto refused = [&line](const Error& error) {
    const CallError shown{CallErrorKind::validation, error.message};
    return answer_line(id_of(line), {.error = shown}, "null");
  };
  auto object = parse_json_object(line, "the line", {.bytes = largest_line});
  if (!object) co_return refused(object.error());
  auto call = read_line(*object, impl_->default_connect_to);
  if (!call) co_return refused(call.error());
  LocalCall to_make = *std::move(call);
  std::string answer = co_await answer_call(impl_->engine, std::move(to_make));
  co_return answer;
}

int exec_local_batch(std::istream& in, std::ostream& out,
                     std::optional<net::Endpoint> default_connect_to) {
  LocalBatch batch(std::move(default_connect_to));
  const auto serve_lines = [&]() -> Task<void> {
    std::string line;
    for (bool is_first = true; std::getline(in, line); is_first = false) {
      if (is_first) line.erase(0, byte_order_mark_at(line));
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      const std::string answer = co_await batch.answer(line);
      // Who no longer reads the answers means no more of the calls either.
      if (!(out << answer << '\n' << std::flush)) co_return;
    }
  };
  run_to_end(serve_lines());
  return 0;
}

}  // namespace fairlead::server

// The one table of routes, and the one place where errors become answers.
#include "api/api.hpp"
#include "api/errors.hpp"
#include "api/exchange.hpp"
#include "base/encoding.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <span>

namespace fairlead::api {
namespace {

enum class Needs {
  nothing,
  token,  ///< the handler, or what it calls, asks for the right
  mint_tokens,
  read_definitions,
  manage_connectors,
  execute
};

/// When a route is there. Out of its time a ceremony's is like no route at all.
enum class Stage {
  claimed,  ///< when the installation has its first organization; before: 503
  always,
  setup,    ///< until then
  recovery  ///< while an admin is expected back
};

struct Route {
  std::string_view method, pattern;
  Needs needs;
  Handler handler;
  bool has_secrets = false;  ///< the body is erased when it has been read
  Stage stage = Stage::claimed;
  bool takes_forms = false;  ///< beside JSON
};

bool is_ceremony(const Route& route) {
  return route.stage == Stage::setup || route.stage == Stage::recovery;
}

constexpr std::array route_table = {
    Route{"POST", "/api/v1/integrations/connectors/{id}/execute", Needs::execute, execute},
    Route{"POST", "/api/v1/execute/batch", Needs::execute, execute_batch},
    Route{"POST", "/api/v1/integrations/connectors/{id}/execute/prepare", Needs::execute,
          prepare_execute},

    Route{"POST", "/api/v1/account/applications/token", Needs::nothing, create_application_token,
          true},
    Route{"POST", "/v1/applications/token", Needs::nothing, create_application_token, true,
          Stage::claimed, true},
    Route{"POST", "/api/v1/account/applications/scoped-token", Needs::mint_tokens,
          create_scoped_token},
    Route{"GET", "/api/v1/account/applications/scoped-token/info", Needs::token,
          get_scoped_token_info},
    Route{"POST", "/api/v1/account/applications/widget-token", Needs::mint_tokens,
          create_widget_token},
    Route{"POST", "/api/v1/embedded/scoped-token", Needs::mint_tokens, create_scoped_token},
    Route{"GET", "/api/v1/embedded/scoped-token/info", Needs::token, get_scoped_token_info},
    Route{"POST", "/api/v1/embedded/widget-token", Needs::mint_tokens, create_widget_token},

    Route{"GET", "/api/v1/workspaces", Needs::token, list_workspaces},
    Route{"POST", "/api/v1/workspaces", Needs::token, create_workspace},
    Route{"GET", "/api/v1/workspaces/stats", Needs::token, count_workspaces},
    Route{"GET", "/api/v1/workspaces/{workspace_id}", Needs::token, get_workspace},
    Route{"PUT", "/api/v1/workspaces/{workspace_id}", Needs::token, update_workspace},
    Route{"DELETE", "/api/v1/workspaces/{workspace_id}", Needs::token, delete_workspace},
    Route{"GET", "/api/v1/organizations", Needs::token, list_organizations},
    Route{"GET", "/api/v1/organizations/{organization_id}/credentials", Needs::token,
          list_organization_credentials},

    Route{"GET", "/api/v1/integrations/definitions/sources", Needs::read_definitions,
          list_definitions},
    Route{"GET", "/api/v1/integrations/definitions/sources/{id}", Needs::read_definitions,
          get_definition},
    Route{"GET", "/api/v1/integrations/definitions/sources/{id}/icon", Needs::nothing,
          get_definition_icon},
    Route{"GET", "/api/v1/integrations/definitions/destinations", Needs::read_definitions,
          list_destinations},
    Route{"GET", "/v1/destinations", Needs::token, list_replicas},
    Route{"GET", "/api/v1/integrations/definitions/destinations/{id}", Needs::read_definitions,
          get_destination},

    Route{"POST", "/api/v1/integrations/connectors", Needs::manage_connectors, create_connector,
          true},
    Route{"GET", "/api/v1/integrations/connectors", Needs::token, list_connectors},
    Route{"POST", "/api/v1/integrations/connectors/check", Needs::manage_connectors,
          check_new_connector, true},
    Route{"GET", "/api/v1/integrations/connectors/{id}", Needs::token, get_connector},
    Route{"PUT", "/api/v1/integrations/connectors/{id}", Needs::manage_connectors, update_connector,
          true},
    Route{"DELETE", "/api/v1/integrations/connectors/{id}", Needs::manage_connectors,
          delete_connector},
    Route{"POST", "/api/v1/integrations/connectors/{id}/check", Needs::manage_connectors,
          check_connector, true},
    Route{"GET", "/api/v1/integrations/connectors/{id}/inspect", Needs::token, inspect_connector},

    Route{"GET", "/api/v1/skills", Needs::token, list_skills},
    Route{"GET", "/api/v1/skills/search", Needs::token, search_skills},
    Route{"GET", "/api/v1/skills/docs", Needs::token, read_skill},
    Route{"GET", "/api/v1/tool-calls", Needs::token, list_tool_calls},
    Route{"GET", "/api/v1/jobs/{id}", Needs::token, get_job},

    Route{"GET", "/setup", Needs::nothing, get_setup_page, false, Stage::setup},
    Route{"POST", "/api/v1/setup", Needs::nothing, claim_installation, true, Stage::setup},
    Route{"GET", "/recover", Needs::nothing, get_setup_page, false, Stage::recovery},
    Route{"POST", "/api/v1/recover", Needs::nothing, recover_admin, true, Stage::recovery},

    Route{"GET", "/healthz", Needs::nothing, is_alive, false, Stage::always},
    Route{"GET", "/readyz", Needs::nothing, is_ready, false, Stage::always},
    Route{"GET", "/metrics", Needs::nothing, get_metrics, false, Stage::always},
    Route{"GET", "/.well-known/jwks.json", Needs::nothing, get_signing_keys},
    Route{"GET", "/openapi.json", Needs::nothing, get_document},
    Route{"GET", "/api/v1/openapi.json", Needs::nothing, get_document},
    Route{"GET", "/docs", Needs::nothing, get_page},
};

/// The segments of a path: "/a//b" has three, "/" one that is empty.
std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  segments.reserve(8);
  path.remove_prefix(1);
  for (;;) {
    const std::size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool is_hole(std::string_view segment) { return segment.starts_with('{'); }

/// A pattern cut into segments once.
struct Pattern {
  explicit Pattern(std::string_view pattern) : segments(segments_of(pattern)) {}
  std::vector<std::string_view> segments;

  bool matches(std::span<const std::string_view> given) const {
    if (given.size() != segments.size()) return false;
    for (std::size_t i = given.size(); i-- > 0;)  // most begin alike
      if (is_hole(segments[i]) ? given[i].empty() : given[i] != segments[i]) return false;
    return true;
  }
};

const std::vector<Pattern>& patterns() {
  static const std::vector<Pattern> cut = [] {
    std::vector<Pattern> all;
    for (const Route& route : route_table) all.emplace_back(route.pattern);
    return all;
  }();
  return cut;
}

struct Match {
  std::size_t route = route_table.size();  ///< its number in the table; the size when none
  std::string allowed = {};                ///< methods of the address when only the method is wrong
};

Match find_route(std::string_view method, std::span<const std::string_view> segments) {
  // The server sends the head of what GET would be answered.
  if (method == "HEAD") method = "GET";
  Match match;
  std::size_t holes_of_best = 0;
  const std::vector<Pattern>& all = patterns();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Pattern& pattern = all[i];
    if (!pattern.matches(segments)) continue;
    const auto holes = static_cast<std::size_t>(
        std::count_if(pattern.segments.begin(), pattern.segments.end(), is_hole));
    if (route_table[i].method != method) {
      if (is_ceremony(route_table[i])) continue;  // nobody learns what is there at other times
      match.allowed += (match.allowed.empty() ? "" : ", ") + std::string(route_table[i].method);
      continue;
    }
    // A fixed word wins over a hole: /workspaces/stats is no workspace.
    if (match.route < route_table.size() && holes >= holes_of_best) continue;
    match.route = i;
    holes_of_best = holes;
    if (holes == 0) break;
  }
  return match;
}

std::optional<access::Right> right_of(Needs needs) {
  switch (needs) {
    case Needs::nothing:
    case Needs::token:
      return std::nullopt;
    case Needs::mint_tokens:
      return access::Right::mint_tokens;
    case Needs::read_definitions:
      return access::Right::read_definitions;
    case Needs::manage_connectors:
      return access::Right::manage_connectors;
    case Needs::execute:
      return access::Right::execute;
  }
  return std::nullopt;
}

std::optional<std::string_view> bearer_token(const net::Headers& headers) {
  const std::string* header = headers.find("Authorization");
  if (!header || headers.count("Authorization") != 1) return std::nullopt;
  constexpr std::string_view scheme = "bearer ";
  std::string_view text = *header;
  if (text.size() <= scheme.size()) return std::nullopt;
  for (std::size_t i = 0; i < scheme.size(); ++i) {
    const char c =
        text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
    if (c != scheme[i]) return std::nullopt;
  }
  text.remove_prefix(scheme.size());
  while (text.starts_with(' ')) text.remove_prefix(1);
  return text;
}

/// In lower case, without its parameters.
std::string media_type(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  while (type.ends_with(' ')) type.pop_back();
  std::transform(type.begin(), type.end(), type.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return type;
}

bool is_json(std::string_view content_type) {
  const std::string type = media_type(content_type);
  return type == "application/json" ||
         (type.starts_with("application/") && type.ends_with("+json"));
}

/// A caller may name its request, so that its log and ours can be joined.
std::string request_id_of(const net::Headers& headers) {
  const std::string* given = headers.find("X-Request-Id");
  const auto fits = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_' || c == '.';
  };
  if (given && given->size() >= 8 && given->size() <= 64 &&
      std::all_of(given->begin(), given->end(), fits))
    return *given;
  // Unique is enough, so only the first part is random, once.
  static const std::string server = random_uuid().substr(0, 13);
  static std::atomic<std::uint64_t> next = 0;
  return server + '-' + std::to_string(++next);
}

void add_if_absent(net::Headers& headers, std::string_view name, std::string_view value) {
  if (!headers.find(name)) headers.add(std::string(name), std::string(value));
}

/// What every answer says to browsers and caches.
void add_common_headers(net::Response& response, const std::string& request_id) {
  response.headers.add("X-Request-Id", request_id);
  add_if_absent(response.headers, "Cache-Control", "no-store");
  add_if_absent(response.headers, "Content-Security-Policy",
                "default-src 'none'; frame-ancestors 'none'");
  response.headers.add("X-Content-Type-Options", "nosniff");
  response.headers.add("Referrer-Policy", "no-referrer");
  response.headers.add("Cross-Origin-Resource-Policy", "same-origin");
}

Error wrong_method(std::string_view method, const std::string& allowed) {
  return {.kind = ErrorKind::invalid_input,
          .message = std::string(method.substr(0, 16)) + " is not allowed here; use " + allowed,
          .code = "method_not_allowed"};
}

/// What answers GET answers HEAD too.
std::string with_head(std::string allowed) {
  if (const std::size_t get = allowed.find("GET"); get != std::string::npos)
    allowed.insert(get + 3, ", HEAD");
  return allowed;
}

Error malformed(std::string message) {
  return {
      .kind = ErrorKind::invalid_input, .message = std::move(message), .code = "malformed_request"};
}

/// What to say of a request that was cancelled at its time limit. Nobody may take a write that may
/// have been carried out for one that was not.
Error broken_off(std::string_view method, std::string detail) {
  const bool changes_nothing = method == "GET" || method == "HEAD";
  Error error{ErrorKind::timed_out, "the request took too long and was broken off"};
  if (!changes_nothing)
    error = {ErrorKind::conflict,
             "the request took too long and was broken off; look whether it was carried out before "
             "you send it again",
             "outcome_unknown"};
  error.detail = std::move(detail);
  return error;
}

Error internal(std::string detail) {
  return {.kind = ErrorKind::internal,
          .message = "something went wrong on this server; its log has more under the request id",
          .detail = std::move(detail)};
}

}  // namespace

platform::CallSource Exchange::source() const {
  platform::CallSource source;
  source.request_id = request_id;
  source.request_bytes = request.body.size();
  for (const char* name : {"X-ADP-Agent-SDK", "X-ADP-Agent-CLI", "X-Airbyte-Analytic-Source",
                           "X-Fairlead-Client", "User-Agent"})
    if (const std::string* value = request.headers.find(name); value && !value->empty()) {
      if (std::string_view(name) == "X-ADP-Agent-CLI") source.client = "airbyte-agent-cli/";
      source.client += is_valid_utf8(*value) ? value->substr(0, utf8_prefix(*value, 100)) : "";
      break;
    }
  return source;
}

Result<json::object> Exchange::body(std::size_t most_bytes) const {
  JsonLimits limits;
  limits.bytes = most_bytes;
  auto parsed = parse_json_object(request.body, "request body", limits);
  if (parsed || parsed.error().kind != ErrorKind::invalid_input) return parsed;
  Error error = std::move(parsed).error();
  error.code = "invalid_json";
  error.fields = {{"body", error.message, "invalid_json"}};
  return error;
}

bool Exchange::has_form() const {
  const std::string* type = request.headers.find("Content-Type");
  return type && media_type(*type) == "application/x-www-form-urlencoded";
}

Result<json::object> Exchange::form(std::size_t most_bytes) const {
  const auto refused = [](std::string_view why) {
    Error error = invalid("the request body is no form: " + std::string(why));
    error.code = "invalid_form";
    error.fields = {{"body", error.message, "invalid_form"}};
    return error;
  };
  if (request.body.size() > most_bytes) return refused("it is too long");
  json::object values;
  for (std::string_view rest = request.body; !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const auto name = percent_decode(pair.substr(0, equals), true);
    auto value = percent_decode(
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1), true);
    if (!name || !value) return refused("a percent sign stands without its two digits");
    const bool is_new = values.emplace(*name, *value).second;
    wipe(*value);
    if (!is_new) return refused("'" + *name + "' is there twice");
  }
  return values;
}

net::Response json_response(std::string body, int status) {
  net::Response response;
  response.status = status;
  response.headers.reserve(10);  // with those that every answer has
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

struct Api::Impl {
  Impl(platform::Platform& platform, access::Access& access, Options options)
      : parts{platform, access, std::move(options), Metrics(route_table.size())} {
    for (std::size_t i = 0; i < route_table.size(); ++i)
      parts.metrics.name_route(i, route_table[i].method, route_table[i].pattern);
  }

  Parts parts;

  Task<Answer> answer(Exchange& exchange, const Route& route) {
    if (!is_known_open(route.stage))
      if (auto closed = co_await refusal_at_stage(route.stage)) co_return *std::move(closed);
    if (route.needs != Needs::nothing) {
      const auto token = bearer_token(exchange.request.headers);
      if (!token)
        co_return Error{ErrorKind::unauthenticated, "send a token: Authorization: Bearer <token>"};
      auto caller = parts.access.authenticator().authenticate(*token);
      if (!caller && access::Authenticator::may_succeed_after_reload(caller.error()))
        caller =
            co_await parts.access.authenticator().authenticate_with_reload(std::string(*token));
      if (!caller) co_return std::move(caller).error();
      exchange.known_caller = *std::move(caller);
      if (auto admitted = admit(exchange, route.needs); !admitted)
        co_return std::move(admitted).error();
    }
    if (const std::string* type = exchange.request.headers.find("Content-Type");
        type && !exchange.request.body.empty() && !is_json(*type) &&
        !(route.takes_forms && exchange.has_form()))
      co_return Error{.kind = ErrorKind::invalid_input,
                      .message = "send the body as application/json",
                      .code = "unsupported_media_type"};
    if (const std::string* coding = exchange.request.headers.find("Content-Encoding");
        coding && !exchange.request.body.empty() && *coding != "identity")
      co_return Error{.kind = ErrorKind::invalid_input,
                      .message = "send the body as it is, without a Content-Encoding",
                      .code = "unsupported_media_type"};
    co_return co_await route.handler(exchange);
  }

  /// What nearly every request finds, without asking the database.
  bool is_known_open(Stage stage) const {
    return stage == Stage::always ||
           (stage == Stage::claimed && parts.access.setup().is_known_claimed());
  }

  /// What to say of a route that is not there now.
  Task<std::optional<Error>> refusal_at_stage(Stage stage) {
    access::Setup& setup = parts.access.setup();
    if (stage == Stage::recovery)
      co_return co_await setup.is_recovery_open() ? std::optional<Error>() : no_such_address();
    const bool claimed = co_await setup.check_claimed();
    if (stage == Stage::setup) co_return claimed ? no_such_address() : std::optional<Error>();
    if (claimed) co_return std::nullopt;
    co_return Error{.kind = ErrorKind::unavailable,
                    .message =
                        "this installation has no organization yet; open the address that "
                        "`fairlead setup-url` prints on its machine",
                    .code = "setup_required"};
  }

  /// Whether that caller may do this at all.
  Result<Done> admit(const Exchange& exchange, Needs needs) const {
    const access::Caller& caller = exchange.caller();
    if (const auto right = right_of(needs))
      if (auto allowed = access::check_right(caller, *right); !allowed)
        return std::move(allowed).error();
    if (const std::string* wanted = exchange.request.headers.find("X-Organization-Id");
        wanted && canonical_uuid(*wanted) != caller.organization().str())
      return Error{.kind = ErrorKind::forbidden,
                   .message = "the token is of another organization than X-Organization-Id names",
                   .code = "organization_mismatch"};
    if (caller.kind() == access::CallerKind::widget && !comes_from_its_page(exchange, caller))
      return Error{ErrorKind::forbidden,
                   "this token works from the page of its allowed origin only"};
    return Done{};
  }

  /// Browsers send Origin with everything but plain reads from the page's own server.
  bool comes_from_its_page(const Exchange& exchange, const access::Caller& caller) const {
    const std::string* origin = exchange.request.headers.find("Origin");
    if (!origin) return exchange.request.method == "GET" || exchange.request.method == "HEAD";
    return *origin == caller.allowed_origin() || *origin == parts.options.public_url;
  }

  /// Finds the route and cuts the address into what the handler needs of it.
  static Result<Done> find(Exchange& exchange, Match& match) {
    const std::string& target = exchange.request.target;
    if (target.empty() || target.front() != '/') return malformed("the target must be a path");
    const std::size_t question = target.find('?');
    const std::string_view path = std::string_view(target).substr(0, question);
    if (question != std::string::npos) exchange.query = target.substr(question + 1);
    const auto segments = segments_of(path);
    match = find_route(exchange.request.method, segments);
    if (match.route == route_table.size()) {
      if (match.allowed.empty()) return no_such_address();
      return wrong_method(exchange.request.method, match.allowed);
    }
    const Pattern& pattern = patterns()[match.route];
    for (std::size_t i = 0; i < segments.size(); ++i) {
      if (!is_hole(pattern.segments[i])) continue;
      auto value = percent_decode(segments[i]);
      if (!value || !is_valid_utf8(*value) || value->find('\0') != std::string::npos)
        return no_such_address();
      exchange.path_values.push_back(*std::move(value));
    }
    return Done{};
  }
};

Api::Api(platform::Platform& platform, access::Access& access, Options options)
    : impl_(std::make_unique<Impl>(platform, access, std::move(options))) {}
Api::~Api() = default;

Task<net::Response> Api::handle(net::Request request) {
  const auto begun = std::chrono::steady_clock::now();
  Exchange exchange{.parts = impl_->parts, .request = std::move(request), .request_id = {}};
  exchange.request_id = request_id_of(exchange.request.headers);
  exchange.deadline = Deadline::after(impl_->parts.options.request_time);

  Match match;
  Answer answer = Error{};
  bool was_thrown = true;
  try {
    auto found = Impl::find(exchange, match);
    answer = found ? co_await impl_->answer(exchange, route_table[match.route])
                   : Answer(std::move(found).error());
    was_thrown = false;
  } catch (const Failure& failure) {
    answer = failure.error();
  } catch (const std::exception& unexpected) {
    answer = internal(unexpected.what());
  }
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  if (was_thrown && cancellation.cancelled() != asio::cancellation_type::none)
    answer = broken_off(exchange.request.method, answer.error().detail);
  if (match.route < route_table.size() && route_table[match.route].has_secrets)
    wipe(exchange.request.body);

  net::Response response;
  if (answer) {
    response = *std::move(answer);
  } else {
    Error error = std::move(answer).error();
    if (error.kind == ErrorKind::internal && error.message.empty()) error = internal(error.detail);
    response = error_response(error);
    if (response.status == 405) response.headers.add("Allow", with_head(match.allowed));
    if (response.status >= 500 || !error.detail.empty())
      log::warning("request.failed", {{"request", exchange.request_id},
                                      {"status", response.status},
                                      {"message", error.message},
                                      {"detail", error.detail}});
  }
  add_common_headers(response, exchange.request_id);
  const auto took = std::chrono::steady_clock::now() - begun;
  impl_->parts.metrics.answered(match.route, response.status, took);
  if (log::enabled(log::Level::debug))
    log::debug(
        "request.answered",
        {{"request", exchange.request_id},
         {"method", exchange.request.method},
         {"route", match.route < route_table.size() ? route_table[match.route].pattern : "none"},
         {"status", response.status}});
  co_return response;
}

net::Response Api::refusal(int status, std::string_view reason) const {
  Error error{ErrorKind::invalid_input, std::string(reason), "malformed_request"};
  if (status == 413 || status == 414 || status == 431)
    error = {ErrorKind::too_large, std::string(reason)};
  if (status == 408) error = {ErrorKind::timed_out, std::string(reason)};
  if (status == 503) error = {ErrorKind::unavailable, std::string(reason)};
  net::Response response = error_response(error);
  response.status = status;
  add_common_headers(response, random_uuid());
  return response;
}

void Api::begin_drain() { impl_->parts.draining = true; }

std::vector<RouteInfo> Api::routes() {
  std::vector<RouteInfo> all;
  for (const Route& route : route_table)
    all.push_back({route.method, route.pattern, route.needs == Needs::nothing,
                   route.stage == Stage::always, is_ceremony(route),
                   route.handler != prepare_execute});
  return all;
}

}  // namespace fairlead::api

#include "sandbox/harbor.hpp"

#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "base/json.hpp"
#include "sandbox/answer.hpp"
#include "sandbox/faults.hpp"
#include "sandbox/files.hpp"
#include "sandbox/idempotency.hpp"
#include "sandbox/list_query.hpp"
#include "sandbox/oauth_provider.hpp"
#include "sandbox/rate_limiter.hpp"
#include "sandbox/records.hpp"
#include "sandbox/seed.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <mutex>
#include <set>

namespace fairlead::sandbox {
namespace {

constexpr std::chrono::seconds link_lifetime{300};
constexpr std::size_t longest_idempotency_key = 255;

/// Who asks, as far as a route needs to know.
struct Caller {
  std::string name;  ///< of the API key or grant, for the rate limit
  bool may_write = false;
  json::object credential;  ///< what `GET /v1/account` tells of it
};

/// A request on its way through the service.
struct Call {
  const net::Request& request;
  const Target& target;
  Instant now;
  std::vector<std::string> ids = {};  ///< what stands for {} in the path
  Caller caller = {};
};

/// What a route asks of its caller.
enum class Need { nothing, read, write };

std::string_view path_of(Kind kind) {
  switch (kind) {
    case Kind::customer:
      return "/v1/customers";
    case Kind::order:
      return "/v1/orders";
    case Kind::ticket:
      return "/v1/tickets";
    case Kind::comment:
      return "/v1/tickets/{}/comments";
    case Kind::file:
      return "/v1/files";
  }
  return "";
}

std::string_view path_text(const net::Request& request) {
  return std::string_view(request.target).substr(0, request.target.find('?'));
}

/// Where this service was reached, for links back to it.
std::string origin_of(const net::Request& request) {
  const std::string* host = request.headers.find("Host");
  const bool plain = host && !host->empty() &&
                     host->find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                         "0123456789.-:[]") == std::string::npos;
  return fmt::format("http://{}", plain ? *host : "127.0.0.1");
}

json::object read_body(const net::Request& request) {
  const std::string* type = request.headers.find("Content-Type");
  if (!type || !net::same_header(type->substr(0, type->find(';')), "application/json"))
    refuse(415, "unsupported_media_type", "send application/json");
  auto body = parse_json_object(request.body, "request body");
  if (!body) refuse(400, "invalid_json", body.error().message);
  return *std::move(body);
}

/// The members of a search's body, as if they stood in a query.
Form form_of(const json::object& body) {
  std::string query;
  for (const auto& member : body) {
    const json::value& value = member.value();
    if (value.is_null()) continue;
    if (!value.is_string() && !value.is_int64())
      refuse_parameter(std::string(member.key()), "must be a text or a number");
    if (!query.empty()) query += '&';
    query += fmt::format("{}={}", form_encode(member.key()),
                         value.is_string() ? form_encode(view(value.get_string()))
                                           : std::to_string(value.get_int64()));
  }
  auto form = Form::parse(query);
  if (!form) refuse(400, "invalid_json", "the body has too many members");
  return *std::move(form);
}

std::optional<std::string_view> bearer_of(const net::Request& request) {
  const std::string* header = request.headers.find("Authorization");
  if (!header || header->size() < 7 || !net::same_header(header->substr(0, 7), "bearer "))
    return std::nullopt;
  return std::string_view(*header).substr(7);
}

[[noreturn]] void refuse_caller(std::string code, std::string message) {
  const bool sent = code != "unauthenticated";
  throw Refused({401,
                 std::move(code),
                 std::move(message),
                 {},
                 {{"WWW-Authenticate", sent ? "Bearer realm=\"harbor\", error=\"invalid_token\""
                                            : "Bearer realm=\"harbor\""}}});
}

}  // namespace

struct Harbor::Impl {
  Impl(Options given, const Clock& given_clock)
      : options(std::move(given)),
        clock(given_clock),
        oauth(options, seal),
        records(options.limits),
        limiter(options.requests_per_minute),
        answers(options.limits.idempotency_keys) {
    build_routes();
    try {
      plant(records, options.seed);
    } catch (const Refused& refused) {
      throw Failure(
          invalid(fmt::format("the sandbox has no room for its data: {}", refused.what())));
    }
  }

  // ---- routes

  using Handler = std::function<net::Response(const Call&)>;
  struct Route {
    std::string_view method;
    std::vector<std::string> path;
    Need need;
    bool creates;  ///< an Idempotency-Key is honoured
    Handler handler;
  };

  void route(std::string_view method, const std::string& path, Need need, Handler handler,
             bool creates = false) {
    routes.push_back({method, Target::parse(path)->path, need, creates, std::move(handler)});
  }

  /// The first that fits wins.
  void build_routes() {
    route("GET", "/", Need::nothing, [this](const Call& call) { return welcome(call); });
    route("GET", "/health", Need::nothing, [](const Call&) {
      return json_answer(200, {{"status", "ok"}});
    });
    route("GET", "/v1/account", Need::read, [this](const Call& call) { return account(call); });
    route("GET", "/v1/customers/search", Need::read,
          [this](const Call& call) { return search_customers(call); });
    route("POST", "/v1/tickets/search", Need::read,
          [this](const Call& call) { return search_tickets(call); });
    route("GET", "/v1/files/{}/content", Need::read, [this](const Call& call) {
      const Record& file = records.get(Kind::file, call.ids.front());
      return content_answer(call.request, file.fields, *file.content);
    });
    for (const Kind kind : all_kinds) build_routes_of(kind);
    route("GET", "/download/{}", Need::nothing,
          [this](const Call& call) { return download(call); });
    build_oauth_routes();
    if (options.faults) build_fault_routes();
  }

  void build_routes_of(Kind kind) {
    const std::string path(path_of(kind)), one = path + "/{}";
    route("GET", path, Need::read, [=, this](const Call& call) { return list(kind, call); });
    route(
        "POST", path, Need::write, [=, this](const Call& call) { return create(kind, call); },
        true);
    route("GET", one, Need::read, [=, this](const Call& call) {
      return json_answer(200, shown(kind, find(kind, call), call));
    });
    route("PATCH", one, Need::write, [=, this](const Call& call) {
      const std::string id = id_in(find(kind, call));
      const json::object changes = read_change(kind, read_body(call.request));
      return json_answer(200, shown(kind, records.change(kind, id, changes, call.now), call));
    });
    route("DELETE", one, Need::write, [=, this](const Call& call) {
      const std::string id = id_in(find(kind, call));
      records.erase(kind, id, call.now);
      return net::Response{204};
    });
  }

  void build_oauth_routes() {
    route("GET", "/.well-known/oauth-authorization-server", Need::nothing,
          [this](const Call& call) { return oauth_metadata(call); });
    route("GET", "/oauth/authorize", Need::nothing,
          [this](const Call& call) { return oauth.consent_page(call.target.query, call.now); });
    route("POST", "/oauth/authorize", Need::nothing, [this](const Call& call) {
      return oauth.decide(call.request, origin_of(call.request), call.now);
    });
    route("POST", "/oauth/token", Need::nothing,
          [this](const Call& call) { return oauth.token(call.request, call.now); });
    route("POST", "/oauth/revoke", Need::nothing,
          [this](const Call& call) { return oauth.revoke(call.request, call.now); });
  }

  void build_fault_routes() {
    route("GET", "/_faults", Need::nothing,
          [this](const Call&) { return json_answer(200, armed.list()); });
    route("POST", "/_faults", Need::nothing, [this](const Call& call) {
      armed.arm(read_body(call.request));
      return json_answer(201, armed.list());
    });
    route("DELETE", "/_faults", Need::nothing, [this](const Call&) {
      armed.disarm();
      return net::Response{204};
    });
  }

  /// What stands for {} in the route's path; nullopt when the path is another.
  static std::optional<std::vector<std::string>> fit(const Route& route, const Target& target) {
    if (route.path.size() != target.path.size()) return std::nullopt;
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < route.path.size(); ++i)
      if (route.path[i] == "{}")
        ids.push_back(target.path[i]);
      else if (route.path[i] != target.path[i])
        return std::nullopt;
    return ids;
  }

  const Route& find_route(Call& call) const {
    // The server leaves out the body that the answer to a HEAD has here.
    const std::string method = call.request.method == "HEAD" ? "GET" : call.request.method;
    std::set<std::string_view> methods;
    for (const Route& route : routes) {
      auto ids = fit(route, call.target);
      if (!ids) continue;
      methods.insert(route.method);
      if (route.method != method) continue;
      call.ids = *std::move(ids);
      return route;
    }
    if (methods.empty()) refuse(404, "not_found", "there is nothing at this path");
    throw Refused({405,
                   "method_not_allowed",
                   fmt::format("this path knows {}", fmt::join(methods, ", ")),
                   {},
                   {{"Allow", fmt::format("{}", fmt::join(methods, ", "))}}});
  }

  // ---- the journey of a request

  net::Response answer(const net::Request& request) {
    const std::lock_guard lock(mutex);
    const std::string request_id = "req_" + to_hex(random_bytes(8));
    net::Headers headers{{"X-Request-Id", request_id}};
    net::Response response;
    try {
      response = carry_out(request, headers);
    } catch (const Refused& refused) {
      response = problem_answer(refused.problem(), request_id);
    }
    for (net::Header& header : headers) response.headers.add(header.name, std::move(header.value));
    return response;
  }

  net::Response carry_out(const net::Request& request, net::Headers& headers) {
    const auto target = Target::parse(request.target);
    if (!target) refuse(400, "invalid_target", "the path or the query is not properly encoded");
    Call call{request, *target, clock.now()};
    const bool is_api = target->path.front() == "v1";
    if (is_api) {
      call.caller = authenticate(request, call.now);
      count(call, headers);
    }
    const Route& found = find_route(call);
    if (found.need == Need::write && !call.caller.may_write)
      refuse(403, "insufficient_scope", "this credential may read only");
    return found.creates ? once(found, call) : found.handler(call);
  }

  Caller authenticate(const net::Request& request, Instant now) const {
    const auto token = bearer_of(request);
    if (!token)
      refuse_caller("unauthenticated",
                    "send an API key or an access token: Authorization: Bearer hk_...");
    for (std::size_t i = 0; i < options.api_keys.size(); ++i) {
      const ApiKey& key = options.api_keys[i];
      if (!equal_in_constant_time(key.key, *token)) continue;
      return {fmt::format("key {}", i), !key.read_only, credential("api_key", !key.read_only)};
    }
    const auto grantee = oauth.authenticate(*token, now);
    if (!grantee)
      refuse_caller(token->starts_with("hk_") ? "invalid_api_key" : "invalid_token",
                    token->starts_with("hk_") ? "the API key is not known"
                                              : "the access token is not known or has expired");
    json::object about = credential("oauth", grantee->may_write);
    about["client_id"] = grantee->client_id;
    return {grantee->grant, grantee->may_write, std::move(about)};
  }

  static json::object credential(std::string_view type, bool may_write) {
    json::array scopes{"read"};
    if (may_write) scopes.emplace_back("write");
    return {{"type", type}, {"scopes", std::move(scopes)}};
  }

  /// Takes one off the caller's minute, and says in `headers` what is left of it.
  void count(const Call& call, net::Headers& headers) {
    if (limiter.per_minute() == 0) return;
    const RateLimiter::Verdict verdict = limiter.take(call.caller.name, call.now);
    const auto ends = std::chrono::ceil<std::chrono::seconds>(verdict.ends);
    headers.add("X-RateLimit-Limit", std::to_string(limiter.per_minute()));
    headers.add("X-RateLimit-Remaining", std::to_string(verdict.remaining));
    headers.add("X-RateLimit-Reset", std::to_string(ends.time_since_epoch().count()));
    if (verdict.allowed) return;
    const auto left = std::chrono::ceil<std::chrono::seconds>(verdict.ends - call.now);
    throw Refused({429,
                   "rate_limited",
                   fmt::format("{} requests a minute are allowed; wait {} seconds",
                               limiter.per_minute(), left.count()),
                   {},
                   {{"Retry-After", std::to_string(left.count())}}});
  }

  net::Response once(const Route& found, const Call& call) {
    const std::string* key = call.request.headers.find("Idempotency-Key");
    if (!key) return found.handler(call);
    if (key->empty() || key->size() > longest_idempotency_key)
      refuse_parameter("Idempotency-Key",
                       fmt::format("must have 1 to {} characters", longest_idempotency_key));
    const std::string owned = fmt::format("{}\n{}", call.caller.name, *key);
    const Sha256 request =
        sha256(fmt::format("{}\n{}\n{}", call.request.method, call.request.target,
                           body_without_boundaries(call.request)));
    if (auto before = answers.find(owned, request, call.now)) {
      before->headers.add("Idempotent-Replayed", "true");
      return *std::move(before);
    }
    net::Response response = found.handler(call);
    answers.keep(owned, request, response, call.now);
    return response;
  }

  // ---- records

  static std::string id_in(const Record& record) {
    return std::string(text_of(record.fields, "id"));
  }

  const Record& find(Kind kind, const Call& call) const {
    const Record& record = records.get(kind, call.ids.back());
    if (kind == Kind::comment && text_of(record.fields, "ticket_id") != call.ids.front())
      refuse(404, "not_found", "there is no such comment of this ticket");
    return record;
  }

  /// A single record as it is shown: with what a list leaves out.
  json::object shown(Kind kind, const Record& record, const Call& call) const {
    json::object fields = record.fields;
    if (kind == Kind::file) add_links(fields, call);
    if (kind == Kind::ticket) {
      json::array& attachments = fields["attachments"].emplace_array();
      for (const auto& [number, file] : records.all(Kind::file)) {
        if (text_of(file.fields, "ticket_id") != text_of(fields, "id")) continue;
        json::object attachment{{"file_id", file.fields.at("id")}};
        for (const std::string_view name : {"name", "content_type", "size"})
          attachment[name] = file.fields.at(name);
        add_links(attachment, call, text_of(file.fields, "id"));
        attachments.push_back(std::move(attachment));
      }
    }
    return fields;
  }

  void add_links(json::object& fields, const Call& call, std::string_view id = {}) const {
    const std::string file_id(id.empty() ? text_of(fields, "id") : id);
    const Instant ends = call.now + link_lifetime;
    fields["download_url"] = origin_of(call.request) + make_link(seal, file_id, ends);
    fields["download_url_expires_at"] = to_rfc3339(ends);
  }

  net::Response page_answer(Kind kind, ListQuery query) const {
    const Page page = records.list(kind, query.selection);
    json::value cursor;
    if (page.next) cursor = make_cursor(seal, query.list, *page.next);
    json::array data(page.records.begin(), page.records.end());
    return json_answer(
        200,
        {{"data", std::move(data)},
         {"paging", {{"next_cursor", std::move(cursor)}, {"has_more", page.next.has_value()}}}});
  }

  net::Response list(Kind kind, const Call& call) const {
    ListQuery query = read_list_query(kind, path_text(call.request), call.target.query, seal);
    if (kind == Kind::comment) {
      const std::string ticket = id_in(records.get(Kind::ticket, call.ids.front()));
      query.selection.key = [key = std::move(query.selection.key),
                             ticket](const Record& record) -> std::optional<SortKey> {
        if (text_of(record.fields, "ticket_id") != ticket) return std::nullopt;
        return key(record);
      };
    }
    return page_answer(kind, std::move(query));
  }

  net::Response create(Kind kind, const Call& call) {
    json::object fields;
    Content content;
    if (kind == Kind::file) {
      Upload upload = read_upload(call.request);
      fields = read_new(kind, upload.fields);
      content = std::make_shared<const std::string>(std::move(upload.content));
    } else {
      fields = read_new(kind, read_body(call.request));
    }
    if (kind == Kind::comment) fields["ticket_id"] = call.ids.front();
    const Record& record = records.create(kind, std::move(fields), call.now, std::move(content));
    net::Response response = json_answer(201, shown(kind, record, call));
    response.headers.add("Location", fmt::format("{}/{}", path_text(call.request), id_in(record)));
    return response;
  }

  net::Response search_customers(const Call& call) const {
    return page_answer(Kind::customer,
                       read_search_query(Kind::customer, path_text(call.request), call.target.query,
                                         seal, "q", [](const Record& record) {
                                           return std::vector<SearchTerms::Part>{
                                               {text_of(record.fields, "name"), 3},
                                               {text_of(record.fields, "company"), 2},
                                               {text_of(record.fields, "email"), 2},
                                               {text_of(record.fields, "phone"), 1}};
                                         }));
  }

  net::Response search_tickets(const Call& call) const {
    std::map<std::string_view, std::vector<SearchTerms::Part>> comments;
    for (const auto& [number, comment] : records.all(Kind::comment))
      comments[text_of(comment.fields, "ticket_id")].push_back(
          {text_of(comment.fields, "body"), 1});
    const auto parts = [&](const Record& record) {
      std::vector<SearchTerms::Part> texts{{text_of(record.fields, "subject"), 3},
                                           {text_of(record.fields, "description"), 1}};
      for (const json::value& tag : record.fields.at("tags").as_array())
        texts.push_back({view(tag.as_string()), 2});
      const auto said = comments.find(text_of(record.fields, "id"));
      if (said != comments.end())
        texts.insert(texts.end(), said->second.begin(), said->second.end());
      return texts;
    };
    return page_answer(Kind::ticket,
                       read_search_query(Kind::ticket, path_text(call.request),
                                         form_of(read_body(call.request)), seal, "query", parts));
  }

  net::Response download(const Call& call) const {
    const std::string* token = call.target.query.find("token");
    check_link(seal, call.ids.front(), token ? *token : std::string(), call.now);
    const Record& file = records.get(Kind::file, call.ids.front());
    return content_answer(call.request, file.fields, *file.content);
  }

  // ---- about the service

  net::Response welcome(const Call&) const {
    return json_answer(200, {{"service", "Harbor"},
                             {"version", "v1"},
                             {"api", "/v1"},
                             {"oauth", "/.well-known/oauth-authorization-server"}});
  }

  net::Response account(const Call& call) const {
    json::object counts;
    for (const Kind kind : all_kinds)
      counts[fmt::format("{}s", name_of(kind))] = records.all(kind).size();
    return json_answer(200, {{"id", "acc_1001"},
                             {"name", "Harbor Outfitters"},
                             {"plan", "growth"},
                             {"currency", "EUR"},
                             {"time_zone", "Europe/Lisbon"},
                             {"created_at", "2025-01-02T09:00:00.000000Z"},
                             {"counts", std::move(counts)},
                             {"credential", call.caller.credential}});
  }

  net::Response oauth_metadata(const Call& call) const {
    const std::string origin = origin_of(call.request);
    return json_answer(200, {{"issuer", origin},
                             {"authorization_endpoint", origin + "/oauth/authorize"},
                             {"token_endpoint", origin + "/oauth/token"},
                             {"revocation_endpoint", origin + "/oauth/revoke"},
                             {"scopes_supported", {"read", "write"}},
                             {"response_types_supported", json::array{"code"}},
                             {"grant_types_supported", {"authorization_code", "refresh_token"}},
                             {"code_challenge_methods_supported", json::array{"S256"}},
                             {"token_endpoint_auth_methods_supported",
                              {"client_secret_basic", "client_secret_post", "none"}},
                             {"authorization_response_iss_parameter_supported", true}});
  }

  /// What trouble this request is to meet. Throws Refused (400) when it is not understood.
  Fault fault_of(const net::Request& request) {
    if (!options.faults || path_text(request) == "/_faults") return {};
    if (const std::string* asked = request.headers.find("X-Harbor-Fault"))
      return Fault::parse(*asked);
    const std::lock_guard lock(mutex);
    return armed.meet(path_text(request));
  }

  const Options options;
  const Clock& clock;
  const Seal seal;
  std::mutex mutex;  ///< of all that follows
  OAuthProvider oauth;
  Records records;
  RateLimiter limiter;
  IdempotentAnswers answers;
  ArmedFaults armed;
  std::vector<Route> routes;
};

Harbor::Harbor(Options options, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), clock)) {}
Harbor::~Harbor() = default;

Task<net::Response> Harbor::handle(net::Request request) {
  Fault fault;
  std::optional<Problem> misunderstood;
  try {
    fault = impl_->fault_of(request);
  } catch (const Refused& refused) {
    misunderstood = refused.problem();
  }
  if (misunderstood) co_return problem_answer(*misunderstood, "req_fault");
  if (fault.delay.count() > 0) co_await sleep_for(fault.delay);
  if (fault.replaces()) co_return trouble(fault);
  net::Response response = impl_->answer(request);
  if (fault.kind != Fault::Kind::none) response = cut(fault, std::move(response));
  co_return response;
}

Tokens Harbor::grant(std::string_view client_id) {
  const std::lock_guard lock(impl_->mutex);
  return impl_->oauth.grant(client_id, impl_->clock.now());
}

}  // namespace fairlead::sandbox

#include "cli/api_client.hpp"

#include "base/encoding.hpp"
#include "cli/answer.hpp"
#include "cli/output.hpp"
#include "cli/waiting.hpp"

#include <fmt/format.h>

#include <iostream>
#include <set>

namespace fairlead::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto execute_time = 300s;  // an execute may wait for a slow service
constexpr std::size_t most_pages = 100;
constexpr std::size_t longest_answer = 256u << 20;  // but of a file

json::value parse_answer(const net::Answer& answer) {
  if (answer.body.empty()) return json::object{};
  auto parsed = parse_json(
      answer.body, {.bytes = longest_answer, .nodes = 50'000'000, .keys_per_object = 1'000'000});
  if (parsed) return *std::move(parsed);
  Problem problem("api_error", "the server's answer is not JSON: " + parsed.error().message,
                  answer.status);
  problem.hint = is_it_fairlead;
  throw problem;
}

void require_success(const net::Answer& answer) {
  if (answer.status < 300) return;
  if (answer.status < 400) {  // Fairlead sends nobody elsewhere
    const std::string* location = answer.headers.find("Location");
    Problem problem("api_error",
                    fmt::format("the server answered HTTP {} (redirect to {})", answer.status,
                                location != nullptr ? *location : "nowhere"),
                    answer.status);
    problem.hint = is_it_fairlead;
    throw problem;
  }
  const std::string* wait = answer.headers.find("Retry-After");
  throw problem_of_answer(answer.status, answer.body,
                          wait != nullptr ? std::optional(*wait) : std::nullopt);
}

net::Url url_of(const std::string& server, const std::string& path) {
  const auto not_usable = [&](const std::string& why) {
    return Problem("validation_error",
                   fmt::format("the server's address '{}' is not usable: {}", server, why));
  };
  const auto origin = net::Url::parse(server);
  if (!origin) throw not_usable(origin.error().message);
  if (origin->target != "/")
    throw not_usable(
        fmt::format("it must end after the host and port, as in {}", origin->origin()));
  auto url = net::Url::parse(server + "/api/v1" + path);
  if (!url) throw not_usable(url.error().message);
  return *std::move(url);
}

Problem too_long() {
  return {"api_error",
          fmt::format("the server's answer is longer than {} MiB", longest_answer >> 20)};
}

/// Why there is no answer, and what to do.
Problem no_answer(const std::string& server, const std::string& why) {
  Problem problem("connection_error", fmt::format("no answer from {}: {}", server, why));
  problem.hint = why.find("wrong version number") != std::string::npos
                     ? "A server without TLS has an address that begins with http://."
                     : "Is the server running? `fairlead serve` starts one; `fairlead login "
                       "--server` or FAIRLEAD_SERVER says where it is.";
  return problem;
}

/// The next bytes of an answer.
Task<std::string> next_piece(const net::StreamedAnswer& answer, const std::string& server) {
  try {
    co_return co_await answer.body();
  } catch (const Failure& broken) {
    throw Problem("connection_error",
                  fmt::format("the answer of {} broke off: {}", server, broken.error().message));
  }
}

std::string request_line(const net::OutboundRequest& request) {
  return request.method + ' ' + request.url.target;
}

std::string with_query(std::string path, const Query& query) {
  char mark = path.find('?') == std::string::npos ? '?' : '&';
  for (const auto& [name, value] : query) {
    path += mark + form_encode(name) + "=" + form_encode(value);
    mark = '&';
  }
  return path;
}

}  // namespace

ApiClient::ApiClient(const Settings& settings, bool verbose)
    : settings_(settings),
      verbose_(verbose),
      client_({.egress = net::EgressPolicy::unrestricted()}) {}

void ApiClient::note_answer(const std::string& request, int status,
                            std::chrono::steady_clock::time_point begun) const {
  if (!verbose_) return;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begun);
  if (errors_go_to_terminal())
    std::cerr << fmt::format("{}: HTTP {} in {} ms\n", request, status, took.count());
  else
    std::cerr << json::serialize(json::object{{"type", "debug"},
                                              {"request", request},
                                              {"status_code", status},
                                              {"ms", took.count()}})
              << '\n';
}

Task<net::Answer> ApiClient::exchange(net::OutboundRequest request, bool repeatable) {
  constexpr std::array waits = {1s, 2s, 4s};
  const net::WipedAtTheEnd wiped{request};
  for (std::size_t attempt = 0;; ++attempt) {
    const Deadline deadline = Deadline::after(execute_time);
    const auto begun = std::chrono::steady_clock::now();
    auto answer = Result<net::Answer, net::SendFailure>(net::Answer());
    {
      const Waiting waiting(co_await asio::this_coro::executor);
      answer = co_await client_.send(request, deadline);
    }
    if (answer) note_answer(request_line(request), answer->status, begun);
    const bool last = attempt == waits.size();
    if (answer) {
      const bool busy = answer->status == 429 || answer->status == 502 || answer->status == 503 ||
                        answer->status == 504;
      if (!busy || !repeatable || last) co_return *std::move(answer);
    } else if (answer.error().reason == net::SendFailure::Reason::too_large) {
      throw too_long();
    } else if (last || !(repeatable || !answer.error().sent)) {
      throw no_answer(settings_.server, answer.error().message);
    }
    const std::string why =
        answer ? fmt::format("{} answered HTTP {}", settings_.server, answer->status)
               : fmt::format("no answer from {}", settings_.server);
    notice(fmt::format("{}; trying again in {} s", why, waits[attempt].count()));
    co_await sleep_for(waits[attempt]);
  }
}

Task<net::OutboundRequest> ApiClient::request(std::string method, std::string path, Query query,
                                              const json::value* body) {
  if (token_.empty()) (void)co_await application_token();
  // Which organizations there are does not depend on the one in use, which may be gone.
  const bool in_organization = !settings_.organization_id.empty() && path != "/organizations";
  net::OutboundRequest out;
  out.method = std::move(method);
  out.url = url_of(settings_.server, with_query(std::move(path), query));
  out.first_byte_time = execute_time;
  out.answer_bytes = longest_answer;
  out.headers = {{"Accept", "application/json"}, {"X-Fairlead-Client", "cli/" FAIRLEAD_VERSION}};
  out.headers.add("Authorization", fmt::format("Bearer {}", token_.reveal()));
  if (in_organization) out.headers.add("X-Organization-Id", settings_.organization_id);
  if (body != nullptr) {
    out.headers.add("Content-Type", "application/json");
    out.body = json::serialize(*body);
  }
  co_return out;
}

Task<json::object> ApiClient::application_token() {
  if (settings_.client_id.empty())
    throw Problem("unauthorized",
                  "no platform credentials: run `fairlead login`, or set FAIRLEAD_CLIENT_ID, "
                  "FAIRLEAD_CLIENT_SECRET and FAIRLEAD_ORGANIZATION_ID");
  net::OutboundRequest out;
  out.method = "POST";
  out.url = url_of(settings_.server, "/account/applications/token");
  out.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  out.body = json::serialize(json::object{{"client_id", settings_.client_id},
                                          {"client_secret", settings_.client_secret.reveal()}});
  const net::Answer answer =
      co_await exchange(std::move(out), true);  // asking twice for a token changes nothing
  require_success(answer);
  json::value value = parse_answer(answer);
  const json::string* token =
      value.is_object() ? find_string(value.as_object(), "access_token") : nullptr;
  if (token == nullptr)
    throw Problem("api_error", "the server's token answer has no access_token", answer.status);
  token_ = Secret(view(*token));
  co_return std::move(value.as_object());
}

Task<json::value> ApiClient::get(std::string path, Query query) {
  net::OutboundRequest out = co_await request("GET", std::move(path), std::move(query), nullptr);
  const net::Answer answer = co_await exchange(std::move(out), true);
  require_success(answer);
  co_return parse_answer(answer);
}

Task<json::value> ApiClient::send(std::string method, std::string path, json::value body,
                                  Query query) {
  net::OutboundRequest out = co_await request(std::move(method), std::move(path), std::move(query),
                                              body.is_null() ? nullptr : &body);
  out.connection = net::Connection::fresh;
  const net::Answer answer = co_await exchange(std::move(out), false);
  require_success(answer);
  co_return parse_answer(answer);
}

Task<json::value> ApiClient::execute(std::string path, json::value body,
                                     std::function<void(std::string_view)> on_bytes) {
  net::OutboundRequest out = co_await request("POST", std::move(path), {}, &body);
  out.connection = net::Connection::fresh;
  out.answer_bytes = std::size_t{1} << 40;  // a file is as long as it is
  const Deadline deadline = Deadline::after(24h);
  const std::string line = request_line(out);
  const auto begun = std::chrono::steady_clock::now();
  Waiting waiting(co_await asio::this_coro::executor);
  auto opened = co_await client_.open(std::move(out), deadline);
  if (!opened) throw no_answer(settings_.server, opened.error().message);
  note_answer(line, opened->status, begun);
  const std::string* type = opened->headers.find("Content-Type");
  const std::string* disposition = opened->headers.find("Content-Disposition");
  const bool is_file = opened->status < 300 && (disposition != nullptr || type == nullptr ||
                                                type->find("json") == std::string::npos);
  net::Answer answer{opened->status, opened->headers, {}};
  for (;;) {
    const std::string piece = co_await next_piece(*opened, settings_.server);
    if (piece.empty()) break;
    waiting.note(piece.size());
    if (is_file) {
      on_bytes(piece);
    } else {
      answer.body += piece;
      if (answer.body.size() > longest_answer) throw too_long();
    }
  }
  require_success(answer);
  if (is_file) co_return nullptr;
  co_return parse_answer(answer);
}

Task<json::value> ApiClient::get_all(std::string path, Query query, std::size_t limit) {
  json::array rows;
  std::set<std::string> seen;
  std::string next_path = path;
  for (std::size_t page = 0;; ++page) {
    if (page == most_pages)
      throw Problem(
          "api_error",
          fmt::format("the list has more than {} pages; narrow it with a filter", most_pages));
    json::value answer = co_await get(next_path, query);
    const auto* object = answer.if_object();
    const auto* data = object != nullptr ? object->if_contains("data") : nullptr;
    if (data == nullptr || !data->is_array())
      throw Problem("api_error", "the server's answer has no list under 'data'");
    for (const auto& row : data->as_array())
      if (rows.size() < limit) rows.push_back(row);
    const std::string next = text_at(answer, "next");
    const std::string mark = next.empty() ? text_at(answer, "next_cursor") : next;
    if (rows.size() >= limit || mark.empty()) break;
    if (!seen.insert(mark).second) throw Problem("api_error", "the server's list repeats a page");
    if (!next.empty()) {
      constexpr std::string_view prefix = "/api/v1";
      if (!mark.starts_with(prefix))
        throw Problem("api_error", "the server's next page lies outside its API");
      next_path = mark.substr(prefix.size());
      query.clear();
    } else {
      std::erase_if(query, [](const auto& pair) { return pair.first == "cursor"; });
      query.emplace_back("cursor", mark);
    }
  }
  co_return json::object{{"data", std::move(rows)}};
}

}  // namespace fairlead::cli

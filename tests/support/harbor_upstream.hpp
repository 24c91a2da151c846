// The service of src/platform/testdata/harbor.yaml, small and honest: it checks tokens, pages,
// keeps what is created, and records what it was asked.
#pragma once

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "net/http_server.hpp"

#include <atomic>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace fairlead::testing {

class HarborUpstream {
 public:
  explicit HarborUpstream(net::Workers& workers)
      : server_(workers, {}, [this](net::Request request) { return answer(std::move(request)); }) {
    server_.start();
  }

  net::Endpoint endpoint() const { return {"127.0.0.1", server_.port()}; }

  /// Tokens that are good now.
  void accept(const std::string& token) {
    const std::lock_guard lock(mutex_);
    accepted_.insert(token);
  }
  void refuse(const std::string& token) {
    const std::lock_guard lock(mutex_);
    accepted_.erase(token);
  }
  /// The only refresh token that is good; each use replaces it.
  void set_refresh_token(std::string token) {
    const std::lock_guard lock(mutex_);
    refresh_token_ = std::move(token);
  }
  /// Keeps whoever asks for what begins with `target` waiting, until release().
  void hold(std::string target = "/") {
    const std::lock_guard lock(mutex_);
    held_ = std::move(target);
  }
  void release() {
    const std::lock_guard lock(mutex_);
    held_.reset();
  }
  /// Answers every API call with this status, until 0.
  std::atomic<int> forced_status = 0;
  /// Answers arrive this much later.
  std::atomic<int> delay_ms = 0;
  /// Ends the connection after reading a POST, before any answer.
  std::atomic<bool> breaks_after_writes = false;

  std::vector<net::Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::size_t count(std::string_view method, std::string_view path) const {
    const std::lock_guard lock(mutex_);
    std::size_t found = 0;
    for (const auto& request : requests_)
      if (request.method == method && request.target.starts_with(path)) ++found;
    return found;
  }
  std::size_t created() const {
    const std::lock_guard lock(mutex_);
    return created_;
  }

 private:
  static net::Response json_answer(int status, const json::value& body) {
    return {status, {{"Content-Type", "application/json"}}, json::serialize(body), {}};
  }

  Task<net::Response> answer(net::Request request) {
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    while (is_held(request.target)) co_await sleep_for(std::chrono::milliseconds(1));
    if (delay_ms > 0) co_await sleep_for(std::chrono::milliseconds(delay_ms));
    if (request.target == "/token") co_return renew(request);
    if (forced_status > 0)
      co_return json_answer(forced_status, json::object{{"message", "forced"}});
    if (!is_authorized(request))
      co_return json_answer(401, json::object{{"message", "bad credentials"}});
    if (breaks_after_writes && request.method == "POST")
      throw Failure(Error{ErrorKind::internal, "breaks off"});
    co_return serve(request);
  }

  bool is_held(const std::string& target) const {
    const std::lock_guard lock(mutex_);
    return held_ && target.starts_with(*held_);
  }

  bool is_authorized(const net::Request& request) const {
    const std::string* header = request.headers.find("Authorization");
    if (!header || !header->starts_with("Bearer ")) return false;
    const std::lock_guard lock(mutex_);
    return accepted_.contains(header->substr(7));
  }

  net::Response renew(const net::Request& request) {
    const std::lock_guard lock(mutex_);
    if (request.body.find("refresh_token=" + form_encode(refresh_token_)) == std::string::npos)
      return json_answer(400, json::object{{"error", "invalid_grant"}});
    const std::string number = std::to_string(++renewals_);
    accepted_.insert("access-canary-" + number);
    refresh_token_ = "refresh-canary-" + number;
    return json_answer(200, json::object{{"access_token", "access-canary-" + number},
                                         {"refresh_token", refresh_token_},
                                         {"token_type", "Bearer"},
                                         {"expires_in", 3600}});
  }

  net::Response serve(const net::Request& request) {
    const std::string path = request.target.substr(0, request.target.find('?'));
    if (path == "/v1/customers" && request.method == "GET") return customers(request.target);
    if (path == "/v1/customers") {
      const std::lock_guard lock(mutex_);
      ++created_;
      auto body = parse_json_object(request.body, "body");
      body->insert_or_assign("id", "c" + std::to_string(created_));
      return json_answer(201, *body);
    }
    if (path == "/v1/customers/c1")
      return json_answer(200, json::object{{"id", "c1"}, {"name", "Ada"}});
    if (path == "/v1/notes/search")
      return json_answer(200, json::object{{"hits", json::array{json::object{{"id", "n1"}}}}});
    if (path == "/v1/files/f1/raw") {
      net::Response response{200, {{"Content-Type", "text/plain"}}, file_text, {}};
      if (const std::string* range = request.headers.find("Range"); range == nullptr)
        return response;
      response.status = 206;
      response.headers.add("Content-Range", "bytes 0-4/" + std::to_string(file_text.size()));
      response.body = file_text.substr(0, 5);
      return response;
    }
    return json_answer(404, json::object{{"message", "no such thing"}});
  }

  static net::Response customers(const std::string& target) {
    const bool second = target.find("after=page-2") != std::string::npos;
    const std::string long_text(300, 'x');
    json::array data;
    if (!second) {
      data.push_back(json::object{{"id", "c1"}, {"name", "Ada"}, {"notes", long_text}});
      data.push_back(json::object{{"id", "c2"}, {"name", "Bo"}, {"notes", "short"}});
    } else {
      data.push_back(json::object{{"id", "c3"}, {"name", "Cy"}, {"notes", "short"}});
    }
    return json_answer(
        200, json::object{{"data", std::move(data)},
                          {"next_cursor", second ? json::value(nullptr) : json::value("page-2")},
                          {"total", 3}});
  }

 public:
  const std::string file_text = "hello from the harbour";

 private:
  mutable std::mutex mutex_;
  std::vector<net::Request> requests_;
  std::set<std::string, std::less<>> accepted_;
  std::string refresh_token_;
  std::optional<std::string> held_;
  std::size_t renewals_ = 0, created_ = 0;
  net::HttpServer server_;
};

}  // namespace fairlead::testing

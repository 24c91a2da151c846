// What the tests of Harbor share: a service that is asked without a socket, and its clock.
#pragma once

#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "base/json.hpp"
#include "base/task.hpp"
#include "sandbox/harbor.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace fairlead::sandbox {

struct Answer {
  int status = 0;
  net::Headers headers;
  std::string text;
  json::value body;  ///< of an answer in JSON

  std::string header(std::string_view name) const {
    const std::string* value = headers.find(name);
    return value ? *value : std::string();
  }
  const json::value& operator[](std::string_view name) const { return body.as_object().at(name); }
  std::string str(std::string_view name) const { return std::string((*this)[name].as_string()); }
  json::array data() const { return body.at("data").as_array(); }
  std::string error() const { return str("error"); }
  /// The first field that the answer finds wrong.
  std::string field() const {
    const json::value* errors = body.as_object().if_contains("errors");
    return errors ? std::string(errors->at(0).at("field").as_string()) : std::string();
  }
};

inline Answer ask(Harbor& harbor, net::Request request) {
  net::Response response = run_to_end(harbor.handle(std::move(request)));
  Answer answer{response.status, std::move(response.headers), std::move(response.body), {}};
  if (answer.header("Content-Type") == "application/json" && !answer.text.empty()) {
    boost::json::error_code failure;
    answer.body = json::parse(answer.text, failure);
  }
  return answer;
}

inline Instant moment(std::string_view text) { return parse_rfc3339(text).value(); }

/// A service with a clock that stands still, and a client with a key that may do everything.
class TestService {
 public:
  explicit TestService(Options options = {}) : harbor(std::move(options), clock) {}

  Answer send(std::string method, std::string target, std::string body = {},
              net::Headers headers = {}) {
    if (!headers.find("Authorization")) headers.add("Authorization", "Bearer " + key);
    if (!body.empty() && !headers.find("Content-Type"))
      headers.add("Content-Type", "application/json");
    headers.add("Host", "127.0.0.1:8301");
    return ask(harbor, {std::move(method), std::move(target), std::move(headers), std::move(body),
                        "127.0.0.1"});
  }
  Answer get(std::string target, net::Headers headers = {}) {
    return send("GET", std::move(target), {}, std::move(headers));
  }
  Answer post(std::string target, const json::value& body, net::Headers headers = {}) {
    return send("POST", std::move(target), json::serialize(body), std::move(headers));
  }
  Answer patch(std::string target, const json::value& body) {
    return send("PATCH", std::move(target), json::serialize(body));
  }
  Answer erase(std::string target) { return send("DELETE", std::move(target)); }
  /// A form to an OAuth endpoint, without a key.
  Answer form(std::string target, std::string body, std::string authorization = {}) {
    net::Headers headers{{"Content-Type", "application/x-www-form-urlencoded"},
                         {"Host", "127.0.0.1:8301"}};
    if (!authorization.empty()) headers.add("Authorization", std::move(authorization));
    return ask(harbor,
               {"POST", std::move(target), std::move(headers), std::move(body), "127.0.0.1"});
  }

  FakeClock clock{moment("2026-02-01T12:00:00Z")};
  Harbor harbor;
  std::string key = "hk_sandbox";
};

}  // namespace fairlead::sandbox

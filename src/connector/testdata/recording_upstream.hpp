// A third-party service for tests: a real HTTP server on a free port that answers by a script and
// remembers what it was sent; and credentials that are held in memory.
#pragma once

#include "connector/engine.hpp"
#include "net/http_server.hpp"
#include "net/workers.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace fairlead::connector {

class RecordingUpstream {
 public:
  using Script = std::function<net::Response(const net::Request&)>;

  RecordingUpstream()
      : workers_(1),
        server_(workers_, {}, [this](net::Request request) { return answer(std::move(request)); }) {
    server_.start();
    workers_.start();
  }
  ~RecordingUpstream() { server_.drain(std::chrono::milliseconds(100)); }

  net::Endpoint endpoint() const { return {"127.0.0.1", server_.port()}; }
  std::string origin() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }

  /// The next answers, in order; then 404.
  RecordingUpstream& will_answer(net::Response response) {
    const std::lock_guard lock(mutex_);
    answers_.push_back(std::move(response));
    return *this;
  }
  RecordingUpstream& will_answer(std::string body, int status = 200, net::Headers headers = {}) {
    if (headers.find("Content-Type") == nullptr) headers.add("Content-Type", "application/json");
    return will_answer(net::Response{status, std::move(headers), std::move(body)});
  }

  /// What was sent, each as "METHOD host/target", its own headers by name, blank line, body; the
  /// HTTP layer's headers left out.
  std::vector<std::string> take() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (const net::Request& request : std::exchange(requests_, {}))
      out.push_back(text_of(request));
    return out;
  }

  static std::string text_of(const net::Request& request) {
    const std::string* const host = request.headers.find("Host");
    std::string out =
        request.method + " " + (host != nullptr ? *host : "?") + request.target + "\n";
    std::vector<std::string> lines;
    for (const net::Header& header : request.headers) {
      bool ours = false;
      for (const char* const name :
           {"Host", "User-Agent", "Accept-Encoding", "Content-Length", "Connection"})
        ours = ours || net::same_header(header.name, name);
      if (!ours) lines.push_back(header.name + ": " + header.value + "\n");
    }
    std::sort(lines.begin(), lines.end());
    for (const std::string& line : lines) out += line;
    return out + "\n" + request.body;
  }

 private:
  Task<net::Response> answer(net::Request request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(std::move(request));
    if (answers_.empty())
      co_return net::Response{404, {{"Content-Type", "application/json"}}, "{}"};
    net::Response next = std::move(answers_.front());
    answers_.pop_front();
    co_return next;
  }

  std::mutex mutex_;
  std::vector<net::Request> requests_;
  std::deque<net::Response> answers_;
  net::Workers workers_;
  net::HttpServer server_;
};

class HeldCredentials final : public CredentialSource {
 public:
  explicit HeldCredentials(const std::map<std::string, std::string>& given = {}) {
    for (const auto& [name, text] : given) fields_.emplace(name, Secret(text));
  }

  Task<Opened> open() override {
    ++opened;
    co_return copy();
  }
  Task<Result<TokenState, RenewalFailure>> renew(
      const Secret& seen,
      std::function<Task<Result<TokenState, RenewalFailure>>(const Opened&)> renewal) override {
    if (!seen.matches(tokens.access_token)) co_return duplicate(tokens);
    const Opened held = copy();
    auto renewed = co_await renewal(held);
    if (!renewed) co_return std::move(renewed).error();
    ++renewals;
    tokens = *std::move(renewed);
    co_return duplicate(tokens);
  }

  static TokenState duplicate(const TokenState& from) {
    return {from.access_token.duplicate(), from.refresh_token.duplicate(), from.expires_at,
            from.extracted, from.token_type};
  }

  TokenState tokens;
  int opened = 0, renewals = 0;

 private:
  Opened copy() const {
    Opened out;
    for (const auto& [name, value] : fields_) out.fields.emplace(name, value.duplicate());
    out.tokens = duplicate(tokens);
    return out;
  }
  CredentialFields fields_;
};

}  // namespace fairlead::connector

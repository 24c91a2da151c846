// What the tests of the engine share.
#pragma once

#include "connector/engine.hpp"
#include "connector/testdata/recording_upstream.hpp"
#include "connector/testdata/small_definition.hpp"
#include "support/unrestricted.hpp"

#include <gtest/gtest.h>

#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::connector {

/// An engine, an upstream that every request is sent to, and what the engine waited for.
class EngineTest : public ::testing::Test {
 protected:
  using Given = std::map<std::string, std::string>;

  EngineTest() {
    options_.connect_to = upstream_.endpoint();
    options_.clock = &clock_;
    options_.on_wait = [this](Wait wait) {
      waits_.push_back((wait.kind == Wait::Kind::retry_after ? "retry_after " : "backoff ") +
                       std::to_string(wait.seconds).substr(0, 4));
    };
  }

  Call call(const Definition& definition, std::string entity, std::string action,
            std::string_view params, std::string_view config = "{}") {
    Call out;
    out.definition = &definition;
    out.entity = std::move(entity);
    out.action = std::move(action);
    out.params = object_of(params);
    out.config = object_of(config);
    return out;
  }
  /// Runs a task on the one loop of the test: a download is read where its call was made.
  template <class T>
  T run(Task<T> task) {
    std::optional<T> value;
    std::exception_ptr failure;
    bool ended = false;
    asio::co_spawn(
        loop_, [&]() -> Task<void> { value.emplace(co_await std::move(task)); },
        [&](std::exception_ptr thrown) {
          failure = thrown;
          ended = true;
        });
    loop_.restart();
    // NOLINTNEXTLINE(bugprone-infinite-loop): the loop's own work sets it
    while (!ended) loop_.run_one();
    if (failure) std::rethrow_exception(failure);
    return *std::move(value);
  }
  Result<Outcome, CallError> execute(const Call& one, CredentialSource& credentials) {
    return run(engine_.execute(one, credentials, options_));
  }
  /// On a definition of one operation, with a bearer token.
  Result<Outcome, CallError> execute(const SmallDefinition& parts, std::string_view params = "{}") {
    const auto definition = load_small(parts);
    return execute(call(*definition, "things", parts.action, params), token_);
  }
  std::string text(const Result<Outcome, CallError>& outcome) {
    if (!outcome)
      return std::string(name_of(outcome.error().kind)) + ": " + outcome.error().message;
    return outcome->download ? file(*outcome) : outcome->data;
  }
  std::string file(const Outcome& outcome) {
    const auto read = [](net::BodyStream body) -> Task<std::string> {
      std::string out;
      while (true) {
        const std::string piece = co_await body();
        if (piece.empty()) co_return out;
        out += piece;
      }
    };
    return run(read(outcome.download->body));
  }

  FakeClock clock_{Instant(std::chrono::seconds(1'770'000'000))};
  RecordingUpstream upstream_;
  asio::io_context loop_{1};
  net::HttpClient client_{fairlead::testing::unrestricted()};
  Engine engine_{client_};
  EngineOptions options_;
  std::vector<std::string> waits_;
  HeldCredentials token_{{{"token", "bearer-token-1"}}};
};

}  // namespace fairlead::connector

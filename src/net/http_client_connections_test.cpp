#include "base/task.hpp"
#include "net/http_client.hpp"
#include "net/http_server.hpp"
#include "support/eventually.hpp"
#include "support/http_client_under_test.hpp"
#include "support/unrestricted.hpp"

#include <boost/asio/as_tuple.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <thread>

namespace fairlead::net {
namespace {

using fairlead::testing::eventually;
using fairlead::testing::unrestricted;

using namespace std::chrono_literals;
using Reason = SendFailure::Reason;

TEST(HttpClient, KeepsConnections) {
  RawServer server(always(ok("hello")));
  HttpClient client(unrestricted());
  std::vector<OutboundRequest> requests(50, get(server.origin()));
  for (const auto& answer : send_all(client, requests)) EXPECT_TRUE(answer);
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, AFreshRequestTakesANewConnectionThatIsKept) {
  RawServer server(always(ok("hello")));
  HttpClient client(unrestricted());
  const auto fresh = post(server.origin(), "x", Connection::fresh), reuse = get(server.origin());
  for (const auto& answer : send_all(client, {reuse, fresh, fresh, reuse, reuse}))
    EXPECT_TRUE(answer);
  EXPECT_EQ(server.connections(), 3);
}

TEST(HttpClient, DoesNotKeepWhatCannotBeUsedAgain) {
  for (const std::string& answer : {ok("hello", "Connection: close\r\n"),
                                    std::string("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx"),
                                    ok("hello") + "more", ok("hello") + ok("stale")}) {
    RawServer server(always(answer));
    HttpClient client(unrestricted());
    for (const auto& one :
         send_all(client, std::vector<OutboundRequest>(3, get(server.origin())))) {
      ASSERT_TRUE(one);
      EXPECT_NE(one->body, "stale");
    }
    EXPECT_EQ(server.connections(), 3);
  }
}

TEST(HttpClient, WhatArrivesOnAnIdleConnectionIsNotAnAnswer) {
  std::promise<void> stale_sent;
  RawServer server([&](RawSocket& socket, int number) {
    read_request(socket);
    socket.send(ok("first"));
    if (number == 0) {
      socket.send(ok("stale"));
      stale_sent.set_value();
    }
    while (!read_request(socket).empty()) socket.send(ok("next"));
  });
  HttpClient client(unrestricted());
  const auto run = [&]() -> Task<void> {
    EXPECT_TRUE(co_await client.send(get(server.origin()), Deadline::after(20s)));
    stale_sent.get_future().wait();
    const auto second = co_await client.send(get(server.origin()), Deadline::after(20s));
    EXPECT_TRUE(second);
    if (second) EXPECT_EQ(second->body, "first");
  };
  run_to_end(run());
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClient, PoolsAreKeyedApart) {
  RawServer server(always(ok("hello")));
  HttpClient one(unrestricted()), other(unrestricted());
  OutboundRequest a = get(server.origin()), b = a, named = a, redirected = a;
  a.pool = "org-a";
  b.pool = "org-b";
  named.url.host = "localhost";
  redirected.connect_to = Endpoint{"127.0.0.1", server.port()};
  const auto run = [&]() -> Task<void> {
    for (int round = 0; round < 2; ++round) {
      for (const OutboundRequest& request : {a, b, named, redirected})
        EXPECT_TRUE(co_await one.send(request, Deadline::after(20s)));
      EXPECT_TRUE(co_await other.send(a, Deadline::after(20s)));
    }
  };
  run_to_end(run());
  EXPECT_EQ(server.connections(), 5);
}

TEST(HttpClient, KeepsAtMostSoMany) {
  RawServer server(always(ok("hello")));
  auto options = unrestricted();
  options.kept_per_host = 2;
  options.keep_idle = 1h;
  HttpClient client(options);
  const auto run = [&]() -> Task<void> {
    const auto one = [&]() -> Task<void> {
      EXPECT_TRUE(co_await client.send(get(server.origin()), Deadline::after(20s)));
    };
    const auto at_once = [&](int count) -> Task<void> {
      int left = count;
      const auto executor = co_await asio::this_coro::executor;
      asio::steady_timer all(executor, std::chrono::steady_clock::time_point::max());
      for (int i = 0; i < count; ++i)
        asio::co_spawn(executor, one(), [&](std::exception_ptr) {
          if (--left == 0) all.cancel();
        });
      co_await all.async_wait(asio::as_tuple(asio::deferred));
    };
    co_await at_once(5);
    EXPECT_EQ(server.connections(), 5);
    co_await at_once(5);
    EXPECT_EQ(server.connections(), 8);
  };
  run_to_end(run());
}

TEST(HttpClient, KeepsForSoLong) {
  RawServer server(always(ok("hello")));
  auto options = unrestricted();
  options.keep_idle = 1s;
  HttpClient client(options);
  const auto run = [&]() -> Task<void> {
    EXPECT_TRUE(co_await client.send(get(server.origin()), Deadline::after(20s)));
    EXPECT_EQ(server.open_connections(), 1U);
    const Deadline closed_by = Deadline::after(20s);
    while (server.open_connections() > 0 && !closed_by.passed()) co_await sleep_for(5ms);
    EXPECT_EQ(server.open_connections(), 0U);
    EXPECT_TRUE(co_await client.send(get(server.origin()), Deadline::after(20s)));
    EXPECT_EQ(server.connections(), 2);
  };
  run_to_end(run());
}

TEST(HttpClient, AKeptConnectionThatDiedIsReplacedForWhatMayBeSentTwice) {
  // Reads the second request of a connection, then cuts it without an answer.
  const auto cut = [](RawSocket& socket, int) {
    read_request(socket);
    socket.send(ok("hello"));
    read_request(socket);
    socket.reset();
  };
  RawServer server(cut);
  HttpClient client(unrestricted());
  for (const auto& answer :
       send_all(client, std::vector<OutboundRequest>(10, get(server.origin()))))
    EXPECT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(server.connections(), 10);
}

/// Answers one request on each of the first `kept` connections once all of them are there; from
/// then on reads requests, counts them and cuts the connection.
RawServer::Script dies_after(std::ptrdiff_t kept, std::atomic<int>& read) {
  const auto all = std::make_shared<std::latch>(kept);
  return [kept, all, &read](RawSocket& socket, int number) {
    if (number < kept) {
      read_request(socket);
      all->arrive_and_wait();
      socket.send(ok("hello"));
    }
    if (!read_request(socket).empty()) ++read;
    socket.reset();
  };
}

TEST(HttpClient, OfKeptConnectionsThatDiedOneIsTried) {
  std::atomic<int> read = 0;
  RawServer server(dies_after(4, read));
  HttpClient client(unrestricted());
  const auto send = [&]() -> Task<bool> {
    const auto answer = co_await client.send(get(server.origin()), Deadline::after(20s));
    co_return bool(answer);
  };
  asio::io_context loop(1);
  int answered = 0;
  for (int i = 0; i < 4; ++i)
    asio::co_spawn(loop, send(), [&](std::exception_ptr, bool well) { answered += well; });
  loop.run();
  EXPECT_EQ(answered, 4);
  for (const int seen : {2, 3, 4}) {  // the kept one and a new one; then only new ones
    loop.restart();
    asio::co_spawn(loop, send(), [](std::exception_ptr, bool well) { EXPECT_FALSE(well); });
    loop.run();
    EXPECT_TRUE(eventually([&] { return read == seen; })) << read << " of " << seen;
  }
  EXPECT_EQ(server.connections(), 4 + 3);
}

TEST(HttpClient, AConnectionThatDiedInTheAnswerIsNotReplaced) {
  for (const char* begun : {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", "HTTP/1.1 200 O"}) {
    RawServer server([begun](RawSocket& socket, int) {
      read_request(socket);
      socket.send(ok("hello"));
      read_request(socket);
      socket.send(begun);
    });
    HttpClient client(unrestricted());
    const auto answers = send_all(client, {get(server.origin()), get(server.origin())});
    EXPECT_TRUE(answers[0]);
    ASSERT_FALSE(answers[1]) << begun;
    EXPECT_EQ(answers[1].error().reason, Reason::broken);
    EXPECT_EQ(server.connections(), 1) << begun;
  }
}

TEST(HttpClient, ANewConnectionThatDiesIsNotReplaced) {
  RawServer server([](RawSocket& socket, int) { read_request(socket); });
  HttpClient client(unrestricted());
  const auto answer = send_one(client, get(server.origin()));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().reason, Reason::broken);
  EXPECT_TRUE(answer.error().sent);
  EXPECT_EQ(server.connections(), 1);
}

/// Scorecard OA-07: a POST whose answer never comes is received exactly once, with a connection
/// in the pool that could be used, and whichever way the connection ends.
TEST(HttpClient, AFreshPostIsReceivedExactlyOnce) {
  std::atomic<int> posts = 0;
  RawServer server([&](RawSocket& socket, int number) {
    for (std::string request; !(request = read_request(socket)).empty();) {
      if (request.starts_with("POST")) {
        ++posts;
        if (number % 2 == 0) socket.reset();
        return;
      }
      socket.send(ok("hello"));
    }
  });
  HttpClient client(unrestricted());
  constexpr int rounds = 200;
  const auto run = [&]() -> Task<void> {
    for (int i = 0; i < rounds; ++i) {
      EXPECT_TRUE(co_await client.send(get(server.origin()), Deadline::after(20s)));
      const auto answer = co_await client.send(post(server.origin(), "body", Connection::fresh),
                                               Deadline::after(20s));
      EXPECT_FALSE(answer);
      if (answer) continue;
      EXPECT_EQ(answer.error().reason, Reason::broken);
      EXPECT_TRUE(answer.error().sent);
    }
  };
  run_to_end(run());
  EXPECT_EQ(posts, rounds);
}

// ---- both sides --------------------------------------------------------------------------------

TEST(HttpClientAndServer, PassOnManyRequestsOnSeveralLoops) {
  Workers workers(3);
  HttpServer upstream(workers, {}, [](Request request) -> Task<Response> {
    co_return Response{200, {}, "upstream " + request.target + request.body};
  });
  HttpClient client(unrestricted());
  const std::string origin = "http://127.0.0.1:" + std::to_string(upstream.port());
  HttpServer proxy(workers, {}, [&](Request request) -> Task<Response> {
    OutboundRequest onward = get(origin + request.target);
    onward.method = request.method;
    onward.body = request.body;
    auto answer = co_await client.send(onward, Deadline::after(20s));
    co_return Response{answer->status, {}, std::move(answer->body)};
  });
  upstream.start();
  proxy.start();
  workers.start();
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 6; ++i)
    threads.emplace_back([&, i] {
      RawSocket socket = RawSocket::connect(proxy.port());
      for (int j = 0; j < 100; ++j) {
        const std::string target = "/" + std::to_string(i) + "-" + std::to_string(j);
        socket.send("POST " + target + " HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
        good += socket.read_answer().ends_with("upstream " + target + "abc");
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 600);
}

}  // namespace
}  // namespace fairlead::net

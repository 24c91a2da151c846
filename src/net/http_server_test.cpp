#include "net/http_server.hpp"

#include "support/eventually.hpp"
#include "support/raw_socket.hpp"

#include <boost/asio/as_tuple.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

namespace fairlead::net {
namespace {

using namespace std::chrono_literals;
using fairlead::testing::eventually;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// Answers what it was asked: "METHOD target|body".
Task<Response> echo(Request request) {
  if (request.target == "/throw") throw Failure(Error{ErrorKind::internal, "secret detail"});
  if (request.target == "/empty") co_return Response{204};
  if (request.target == "/split") co_return Response{200, {{"X", "a\r\nY: b"}}};
  if (request.target == "/interim") co_return Response{100};
  if (request.target == "/header") {
    const auto* value = request.headers.find("x-test");
    co_return Response{200, {}, value ? *value : "none"};
  }
  co_return Response{200,
                     {{"X-Peer", request.peer}, {"Content-Length", "7"}, {"Connection", "x"}},
                     request.method + " " + request.target + "|" + request.body};
}

/// A stream of the given pieces; with `breaks`, a failure in the place of the end.
BodyStream stream_of(std::vector<std::string> pieces, bool breaks = false) {
  auto left = std::make_shared<std::vector<std::string>>(std::move(pieces));
  return [left, breaks]() -> Task<std::string> {
    if (left->empty() && breaks) throw Failure(Error{ErrorKind::upstream_unreachable, "broke off"});
    if (left->empty()) co_return "";
    std::string piece = std::move(left->front());
    left->erase(left->begin());
    co_return piece;
  };
}

class Server {
 public:
  explicit Server(HttpServer::Handler handler = echo, HttpServer::Options options = {},
                  std::size_t loops = 1)
      : workers(loops), server(workers, std::move(options), std::move(handler)) {
    server.start();
    workers.start();
  }
  RawSocket connect() { return RawSocket::connect(server.port()); }
  /// Sends `text` on a connection of its own and reads until the server closes it.
  std::string exchange(std::string_view text) {
    RawSocket socket = connect();
    socket.send(text);
    return socket.read_to_end();
  }

  Workers workers;
  HttpServer server;
};

std::string status_of(const std::string& answer) {
  return answer.size() >= 12 ? answer.substr(9, 3) : "none";
}
std::string get(std::string_view target) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
}

TEST(HttpServer, AnswersAndKeepsTheConnection) {
  Server server;
  RawSocket socket = server.connect();
  for (int i = 0; i < 3; ++i) {
    socket.send("GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string answer = socket.read_answer();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
    EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 11\r\n"));
    EXPECT_THAT(answer, HasSubstr("X-Peer: 127.0.0.1\r\n"));
    EXPECT_THAT(answer, Not(HasSubstr("Connection:")));
    EXPECT_THAT(answer, EndsWith("\r\n\r\nGET /a?b=c|"));
  }
}

TEST(HttpServer, AnswersWellFormedRequests) {
  struct Case {
    const char *request, *status, *body;
  };
  const Case cases[] = {
      {"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "200", "GET /|"},
      {"\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "200", "GET /|"},
      {"GET / HTTP/1.0\r\n\r\n", "200", "GET /|"},
      {"PURGE /x HTTP/1.0\r\n\r\n", "200", "PURGE /x|"},
      {"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "200", "OPTIONS *|"},
      {"GET http://y/p?q HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "200", "GET /p?q|"},
      {"GET http://y?q HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "200", "GET /?q|"},
      {"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc", "200",
       "POST /|abc"},
      {"POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", "200", "POST /|abc"},
      {"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "200",
       "POST /|"},
      {"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
       "3\r\nabc\r\nA;x=\"y\"\r\n0123456789\r\n0\r\n\r\n",
       "200", "POST /|abc0123456789"},
      {"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: Chunked\r\n\r\n"
       "1\r\na\r\n0\r\nX-Trailer: y\r\n\r\n",
       "200", "POST /|a"},
      {"GET /header HTTP/1.1\r\nHost: x\r\nX-Test:\t a  b \t\r\nConnection: close\r\n\r\n", "200",
       "a  b"},
      {"GET /header HTTP/1.1\r\nHost: x\r\nX-Test:\r\nConnection: close\r\n\r\n", "200", ""},
      {"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "200", ""},
      {"GET /empty HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "204", ""},
  };
  Server server;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.request);
    const std::string answer = server.exchange(c.request);
    EXPECT_EQ(status_of(answer), c.status);
    EXPECT_THAT(answer, EndsWith(std::string("\r\n\r\n") + c.body));
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  }
}

TEST(HttpServer, RefusesMalformedRequests) {
  const auto with = [](std::string_view headers, std::string_view body = "") {
    return "POST / HTTP/1.1\r\nHost: x\r\n" + std::string(headers) + "\r\n" + std::string(body);
  };
  const std::string many(101, 'x');
  std::string fields;
  for (int i = 0; i < 100; ++i) fields += "X-" + std::to_string(i) + ": y\r\n";
  struct Case {
    const char* name;
    std::string request;
    const char* status;
  };
  const Case cases[] = {
      {"length and chunked",
       with("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), "400"},
      {"chunked and length",
       with("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n"), "400"},
      {"two lengths", with("Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"), "400"},
      {"the same length twice", with("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), "400"},
      {"a list of lengths", with("Content-Length: 3, 3\r\n", "abc"), "400"},
      {"a signed length", with("Content-Length: +3\r\n", "abc"), "400"},
      {"a negative length", with("Content-Length: -3\r\n", "abc"), "400"},
      {"a hexadecimal length", with("Content-Length: 0x3\r\n", "abc"), "400"},
      {"an empty length", with("Content-Length:\r\n"), "400"},
      {"a huge length", with("Content-Length: 99999999999999999999999\r\n"), "400"},
      {"unknown coding", with("Transfer-Encoding: gzip\r\n"), "400"},
      {"two codings", with("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), "400"},
      {"chunked twice", with("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), "400"},
      {"chunked in two fields",
       with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), "400"},
      {"chunked and identity",
       with("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"), "400"},
      {"chunked with a parameter", with("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n"), "400"},
      {"chunked by HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "400"},
      {"bare LF", "GET / HTTP/1.1\nHost: x\n\n", "400"},
      {"one bare LF", "GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n", "400"},
      {"bare LF at the end", "GET / HTTP/1.1\r\nHost: x\r\n\n", "400"},
      {"bare CR", "GET / HTTP/1.1\r\nHost: x\rX: y\r\n\r\n", "400"},
      {"folded field", with("X: a\r\n b\r\n"), "400"},
      {"tab-folded field", with("X: a\r\n\tb\r\n"), "400"},
      {"folded first field", "GET / HTTP/1.1\r\n Host: x\r\n\r\n", "400"},
      {"blank before the colon", with("X : a\r\n"), "400"},
      {"blank before the length's colon", with("Content-Length : 3\r\n", "abc"), "400"},
      {"no colon", with("X\r\n"), "400"},
      {"empty name", with(": a\r\n"), "400"},
      {"control character in a name", with("X\x01: a\r\n"), "400"},
      {"control character in a value", with("X: a\x01\r\n"), "400"},
      {"NUL in a value", with(std::string("X: a\0b\r\n", 8)), "400"},
      {"no host", "GET / HTTP/1.1\r\n\r\n", "400"},
      {"two hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400"},
      {"not HTTP", "hello\r\n\r\n", "400"},
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15), "400"},
      {"HTTP/0.9", "GET /\r\n\r\n", "400"},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
      {"version 1.2", "GET / HTTP/1.2\r\nHost: x\r\n\r\n", "505"},
      {"no method", " / HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
      {"bad method", "G@T / HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
      {"blank in the target", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", "505"},
      {"fragment", "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
      {"authority form", "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
      {"asterisk with GET", "GET * HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
      {"relative target", "GET a HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
      {"long target", "GET /" + std::string(8 * 1024, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", "414"},
      {"endless target", "GET /" + std::string(64 * 1024, 'a'), "414"},
      {"long field", with("X: " + std::string(17 * 1024, 'a') + "\r\n"), "431"},
      {"endless field", with("X: " + std::string(64 * 1024, 'a')), "431"},
      {"many fields", with(fields), "431"},
      {"body over the limit", with("Content-Length: 1001\r\n"), "413"},
      {"chunks over the limit",
       with("Transfer-Encoding: chunked\r\n", "200\r\n" + std::string(512, 'a') + "\r\n1e9\r\n"),
       "413"},
      {"one chunk over the limit", with("Transfer-Encoding: chunked\r\n", "ffffffff\r\n"), "413"},
      {"chunk size overflow", with("Transfer-Encoding: chunked\r\n", "ffffffffffffffffff\r\n"),
       "400"},
      {"bad chunk size", with("Transfer-Encoding: chunked\r\n", "xyz\r\n"), "400"},
      {"negative chunk size", with("Transfer-Encoding: chunked\r\n", "-1\r\n"), "400"},
      {"chunk longer than its size",
       with("Transfer-Encoding: chunked\r\n", "3\r\nabcd\r\n0\r\n\r\n"), "400"},
      {"bare LF after a chunk size", with("Transfer-Encoding: chunked\r\n", "3\nabc\r\n0\r\n\r\n"),
       "400"},
      {"bare CR in a chunk size", with("Transfer-Encoding: chunked\r\n", "3\rabc\r\n0\r\n\r\n"),
       "400"},
      {"endless chunk extension",
       with("Transfer-Encoding: chunked\r\n", "3;" + std::string(64 * 1024, 'a')), "400"},
      {"endless trailers",
       with("Transfer-Encoding: chunked\r\n", "0\r\nX: " + std::string(64 * 1024, 'a')), "400"},
      {"length in a trailer",
       with("Transfer-Encoding: chunked\r\n", "0\r\nContent-Length: 3\r\n\r\n"), "400"},
      {"unknown expectation", with("Expect: coffee\r\nContent-Length: 3\r\n", "abc"), "417"},
      {"handler throws", get("/throw"), "500"},
      {"handler splits the answer", get("/split"), "500"},
      {"handler answers 100", get("/interim"), "500"},
  };
  HttpServer::Options options;
  options.body_bytes = 1000;
  std::atomic<int> handled = 0;
  Server server(
      [&](Request request) {
        ++handled;
        return echo(std::move(request));
      },
      options);
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    handled = 0;
    // What follows must never be taken as a request of its own.
    const std::string answer = server.exchange(c.request + get("/smuggled"));
    EXPECT_EQ(status_of(answer), c.status);
    EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
    if (std::string(c.status) == "413")
      EXPECT_THAT(answer, HasSubstr("the body is larger than 1000 bytes"));
    EXPECT_THAT(answer, Not(HasSubstr("smuggled")));
    EXPECT_THAT(answer, Not(HasSubstr("secret detail")));
    EXPECT_EQ(handled, std::string(c.status) == "500" ? 1 : 0);
  }
  EXPECT_EQ(status_of(server.exchange(get("/"))), "200");
}

TEST(HttpServer, TakesRequestsThatArriveByteByByte) {
  Server server;
  const std::string request =
      "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2\r\nde\r\n0\r\nT: r\r\n\r\n"
      "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\nwxyz";
  RawSocket socket = server.connect();
  for (const char c : request) socket.send({&c, 1});
  const std::string answers = socket.read_to_end();
  EXPECT_THAT(answers, HasSubstr("POST /a|abcde"));
  EXPECT_THAT(answers, EndsWith("POST /b|wxyz"));
}

TEST(HttpServer, ServesPipelinedRequestsInOrder) {
  Server server;
  std::string requests;
  for (int i = 0; i < 200; ++i)
    requests +=
        "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
  requests += get("/last");
  const std::string answers = server.exchange(requests);
  std::size_t at = 0;
  for (int i = 0; i < 200; ++i) {
    at = answers.find("POST /" + std::to_string(i) + "|hello", at);
    ASSERT_NE(at, std::string::npos) << i;
  }
  EXPECT_THAT(answers, EndsWith("GET /last|"));
}

TEST(HttpServer, KeepAliveFollowsTheVersionAndTheHeader) {
  struct Case {
    const char* request;
    bool kept;
  };
  const Case cases[] = {
      {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", true},
      {"GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n", true},
      {"GET / HTTP/1.1\r\nHost: x\r\nConnection: foo, CLOSE\r\n\r\n", false},
      {"GET / HTTP/1.0\r\n\r\n", false},
      {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
  };
  Server server;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.request);
    RawSocket socket = server.connect();
    socket.send(c.request);
    EXPECT_EQ(status_of(socket.read_answer()), "200");
    socket.send(get("/second"));
    EXPECT_EQ(socket.read_to_end().find("second") != std::string::npos, c.kept);
  }
}

TEST(HttpServer, AsksForTheBodyThatTheClientHoldsBack) {
  Server server;
  RawSocket socket = server.connect();
  socket.send(
      "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 5\r\n"
      "Connection: close\r\n\r\n");
  EXPECT_EQ(socket.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  socket.send("hello");
  EXPECT_THAT(socket.read_to_end(), EndsWith("POST /|hello"));
}

TEST(HttpServer, RefusesTheBodyThatTheClientHoldsBackWhenItIsTooLarge) {
  Server server;
  RawSocket socket = server.connect();
  socket.send(
      "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n");
  EXPECT_EQ(status_of(socket.read_to_end()), "413");
}

TEST(HttpServer, TakesAndGivesLargeBodies) {
  Server server;
  const std::string body(3'000'000, 'b');
  const std::string answer = server.exchange(
      "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
      "Content-Length: 3000000\r\n\r\n" +
      body);
  EXPECT_THAT(answer, HasSubstr("Content-Length: 3000007\r\n"));
  EXPECT_TRUE(answer.ends_with("POST /|" + body));
}

TEST(HttpServer, StreamsInChunksOrWithTheGivenLength) {
  Server server([](Request request) -> Task<Response> {
    Response response{200, {}, "not used"};
    if (request.target == "/sized") response.headers.add("Content-Length", "5");
    if (request.target == "/short") response.headers.add("Content-Length", "6");
    if (request.target == "/long") response.headers.add("Content-Length", "4");
    response.stream = stream_of({"abc", "de"}, request.target == "/breaks");
    co_return response;
  });
  struct Case {
    const char *target, *headers, *end;
    bool kept;
  };
  const Case cases[] = {
      {"/chunked", "Transfer-Encoding: chunked", "\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", true},
      {"/sized", "Content-Length: 5", "\r\n\r\nabcde", true},
      {"/short", "Content-Length: 6", "\r\n\r\nabcde", false},
      {"/long", "Content-Length: 4", "\r\n\r\nabc", false},
      {"/breaks", "Transfer-Encoding: chunked", "3\r\nabc\r\n2\r\nde\r\n", false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.target);
    RawSocket socket = server.connect();
    socket.send("GET " + std::string(c.target) + " HTTP/1.1\r\nHost: x\r\n\r\n");
    if (c.kept) socket.send("HEAD /second HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const std::string answer = socket.read_to_end();
    EXPECT_THAT(answer, HasSubstr(c.headers));
    const auto second = answer.find("HTTP/1.1 200 OK", 1);
    EXPECT_EQ(second != std::string::npos, c.kept);
    EXPECT_THAT(answer.substr(0, second), EndsWith(c.end));
  }
  EXPECT_THAT(server.exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
              AllOf(EndsWith("\r\n\r\nabcde"), HasSubstr("Connection: close")));
}

TEST(HttpServer, RefusalsHaveTheBodyOfTheOptions) {
  HttpServer::Options options;
  options.refusal = [](int status, std::string_view reason) {
    return Response{
        418,
        {{"Content-Type", "application/json"}},
        "{\"status\":" + std::to_string(status) + ",\"r\":\"" + std::string(reason) + "\"}"};
  };
  Server server(echo, options);
  const std::string answer = server.exchange("nonsense\r\n\r\n");
  EXPECT_EQ(status_of(answer), "400");
  EXPECT_THAT(answer, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(answer, EndsWith("{\"status\":400,\"r\":\"malformed HTTP request\"}"));
}

TEST(HttpServer, SlowClientsAreCutOff) {
  struct Case {
    const char *name, *sent, *status;
  };
  const Case cases[] = {
      {"says nothing", "", "none"},
      {"half a line", "GET / HT", "408"},
      {"half a header", "GET / HTTP/1.1\r\nHost: x\r\n", "408"},
      {"half a body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc", "408"},
      {"half a chunk", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
       "408"},
      {"idle", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "200"},
  };
  HttpServer::Options options;
  options.header_time = options.body_time = options.idle_time = 500ms;
  Server server(echo, options);
  // All at once: they are cut off while one waits for the first.
  std::vector<RawSocket> clients;
  for (const Case& c : cases) {
    clients.push_back(server.connect());
    clients.back().send(c.sent);
  }
  for (std::size_t i = 0; i < clients.size(); ++i) {
    SCOPED_TRACE(cases[i].name);
    EXPECT_EQ(status_of(clients[i].read_to_end()), cases[i].status);
  }
}

TEST(HttpServer, HandlersThatTakeTooLongAreCancelled) {
  HttpServer::Options options;
  options.request_time = 50ms;
  std::promise<void> cancelled;
  Server server(
      [&](Request) -> Task<Response> {
        try {
          co_await sleep_for(1h);
        } catch (...) {
          cancelled.set_value();
          throw;
        }
        co_return Response{};
      },
      options);
  EXPECT_EQ(status_of(server.exchange(get("/"))), "503");
  EXPECT_EQ(cancelled.get_future().wait_for(10s), std::future_status::ready);
}

TEST(HttpServer, WhatAHandlerFinishesAfterItsTimeIsAnswered) {
  HttpServer::Options options;
  options.request_time = 20ms;
  Server server(
      [](Request) -> Task<Response> {
        const auto state = co_await asio::this_coro::cancellation_state;
        co_await asio::this_coro::throw_if_cancelled(false);
        // It goes on after the cancellation, as a write does that was begun.
        while (state.cancelled() == asio::cancellation_type::none) {
          asio::steady_timer pause(co_await asio::this_coro::executor, 1ms);
          co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
        }
        Response response;
        response.body = "done";
        co_return response;
      },
      options);
  const std::string answer = server.exchange(get("/"));
  EXPECT_EQ(status_of(answer), "200");
  EXPECT_TRUE(answer.ends_with("done")) << answer;
}

TEST(HttpServer, AClientThatGoesAwayCancelsTheHandler) {
  for (const bool streamed : {false, true}) {
    std::promise<void> running, cancelled;
    const auto wait = [&]() -> Task<void> {
      running.set_value();
      try {
        co_await sleep_for(1h);
      } catch (...) {
        cancelled.set_value();
        throw;
      }
    };
    Server server([&](Request) -> Task<Response> {
      Response response;
      if (!streamed) co_await wait();
      response.stream = [&]() -> Task<std::string> {
        co_await wait();
        co_return "";
      };
      co_return response;
    });
    {
      RawSocket socket = server.connect();
      socket.send(get("/"));
      running.get_future().wait();
    }
    EXPECT_EQ(cancelled.get_future().wait_for(10s), std::future_status::ready);
  }
}

TEST(HttpServer, CountsConnections) {
  HttpServer::Options options;
  options.max_connections_per_address = 2;
  Server server(echo, options, 2);
  {
    RawSocket first = server.connect(), second = server.connect();
    for (RawSocket* socket : {&first, &second}) {
      socket->send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      EXPECT_EQ(status_of(socket->read_answer()), "200");
    }
    EXPECT_EQ(status_of(server.connect().read_to_end()), "503");
  }
  // The places become free once the server has seen the ends.
  EXPECT_TRUE(eventually([&] { return status_of(server.exchange(get("/"))) == "200"; }));
}

TEST(HttpServer, ATakenPortIsAFailure) {
  Server server;
  HttpServer::Options options;
  options.port = server.server.port();
  EXPECT_THROW(HttpServer(server.workers, options, echo), Failure);
  options.address = "not an address";
  EXPECT_THROW(HttpServer(server.workers, options, echo), Failure);
}

TEST(HttpServer, DrainEndsIdleConnectionsAndLetsRequestsEnd) {
  std::promise<void> running;
  std::atomic<bool> may_end = false;
  Server server([&](Request request) -> Task<Response> {
    if (request.target == "/slow") {
      running.set_value();
      while (!may_end) co_await sleep_for(1ms);
    }
    co_return Response{200, {}, "done"};
  });
  RawSocket idle = server.connect(), busy = server.connect();
  idle.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(status_of(idle.read_answer()), "200");
  busy.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  running.get_future().wait();

  std::thread drain([&] { server.server.drain(60s); });
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_TRUE(eventually([&] { return !RawSocket::can_connect(server.server.port()); }));
  may_end = true;
  EXPECT_THAT(busy.read_to_end(), AllOf(HasSubstr("Connection: close\r\n"), EndsWith("done")));
  drain.join();
}

TEST(HttpServer, IsNotDrainedWhileALoopMayStillAccept) {
  Server server([](Request) -> Task<Response> { co_return Response{200, {}, "done"}; });
  std::promise<void> busy, may_go_on;
  asio::post(server.workers.loop(0), [&] {
    busy.set_value();
    may_go_on.get_future().wait();
  });
  busy.get_future().wait();
  EXPECT_FALSE(server.server.drain(50ms));
  may_go_on.set_value();
  EXPECT_TRUE(server.server.drain(60s));
  EXPECT_FALSE(RawSocket::can_connect(server.server.port()));
}

TEST(HttpServer, DrainReturnsAtItsLimitAndTheDestructorCancelsTheRest) {
  std::promise<void> running, cancelled;
  {
    Server server([&](Request) -> Task<Response> {
      running.set_value();
      try {
        co_await sleep_for(1h);
      } catch (...) {
        cancelled.set_value();
        throw;
      }
      co_return Response{};
    });
    RawSocket socket = server.connect();
    socket.send(get("/"));
    running.get_future().wait();
    server.server.drain(10ms);
  }
  EXPECT_EQ(cancelled.get_future().wait_for(0s), std::future_status::ready);
}

TEST(HttpServer, EndsInGoodOrderWhenTheLoopsStoppedFirst) {
  std::promise<void> running;
  Server server([&](Request) -> Task<Response> {
    running.set_value();
    co_await sleep_for(1h);
    co_return Response{};
  });
  RawSocket idle = server.connect(), busy = server.connect();
  idle.send("GET / HT");
  busy.send(get("/"));
  running.get_future().wait();
  server.workers.stop();
  server.workers.join();
}

TEST(HttpServer, ARefusalThatThrowsDoesNotEndTheServer) {
  HttpServer::Options options;
  options.max_connections = 1;
  options.refusal = [](int, std::string_view) -> Response { throw std::runtime_error("refusal"); };
  Server server(echo, options);
  EXPECT_THAT(server.exchange("nonsense\r\n\r\n"), EndsWith("malformed HTTP request\n"));
  EXPECT_TRUE(eventually([&] { return status_of(server.exchange(get("/"))) == "200"; }));
  RawSocket first = server.connect();
  first.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(status_of(first.read_answer()), "200");
  EXPECT_EQ(status_of(server.connect().read_to_end()), "503");
  EXPECT_EQ(status_of(server.connect().read_to_end()), "503");
}

TEST(HttpServer, ServesOnSeveralLoops) {
  Server server(echo, {}, 3);
  std::vector<std::thread> clients;
  std::atomic<int> good = 0;
  for (int i = 0; i < 8; ++i)
    clients.emplace_back([&] {
      RawSocket socket = server.connect();
      for (int j = 0; j < 50; ++j) {
        socket.send("GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
        if (socket.read_answer().ends_with("GET /x|")) ++good;
      }
    });
  for (auto& client : clients) client.join();
  EXPECT_EQ(good, 400);
}

}  // namespace
}  // namespace fairlead::net

#include "net/http_client.hpp"

#include "base/task.hpp"
#include "support/encoded.hpp"
#include "support/eventually.hpp"
#include "support/http_client_under_test.hpp"
#include "support/unrestricted.hpp"

#include <boost/asio/detached.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

namespace fairlead::net {
namespace {

using fairlead::testing::eventually;
using fairlead::testing::unrestricted;

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Reason = SendFailure::Reason;

// ---- what is sent ------------------------------------------------------------------------------

TEST(HttpClient, SendsExactlyTheRequest) {
  struct Case {
    const char* name;
    OutboundRequest request;
    const char* expected;  // PORT stands for the port
  };
  const auto url = get("http://127.0.0.1:1/v1/things/%2e%2e?q=a%20b&c=..");
  std::vector<Case> cases(6, Case{"", url, ""});
  cases[0] = {"GET", url,
              "GET /v1/things/%2e%2e?q=a%20b&c=.. HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n"
              "User-Agent: tester\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\r\n"};
  cases[1] = {"own headers", url,
              "GET /v1/things/%2e%2e?q=a%20b&c=.. HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n"
              "authorization: Bearer x\r\nX-Two: a\r\nX-Two: b\r\nuser-agent: mine\r\n"
              "accept-encoding: gzip\r\n\r\n"};
  cases[1].request.headers = {{"authorization", "Bearer x"},
                              {"X-Two", "a"},
                              {"X-Two", "b"},
                              {"user-agent", "mine"},
                              {"accept-encoding", "gzip"}};
  cases[2] = {"POST without a body", url,
              "POST /v1/things/%2e%2e?q=a%20b&c=.. HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n"
              "User-Agent: tester\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
              "Content-Length: 0\r\n\r\n"};
  cases[2].request.method = "POST";
  cases[3] = {"DELETE with a body", url,
              "DELETE /v1/things/%2e%2e?q=a%20b&c=.. HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n"
              "User-Agent: tester\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
              "Content-Length: 2\r\n\r\n{}"};
  cases[3].request.method = "DELETE";
  cases[3].request.body = "{}";
  cases[4] = {"an extension method", url,
              "purge-All /v1/things/%2e%2e?q=a%20b&c=.. HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n"
              "User-Agent: tester\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\r\n"};
  cases[4].request.method = "purge-All";
  cases[5] = {"for a secret answer", url,
              "GET /v1/things/%2e%2e?q=a%20b&c=.. HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n"
              "User-Agent: tester\r\nAccept-Encoding: identity\r\n\r\n"};
  cases[5].request.secret_answer = true;
  auto options = unrestricted();
  options.user_agent = "tester";
  for (Case& c : cases) {
    SCOPED_TRACE(c.name);
    std::promise<std::string> received;
    RawServer server(once(ok("x"), received));
    HttpClient client(options);
    c.request.url.port = server.port();
    const auto answer = send_one(client, c.request);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "x");
    std::string expected = c.expected;
    expected.replace(expected.find("PORT"), 4, std::to_string(server.port()));
    EXPECT_EQ(received.get_future().get(), expected);
  }
}

TEST(HttpClient, RefusesToSendWhatWouldBreakTheRequest) {
  RawServer server(always(ok("")));
  HttpClient client(unrestricted());
  const auto bad = [&](auto change) {
    OutboundRequest request = get(server.origin() + "/");
    change(request);
    const auto answer = send_one(client, std::move(request));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().reason, Reason::invalid_request) << answer.error().message;
    EXPECT_FALSE(answer.error().sent);
    EXPECT_THAT(answer.error().message, Not(HasSubstr("hunter2")));
  };
  for (const std::string& value :
       {std::string("hunter2\r\nX: y"), std::string("hunter2\n"), std::string("hunter2\r"),
        std::string("hunter2\0", 8), std::string("hunter2\x7f"), std::string("hunter2\x01")})
    bad([&](OutboundRequest& r) { r.headers.add("X-Test", value); });
  for (const char* name : {"", "X Y", "X:", "X\r\nY", "X\xc3\xa9", "(X)"})
    bad([&](OutboundRequest& r) { r.headers.add(name, "hunter2"); });
  for (const char* name : {"Host", "content-length", "Connection", "Transfer-Encoding", "TE",
                           "Expect", "Upgrade", "keep-alive", "Trailer", "Proxy-Connection"})
    bad([&](OutboundRequest& r) { r.headers.add(name, "hunter2"); });
  for (const char* method : {"", "GET /", "G\r\nT", "CONNECT"})
    bad([&](OutboundRequest& r) { r.method = method; });
  for (const char* target : {"", "x", "/a b", "/a\r\nX: y", "/a#b", "/\xc3\xa9", "/\x7f"})
    bad([&](OutboundRequest& r) { r.url.target = target; });
  for (const char* host : {"", "a b", "a\r\nX: y", "a/b", "u@a", "a\\b"})
    bad([&](OutboundRequest& r) { r.url.host = host; });
  EXPECT_EQ(server.connections(), 0);
}

// ---- what is read ------------------------------------------------------------------------------

TEST(HttpClient, ReadsEveryFraming) {
  const std::string large(300'000, 'l');
  struct Case {
    const char* name;
    const char* method;
    std::string answer;
    int status;
    std::string body;
  };
  const Case cases[] = {
      {"length", "GET", ok("hello"), 200, "hello"},
      {"no bytes", "GET", ok(""), 200, ""},
      {"large", "GET", ok(large), 200, large},
      {"until the end", "GET", "HTTP/1.1 200 OK\r\n\r\nhello", 200, "hello"},
      {"large until the end", "GET", "HTTP/1.0 200 OK\r\n\r\n" + large, 200, large},
      {"nothing until the end", "GET", "HTTP/1.1 200 OK\r\n\r\n", 200, ""},
      {"chunked", "GET",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: "
       "r\r\n\r\n",
       200, "abcde"},
      {"large chunk", "GET",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n493E0\r\n" + large + "\r\n0\r\n\r\n",
       200, large},
      {"204", "GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, ""},
      {"304 with a length", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304,
       ""},
      {"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, ""},
      {"HEAD, chunked", "HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, ""},
      {"no reason", "GET", "HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx", 200, "x"},
      {"unknown status", "GET", "HTTP/1.1 799 Odd\r\nContent-Length: 1\r\n\r\nx", 799, "x"},
      {"interim answers", "GET",
       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok("x"), 200,
       "x"},
      {"redirects are not followed", "GET",
       "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", 302, ""},
      {"error", "GET", "HTTP/1.1 500 Oh\r\nContent-Length: 1\r\n\r\nx", 500, "x"},
      {"the same length twice", "GET",
       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 200, "x"},
      {"unknown encoding", "GET", ok("x", "Content-Encoding: utf-8\r\n"), 200, "x"},
      {"identity", "GET", ok("x", "Content-Encoding: identity\r\n"), 200, "x"},
  };
  HttpClient client(unrestricted());
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    for (const bool byte_by_byte : {false, true}) {
      if (byte_by_byte && c.answer.size() > 1000) continue;
      RawServer server([&](RawSocket& socket, int) {
        socket.read_until("\r\n\r\n");
        if (!byte_by_byte) {
          socket.send(c.answer);
          return;
        }
        for (const char byte : c.answer) socket.send({&byte, 1});
      });
      OutboundRequest request = get(server.origin());
      request.method = c.method;
      const auto answer = send_one(client, std::move(request));
      ASSERT_TRUE(answer) << answer.error().message;
      EXPECT_EQ(answer->status, c.status);
      EXPECT_EQ(answer->body, c.body);
      EXPECT_GE(answer->body.capacity(), answer->body.size() + 64);
    }
  }
}

TEST(HttpClient, ShowsHeadersAsTheyCame) {
  RawServer server(once(ok("x", "X-One: 1\r\nset-cookie: a\r\nSet-Cookie: b\r\nX-Empty:\r\n")));
  HttpClient client(unrestricted());
  const auto answer = send_one(client, get(server.origin()));
  ASSERT_TRUE(answer);
  ASSERT_TRUE(answer->headers.find("x-one"));
  EXPECT_EQ(*answer->headers.find("x-one"), "1");
  EXPECT_EQ(answer->headers.count("Set-Cookie"), 2u);
  EXPECT_EQ(*answer->headers.find("x-empty"), "");
}

TEST(HttpClient, NeverTakesABadAnswerForAGoodOne) {
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string zipped = encoded::gzip(std::string(5000, 'z'));
  const auto encoded_answer = [](std::string_view name, const std::string& body) {
    return ok(body, "Content-Encoding: " + std::string(name) + "\r\n");
  };
  struct Case {
    const char* name;
    std::string answer;
    Reason reason;
  };
  const Case cases[] = {
      {"nothing", "", Reason::broken},
      {"half a status line", "HTTP/1.1 20", Reason::broken},
      {"half a header", "HTTP/1.1 200 OK\r\nContent-Le", Reason::broken},
      {"head without end", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", Reason::broken},
      {"no body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Reason::broken},
      {"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", Reason::broken},
      {"no chunk", chunked, Reason::broken},
      {"half a chunk", chunked + "5\r\nabc", Reason::broken},
      {"no last chunk", chunked + "3\r\nabc\r\n", Reason::broken},
      {"half a last chunk", chunked + "3\r\nabc\r\n0\r\n", Reason::broken},
      {"chunk without its end", chunked + "3\r\nabcX", Reason::broken},
      {"bad chunk size", chunked + "zz\r\nabc\r\n0\r\n\r\n", Reason::broken},
      {"negative chunk size", chunked + "-3\r\nabc\r\n0\r\n\r\n", Reason::broken},
      {"chunk size overflow", chunked + "fffffffffffffffff\r\nabc", Reason::broken},
      {"endless chunk extension", chunked + "3;" + std::string(100'000, 'x'), Reason::too_large},
      {"garbage", std::string("\x16\x03\x01 garbage \x00\xff\r\n\r\n", 18), Reason::broken},
      {"HTML", "<html><body>hello</body></html>\r\n\r\n", Reason::broken},
      {"HTTP/2", "HTTP/2.0 200 OK\r\n\r\n", Reason::broken},
      {"two-digit status", "HTTP/1.1 20 OK\r\n\r\n", Reason::broken},
      {"bare LF", "HTTP/1.1 200 OK\nContent-Length: 1\n\nx", Reason::broken},
      {"bad header", "HTTP/1.1 200 OK\r\nX Y: z\r\nContent-Length: 1\r\n\r\nx", Reason::broken},
      {"NUL in a header", std::string("HTTP/1.1 200 OK\r\nX: \0\r\nContent-Length: 1\r\n\r\nx", 45),
       Reason::broken},
      {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy",
       Reason::broken},
      {"length and chunked",
       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       Reason::broken},
      {"unknown coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx", Reason::broken},
      {"negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx", Reason::broken},
      {"upgrade", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", Reason::broken},
      {"endless interim answers",
       [] {
         std::string many;
         for (int i = 0; i < 1000; ++i) many += "HTTP/1.1 100 Continue\r\n\r\n";
         return many;
       }(),
       Reason::broken},
      {"large header", "HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n",
       Reason::too_large},
      {"many headers",
       [] {
         std::string many = "HTTP/1.1 200 OK\r\n";
         for (int i = 0; i < 10'000; ++i) many += "X: yyyy\r\n";
         return many + "\r\n";
       }(),
       Reason::too_large},
      {"large by its length", "HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n",
       Reason::too_large},
      {"huge length", "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n",
       Reason::too_large},
      {"large in chunks", chunked + "186A1\r\n" + std::string(100'001, 'x') + "\r\n0\r\n\r\n",
       Reason::too_large},
      {"large until the end", "HTTP/1.1 200 OK\r\n\r\n" + std::string(100'001, 'x'),
       Reason::too_large},
      {"large when decoded", encoded_answer("gzip", encoded::gzip(std::string(100'001, 'x'))),
       Reason::too_large},
      {"two encodings", encoded_answer("gzip, br", zipped), Reason::broken},
      {"two encoding fields", ok(zipped, "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n"),
       Reason::broken},
      {"not what it says", encoded_answer("gzip", "plain text, not gzip"), Reason::broken},
      {"half of gzip", encoded_answer("gzip", zipped.substr(0, zipped.size() / 2)), Reason::broken},
      {"half of br", encoded_answer("br", encoded::brotli(zipped).substr(0, 20)), Reason::broken},
      {"half of zstd", encoded_answer("zstd", encoded::zstd(zipped).substr(0, 20)), Reason::broken},
  };
  HttpClient client(unrestricted());
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    RawServer server(once(c.answer));
    OutboundRequest request = get(server.origin() + "/?secret=hunter2");
    request.headers.add("Authorization", "hunter2");
    request.answer_bytes = 100'000;
    const auto answer = send_one(client, std::move(request));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().reason, c.reason) << answer.error().message;
    EXPECT_TRUE(answer.error().sent);
    EXPECT_THAT(answer.error().message, Not(HasSubstr("hunter2")));
  }
}

TEST(HttpClient, DecodesEncodings) {
  const std::string text(50'000, 't');
  const std::pair<const char*, std::string> cases[] = {{"gzip", encoded::gzip(text)},
                                                       {"deflate", encoded::deflate(text)},
                                                       {"deflate", encoded::raw_deflate(text)},
                                                       {"br", encoded::brotli(text)},
                                                       {"zstd", encoded::zstd(text)}};
  HttpClient client(unrestricted());
  for (const auto& [name, bytes] : cases) {
    SCOPED_TRACE(name);
    RawServer server(once(ok(bytes, "Content-Encoding: " + std::string(name) + "\r\nX: y\r\n")));
    const auto answer = send_one(client, get(server.origin()));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, text);
    EXPECT_GE(answer->body.capacity(), answer->body.size() + 64);
    EXPECT_FALSE(answer->headers.find("Content-Encoding"));
    EXPECT_FALSE(answer->headers.find("Content-Length"));
    EXPECT_TRUE(answer->headers.find("X"));
  }
}

TEST(HttpClient, StopsReadingABomb) {
  RawServer server(
      once(ok(encoded::gzip(std::string(50u << 20, '\0')), "Content-Encoding: gzip\r\n")));
  HttpClient client(unrestricted());
  OutboundRequest request = get(server.origin());
  request.answer_bytes = 1u << 30;
  const auto answer = send_one(client, std::move(request));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().reason, Reason::too_large);
}

TEST(HttpClient, StopsReadingWhatNeverEnds) {
  for (const char* head : {"HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    const bool chunked = std::string_view(head).find("chunked") != std::string_view::npos;
    RawServer server([&](RawSocket& socket, int) {
      read_request(socket);
      socket.send(head);
      const std::string piece =
          (chunked ? "4000\r\n" : "") + std::string(0x4000, 'x') + (chunked ? "\r\n" : "");
      while (socket.send(piece)) {
      }
    });
    HttpClient client(unrestricted());
    const auto answer = send_one(client, get(server.origin()));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().reason, Reason::too_large) << answer.error().message;
  }
}

TEST(HttpClient, TakesAnAnswerThatComesBeforeTheBodyWasRead) {
  RawServer server([](RawSocket& socket, int) {
    socket.read_until("\r\n\r\n");
    socket.send("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno");
    socket.end_writing();
    socket.read_to_end();
  });
  HttpClient client(unrestricted());
  const auto answer =
      send_one(client, post(server.origin(), std::string(5'000'000, 'x'), Connection::fresh));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 413);
  EXPECT_EQ(answer->body, "no");
}

// ---- time --------------------------------------------------------------------------------------

TEST(HttpClient, EndsAtEachLimit) {
  struct Case {
    const char* name;
    const char* answer;  // what is sent before silence
    std::chrono::milliseconds first_byte, all;
  };
  // A deadline holds for connecting and sending too, and what is limited here comes after them.
  const Case cases[] = {
      {"no byte", "", 30ms, 20s},
      {"half a head", "HTTP/1.1 200", 30ms, 20s},
      {"interim answers only", "HTTP/1.1 100 Continue\r\n\r\n", 30ms, 20s},
      {"no byte until the deadline", "", 20s, 300ms},
      {"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", 20s, 300ms},
      {"half a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", 20s, 300ms},
      {"no end", "HTTP/1.1 200 OK\r\n\r\nabc", 20s, 300ms},
  };
  HttpClient client(unrestricted());
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    RawServer server([&](RawSocket& socket, int) {
      read_request(socket);
      socket.send(c.answer);
      socket.read_to_end();
    });
    OutboundRequest request = get(server.origin());
    request.first_byte_time = c.first_byte;
    const auto start = std::chrono::steady_clock::now();
    const auto answer = send_one(client, std::move(request), Deadline::after(c.all));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().reason, Reason::timed_out) << answer.error().message;
    EXPECT_TRUE(answer.error().sent);
    EXPECT_GE(std::chrono::steady_clock::now() - start, 30ms);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
  }
}

TEST(HttpClient, EndsWhenTheServiceTakesNothing) {
  RawServer server([](RawSocket& socket, int) {
    socket.read_until("\r\n\r\n");
    char byte = 0;
    while (::recv(socket.descriptor(), &byte, 1, MSG_PEEK) < 0) {
    }
    // Peeking takes nothing from the socket; wait until the client has left.
    EXPECT_TRUE(eventually([&] {
      tcp_info info{};
      socklen_t size = sizeof info;
      getsockopt(socket.descriptor(), IPPROTO_TCP, TCP_INFO, &info, &size);
      return info.tcpi_state != TCP_ESTABLISHED;
    }));
  });
  HttpClient client(unrestricted());
  const auto answer =
      send_one(client, post(server.origin(), std::string(30u << 20, 'x'), Connection::fresh),
               Deadline::after(500ms));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().reason, Reason::timed_out);
  EXPECT_TRUE(answer.error().sent);
}

TEST(HttpClient, APassedDeadlineSendsNothing) {
  RawServer server(always(ok("")));
  HttpClient client(unrestricted());
  const auto answer = send_one(client, get(server.origin()), Deadline::after(-1s));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().reason, Reason::timed_out);
  EXPECT_FALSE(answer.error().sent);
  EXPECT_EQ(server.connections(), 0);
}

TEST(HttpClient, CanBeCancelled) {
  RawServer server([](RawSocket& socket, int) { socket.read_to_end(); });
  HttpClient client(unrestricted());
  const auto silent = [&]() -> Task<int> {
    (void)co_await client.send(get(server.origin()), Deadline::never());
    co_return 1;
  };
  EXPECT_THROW((void)run_to_end(within(30ms, silent())), Failure);
}

TEST(HttpClient, MayBeLeftInTheMiddle) {
  RawServer server([](RawSocket& socket, int number) {
    if (number == 0) socket.send(read_request(socket).empty() ? "" : ok("x"));
    socket.read_to_end();
  });
  HttpClient client(unrestricted());
  asio::io_context context(1);
  bool first_done = false;
  const auto use = [&]() -> Task<void> {
    EXPECT_TRUE(co_await client.send(get(server.origin()), Deadline::after(20s)));
    first_done = true;
    (void)co_await client.send(post(server.origin(), "x", Connection::fresh), Deadline::after(20s));
    ADD_FAILURE() << "there is no answer";
  };
  asio::co_spawn(context, use(), asio::detached);
  asio::co_spawn(
      context,
      [&]() -> Task<void> {
        (void)co_await client.send(get("http://no-such-name.invalid/"), Deadline::after(20s));
      },
      asio::detached);
  EXPECT_TRUE(eventually([&] {
    context.run_one_for(10ms);
    return first_done && server.connections() >= 2;
  }));
}

TEST(HttpClient, KeptConnectionsDoNotKeepALoopRunning) {
  RawServer server(always(ok("hello")));
  HttpClient client(unrestricted());
  asio::io_context context(1);
  for (int i = 0; i < 3; ++i) {
    asio::co_spawn(
        context,
        [&]() -> Task<void> {
          EXPECT_TRUE(co_await client.send(get(server.origin()), Deadline::after(20s)));
        },
        asio::detached);
    context.run();  // returns although the connection would be kept for 55 seconds
    context.restart();
  }
  EXPECT_EQ(server.connections(), 1);
}

// ---- where it may connect to -------------------------------------------------------------------

TEST(HttpClient, NothingIsSentWhereNothingListens) {
  const ClosedPort port;
  HttpClient client(unrestricted());
  const auto answer = send_one(client, get("http://127.0.0.1:" + std::to_string(port.number())));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().reason, Reason::connect);
  EXPECT_FALSE(answer.error().sent);
}

TEST(HttpClient, AnUnknownNameIsNotResolved) {
  HttpClient client(unrestricted());
  const auto answer = send_one(client, get("http://no-such-name.invalid/"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().reason, Reason::resolve) << answer.error().message;
  EXPECT_FALSE(answer.error().sent);
}

TEST(HttpClient, TheEgressPolicyJudgesTheResolvedAddress) {
  RawServer server(always(ok("inside")));
  HttpClient client(HttpClient::Options{});
  const std::string port = ":" + std::to_string(server.port()) + "/";
  for (const char* host :
       {"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1",
        "0177.0.0.1", "127.1", "0", "0x7f000001", "10.0.0.1", "169.254.169.254"})
    for (const char* scheme : {"http://", "https://"}) {
      SCOPED_TRACE(host);
      const auto answer = send_one(client, get(std::string(scheme) + host + port));
      ASSERT_FALSE(answer);
      EXPECT_EQ(answer.error().reason, Reason::denied) << answer.error().message;
      EXPECT_FALSE(answer.error().sent);
    }
  EXPECT_EQ(server.connections(), 0);
}

TEST(HttpClient, ExceptionsOpenWhatTheySay) {
  RawServer server(always(ok("inside"))), other(always(ok("inside")));
  HttpClient::Options options;
  options.egress =
      EgressPolicy::with_exceptions({"127.0.0.1:" + std::to_string(server.port()) + "+http"})
          .value();
  HttpClient client(options);
  EXPECT_TRUE(send_one(client, get(server.origin())));
  const auto answer = send_one(client, get(other.origin()));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().reason, Reason::denied);
  EXPECT_EQ(other.connections(), 0);
}

TEST(HttpClient, ConnectToKeepsTheHostAndSpeaksPlainHttp) {
  std::promise<std::string> received;
  RawServer server(once(ok("x"), received));
  HttpClient client(HttpClient::Options{});
  OutboundRequest request = get("https://api.example.com/v1");
  request.connect_to =
      Endpoint::parse_loopback("localhost:" + std::to_string(server.port())).value();
  EXPECT_TRUE(send_one(client, request));
  EXPECT_THAT(received.get_future().get(),
              StartsWith("GET /v1 HTTP/1.1\r\nHost: api.example.com\r\n"));
  request.connect_to = Endpoint{"10.0.0.1", server.port()};
  const auto answer = send_one(client, request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().reason, Reason::denied);
}

TEST(HttpClient, EnvironmentProxiesHaveNoEffect) {
  RawServer proxy(always(ok("proxy"))), server(always(ok("server")));
  for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"})
    setenv(name, proxy.origin().c_str(), 1);
  HttpClient client(unrestricted());
  const auto answer = send_one(client, get(server.origin()));
  for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"}) unsetenv(name);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "server");
  EXPECT_EQ(proxy.connections(), 0);
}

TEST(HttpClient, PlainRequestsGoToTheProxyInAbsoluteForm) {
  std::promise<std::string> received;
  RawServer proxy(once(ok("by proxy"), received));
  auto options = unrestricted();
  options.proxy = proxy.origin();
  HttpClient client(options);
  const auto answer = send_one(client, get("http://only-the-proxy-knows.invalid:81/a?b"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "by proxy");
  EXPECT_THAT(received.get_future().get(),
              StartsWith("GET http://only-the-proxy-knows.invalid:81/a?b HTTP/1.1\r\n"
                         "Host: only-the-proxy-knows.invalid:81\r\n"));
}

TEST(HttpClient, TheProxyIsNotAWayAroundTheEgressPolicy) {
  RawServer proxy(always(ok("by proxy")));
  HttpClient::Options options;
  options.proxy = proxy.origin();
  HttpClient client(options);
  for (const char* url : {"https://127.0.0.1/", "https://2130706433/", "https://localhost/",
                          "https://169.254.169.254/", "https://8.8.8.8:22/", "http://8.8.8.8/"}) {
    const auto answer = send_one(client, get(url));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().reason, Reason::denied) << url;
  }
  EXPECT_EQ(proxy.connections(), 0);
}

TEST(HttpClient, AMalformedProxyOrAuthorityIsAFailure) {
  for (const char* proxy :
       {"https://proxy:1", "proxy:1", "http://proxy/path", "http://u:p@proxy:1"}) {
    HttpClient::Options options;
    options.proxy = proxy;
    EXPECT_THROW(HttpClient client(options), Failure) << proxy;
  }
  HttpClient::Options options;
  options.ca_file = "/no/such/file";
  EXPECT_THROW(HttpClient client(options), Failure);
}

// ---- streams -----------------------------------------------------------------------------------

using Opened = Result<StreamedAnswer, SendFailure>;

Task<std::string> read_all(BodyStream body) {
  std::string all;
  for (;;) {
    const std::string piece = co_await body();
    if (piece.empty()) co_return all;
    all += piece;
  }
}

TEST(HttpClientStream, ReadsPieceByPieceAndKeepsTheConnection) {
  const std::string large(1'000'000, 's');
  RawServer server([&](RawSocket& socket, int) {
    for (std::string request; !(request = read_request(socket)).empty();) {
      EXPECT_THAT(request, HasSubstr("Accept-Encoding: identity\r\n"));
      if (request.find("/chunked") != std::string::npos)
        socket.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nF4240\r\n" + large +
                    "\r\n0\r\n\r\n");
      else if (request.find("/zipped") != std::string::npos)
        socket.send(ok(encoded::gzip("zipped"), "Content-Encoding: gzip\r\n"));
      else if (request.find("/none") != std::string::npos)
        socket.send("HTTP/1.1 204 No Content\r\n\r\n");
      else
        socket.send(ok(large));
    }
  });
  HttpClient client(unrestricted());
  const auto run = [&]() -> Task<void> {
    for (const auto& [target, expected] : {std::pair<const char*, std::string>{"/sized", large},
                                           {"/chunked", large},
                                           {"/zipped", "zipped"},
                                           {"/none", ""}}) {
      Opened opened = co_await client.open(get(server.origin() + target), Deadline::after(20s));
      EXPECT_TRUE(opened);
      if (!opened) co_return;
      const std::string all = co_await read_all(opened->body);
      EXPECT_TRUE(all == expected) << target;
      EXPECT_EQ(co_await opened->body(), "");
    }
  };
  run_to_end(run());
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClientStream, GivesEachPieceAsItArrives) {
  std::promise<void> first_read;
  RawServer server([&](RawSocket& socket, int) {
    read_request(socket);
    socket.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    first_read.get_future().wait();
    socket.send("6\r\nsecond\r\n0\r\n\r\n");
    socket.read_to_end();
  });
  HttpClient client(unrestricted());
  const auto run = [&]() -> Task<void> {
    Opened opened = co_await client.open(get(server.origin()), Deadline::after(20s));
    EXPECT_TRUE(opened);
    EXPECT_EQ(co_await opened->body(), "first");
    first_read.set_value();
    EXPECT_EQ(co_await opened->body(), "second");
    EXPECT_EQ(co_await opened->body(), "");
  };
  run_to_end(run());
}

TEST(HttpClientStream, FailsWhenTheAnswerBreaksOffOrIsTooLargeOrTooLate) {
  struct Case {
    const char* name;
    std::string answer;
    ErrorKind kind;
    std::chrono::milliseconds limit;
  };
  const Case cases[] = {
      {"cut short", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
       ErrorKind::upstream_unreachable, 20s},
      {"cut short in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc",
       ErrorKind::upstream_unreachable, 20s},
      {"too large", "HTTP/1.1 200 OK\r\n\r\n" + std::string(2000, 'x'), ErrorKind::too_large, 20s},
      {"too late", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", ErrorKind::timed_out, 500ms},
  };
  HttpClient client(unrestricted());
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    RawServer server([&](RawSocket& socket, int) {
      read_request(socket);
      socket.send(c.answer);
      if (c.kind == ErrorKind::timed_out) socket.read_to_end();
    });
    const auto run = [&]() -> Task<void> {
      OutboundRequest request = get(server.origin());
      request.answer_bytes = 1000;
      Opened opened = co_await client.open(std::move(request), Deadline::after(c.limit));
      EXPECT_TRUE(opened);
      if (opened) (void)co_await read_all(opened->body);
    };
    try {
      run_to_end(run());
      ADD_FAILURE() << "it did not fail";
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.error().kind, c.kind) << failure.what();
    }
  }
}

TEST(HttpClientStream, DroppingItClosesTheConnection) {
  std::promise<void> closed;
  RawServer server([&](RawSocket& socket, int) {
    read_request(socket);
    socket.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    socket.read_to_end();
    closed.set_value();
  });
  HttpClient client(unrestricted());
  const auto run = [&]() -> Task<void> {
    {
      Opened opened = co_await client.open(get(server.origin()), Deadline::after(20s));
      EXPECT_TRUE(opened);
      EXPECT_EQ(co_await opened->body(), "abc");
    }
    closed.get_future().wait();
  };
  run_to_end(run());
}

}  // namespace
}  // namespace fairlead::net

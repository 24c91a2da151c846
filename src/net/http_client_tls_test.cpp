#include "net/http_client.hpp"
#include "support/certificates.hpp"
#include "support/http_client_under_test.hpp"
#include "support/unrestricted.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <thread>

namespace fairlead::net {
namespace {

using fairlead::testing::unrestricted;

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Reason = SendFailure::Reason;

/// An authority that the client trusts.
class Tls : public ::testing::Test {
 protected:
  Tls() {
    write_pem(authority, ca_file);
    options.ca_file = ca_file;
  }
  ~Tls() override { std::filesystem::remove(ca_file); }

  std::string url(const RawServer& server, const std::string& host = "localhost") {
    return "https://" + host + ":" + std::to_string(server.port());
  }

  Certificate authority = make_certificate({.names = ""});
  std::string ca_file = ::testing::TempDir() + "ca-" + std::to_string(getpid()) + ".pem";
  HttpClient::Options options = unrestricted();
};

TEST_F(Tls, VerifiesAndKeepsConnections) {
  const auto tls = server_tls(make_certificate({}, &authority));
  std::atomic<int> handled = 0;
  std::promise<std::string> name;
  RawServer server([&](RawSocket& socket, int number) {
    RawTls wire(tls.get(), socket);
    if (number == 0) name.set_value(wire.server_name());
    while (!wire.read_until("\r\n\r\n").empty()) {
      ++handled;
      wire.send(ok(std::string(100'000, 'x')));
    }
  });
  HttpClient client(options);
  for (const auto& answer : send_all(client, std::vector<OutboundRequest>(5, get(url(server))))) {
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body.size(), 100'000u);
  }
  EXPECT_EQ(handled, 5);
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(name.get_future().get(), "localhost");
}

TEST_F(Tls, VerifiesAddressesToo) {
  const auto tls = server_tls(make_certificate({}, &authority));
  RawServer server([&](RawSocket& socket, int) {
    RawTls wire(tls.get(), socket);
    if (wire.read_until("\r\n\r\n").empty()) return;
    wire.send(ok(wire.server_name()));
  });
  HttpClient client(options);
  const auto answer = send_one(client, get(url(server, "127.0.0.1")));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "");
}

TEST_F(Tls, SendsNothingToWhoCannotBeVerified) {
  const Certificate stranger = make_certificate({.names = ""});
  struct Case {
    const char* name;
    Certificate certificate;
    int newest;
    const char* message;
  };
  Case cases[] = {
      {"self-signed", make_certificate({}), TLS1_3_VERSION, "self-signed"},
      {"unknown authority", make_certificate({}, &stranger), TLS1_3_VERSION,
       "unable to get local issuer certificate"},
      {"expired", make_certificate({.from_seconds = -7200, .to_seconds = -3600}, &authority),
       TLS1_3_VERSION, "expired"},
      {"not yet valid", make_certificate({.from_seconds = 3600, .to_seconds = 7200}, &authority),
       TLS1_3_VERSION, "not yet valid"},
      {"wrong name", make_certificate({.names = "DNS:other.example"}, &authority), TLS1_3_VERSION,
       "hostname mismatch"},
      {"partial wildcard", make_certificate({.names = "DNS:local*"}, &authority), TLS1_3_VERSION,
       "hostname mismatch"},
      {"old TLS", make_certificate({}, &authority), TLS1_1_VERSION, "TLS"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto tls = server_tls(c.certificate, c.newest);
    SSL_CTX_set_security_level(tls.get(), 0);
    SSL_CTX_set_min_proto_version(tls.get(), TLS1_VERSION);
    std::promise<std::string> received;
    RawServer server([&](RawSocket& socket, int) {
      RawTls wire(tls.get(), socket);
      received.set_value(wire.accepted() ? wire.read_until("\r\n\r\n") : "");
    });
    HttpClient client(options);
    OutboundRequest request = get(url(server));
    const auto answer = send_one(client, std::move(request));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().reason, Reason::tls);
    EXPECT_FALSE(answer.error().sent);
    EXPECT_THAT(answer.error().message, HasSubstr(c.message));
    EXPECT_EQ(received.get_future().get(), "");
  }
}

TEST_F(Tls, TheEnvironmentAddsNoAuthority) {
  setenv("SSL_CERT_FILE", ca_file.c_str(), 1);
  const auto tls = server_tls(make_certificate({}, &authority));
  RawServer server([&](RawSocket& socket, int) { RawTls wire(tls.get(), socket); });
  HttpClient client(unrestricted());
  const auto answer = send_one(client, get(url(server)));
  unsetenv("SSL_CERT_FILE");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().reason, Reason::tls);
}

TEST_F(Tls, ANewConnectionResumesTheSession) {
  for (const int newest : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto tls = server_tls(make_certificate({}, &authority), newest);
    std::atomic<int> resumed = 0;
    RawServer server([&](RawSocket& socket, int) {
      RawTls wire(tls.get(), socket);
      resumed += wire.resumed();
      if (wire.read_until("\r\n\r\n").empty()) return;
      wire.send(ok("hello", "Connection: close\r\n"));
      wire.end();
    });
    HttpClient client(options);
    OutboundRequest apart = get(url(server));
    apart.pool = "another";
    std::vector<OutboundRequest> requests(5, get(url(server)));
    requests.push_back(apart);
    for (const auto& answer : send_all(client, requests))
      EXPECT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(server.connections(), 6);
    EXPECT_EQ(resumed, 4);
  }
}

TEST_F(Tls, SeveralLoopsAskAtOnce) {
  const auto tls = server_tls(make_certificate({}, &authority));
  RawServer server([&](RawSocket& socket, int) {
    RawTls wire(tls.get(), socket);
    for (int left = 2; left > 0 && !wire.read_until("\r\n\r\n").empty(); --left)
      wire.send(ok("hello", left == 1 ? "Connection: close\r\n" : ""));
    wire.end();
  });
  HttpClient client(options);
  std::vector<std::thread> loops;
  std::atomic<int> good = 0;
  for (int i = 0; i < 4; ++i)
    loops.emplace_back([&] {
      for (const auto& answer :
           send_all(client, std::vector<OutboundRequest>(20, get(url(server)))))
        good += answer && answer->body == "hello";
    });
  for (auto& loop : loops) loop.join();
  EXPECT_EQ(good, 80);
  EXPECT_EQ(server.connections(), 40);
}

TEST_F(Tls, AnEndOfTcpIsNotAnEndOfTheAnswer) {
  for (const bool orderly : {true, false}) {
    const auto tls = server_tls(make_certificate({}, &authority));
    RawServer server([&](RawSocket& socket, int) {
      RawTls wire(tls.get(), socket);
      wire.read_until("\r\n\r\n");
      wire.send("HTTP/1.1 200 OK\r\n\r\nhalf of it?");
      if (orderly) wire.end();
    });
    HttpClient client(options);
    const auto answer = send_one(client, get(url(server)));
    EXPECT_EQ(bool(answer), orderly);
    if (!answer) EXPECT_EQ(answer.error().reason, Reason::broken);
  }
}

TEST_F(Tls, GarbageInThePlaceOfTlsIsAFailure) {
  for (const char* garbage : {"", "HTTP/1.1 400 Bad Request\r\n\r\n", "\x16\x03\x01\x7f\xff"}) {
    RawServer server([&](RawSocket& socket, int) { socket.send(garbage); });
    HttpClient client(options);
    const auto answer = send_one(client, get(url(server)));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().reason, Reason::tls) << answer.error().message;
    EXPECT_FALSE(answer.error().sent);
  }
}

TEST_F(Tls, AHandshakeThatTakesTooLongEnds) {
  RawServer server([&](RawSocket& socket, int) { socket.read_to_end(); });
  HttpClient client(options);
  OutboundRequest request = get(url(server));
  request.connect_time = 50ms;
  const auto answer = send_one(client, std::move(request));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().reason, Reason::timed_out);
  EXPECT_FALSE(answer.error().sent);
}

TEST_F(Tls, LargeBodiesGoBothWays) {
  const auto tls = server_tls(make_certificate({}, &authority));
  const std::string body(3'000'000, 'b');
  RawServer server([&](RawSocket& socket, int) {
    RawTls wire(tls.get(), socket);
    wire.read_until("\r\n\r\n");
    const std::string received = wire.read_until("END");
    wire.send(ok(received));
    wire.read_until("nothing");
  });
  HttpClient client(options);
  const auto answer = send_one(client, post(url(server), body + "END", Connection::fresh));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_TRUE(answer->body == body + "END");
}

TEST_F(Tls, GoesThroughAProxysTunnel) {
  const auto tls =
      server_tls(make_certificate({.names = "DNS:only-the-proxy-knows.invalid"}, &authority));
  std::promise<std::string> asked;
  RawServer proxy([&](RawSocket& socket, int) {
    asked.set_value(socket.read_until("\r\n\r\n"));
    socket.send("HTTP/1.1 200 Connection established\r\n\r\n");
    RawTls wire(tls.get(), socket);
    while (!wire.read_until("\r\n\r\n").empty()) wire.send(ok("through"));
  });
  options.proxy = proxy.origin();
  HttpClient client(options);
  const auto answers = send_all(
      client, std::vector<OutboundRequest>(2, get("https://only-the-proxy-knows.invalid/")));
  for (const auto& answer : answers) ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(proxy.connections(), 1);
  EXPECT_EQ(asked.get_future().get(),
            "CONNECT only-the-proxy-knows.invalid:443 HTTP/1.1\r\n"
            "Host: only-the-proxy-knows.invalid:443\r\n\r\n");
}

TEST_F(Tls, AProxyThatRefusesIsAFailure) {
  for (const char* refusal : {"HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\n", "nonsense\r\n\r\n",
                              "", "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"}) {
    RawServer proxy(once(refusal));
    options.proxy = proxy.origin();
    HttpClient client(options);
    const auto answer = send_one(client, get("https://only-the-proxy-knows.invalid/"));
    ASSERT_FALSE(answer);
    EXPECT_FALSE(answer.error().sent);
  }
}

}  // namespace
}  // namespace fairlead::net

#include "sandbox/faults.hpp"

#include "net/http_server.hpp"
#include "net/workers.hpp"
#include "sandbox/answer.hpp"
#include "sandbox/harbor.hpp"
#include "sandbox/test_client.hpp"
#include "support/raw_socket.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::sandbox {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Options with_faults() {
  Options options;
  options.faults = true;
  return options;
}

TEST(Faults, AreReadStrictly) {
  for (const char* text : {"status=503", "status=429,retry_after=2", "delay_ms=5, drop", "huge",
                           "huge=1", "truncate", "garbage", "html", "endless", ""})
    EXPECT_NO_THROW(Fault::parse(text)) << text;
  for (const char* text :
       {"status", "status=", "status=99", "status=600", "status=5x", "delay_ms=-1",
        "delay_ms=9999999", "huge=0", "huge=9999", "retry_after=x", "droop", ",", "drop=1"})
    EXPECT_THROW(Fault::parse(text), Refused) << text;
  const Fault fault = Fault::parse("delay_ms=7,status=418,retry_after=9");
  EXPECT_EQ(fault.delay, std::chrono::milliseconds(7));
  EXPECT_EQ(fault.status, 418);
  EXPECT_EQ(fault.retry_after, 9);
  EXPECT_TRUE(fault.replaces());
  EXPECT_FALSE(Fault::parse("drop").replaces());
}

TEST(Faults, AreSleepingUnlessSwitchedOn) {
  TestService service;
  EXPECT_EQ(service.get("/v1/account", {{"X-Harbor-Fault", "status=503"}}).status, 200);
  EXPECT_EQ(service.post("/_faults", {{"fault", "status=503"}, {"path", "/"}}).status, 404);
}

TEST(Faults, AnswerInThePlaceOfTheService) {
  TestService service(with_faults());
  const auto meet = [&](const char* fault) {
    return service.post("/v1/tickets", {{"subject", "s"}}, {{"X-Harbor-Fault", fault}});
  };
  const Answer status = meet("status=429,retry_after=2");
  EXPECT_EQ(status.status, 429);
  EXPECT_EQ(status.header("Retry-After"), "2");
  EXPECT_EQ(meet("status=500").status, 500);
  EXPECT_EQ(meet("html").header("Content-Type"), "text/html; charset=utf-8");
  const Answer garbage = meet("garbage");
  EXPECT_EQ(garbage.header("Content-Type"), "application/json");
  EXPECT_FALSE(parse_json(garbage.text));
  EXPECT_EQ(meet("droop").error(), "invalid_parameter");
  EXPECT_EQ(service.get("/v1/account")["counts"].at("tickets").as_int64(), 60)
      << "nothing was made";
  EXPECT_EQ(meet("delay_ms=1").status, 201);
}

TEST(Faults, WaitForThePathTheyAreArmedFor) {
  TestService service(with_faults());
  EXPECT_EQ(
      service.post("/_faults", {{"fault", "status=502"}, {"path", "/v1/tickets"}, {"times", 2}})
          .status,
      201);
  EXPECT_EQ(service.post("/_faults", {{"fault", "status=503"}, {"path", "/oauth/token"}}).status,
            201);
  EXPECT_EQ(service.get("/v1/customers").status, 200);
  EXPECT_EQ(service.get("/v1/tickets/tkt_1001").status, 502);
  EXPECT_EQ(service.get("/_faults").data().size(), 2u);
  EXPECT_EQ(service.get("/v1/tickets?limit=1").status, 502);
  EXPECT_EQ(service.get("/v1/tickets").status, 200) << "met twice";
  EXPECT_EQ(service.form("/oauth/token", "").status, 503);
  EXPECT_EQ(service.form("/oauth/token", "").status, 401);
  service.post("/_faults", {{"fault", "drop"}, {"path", "/"}});
  EXPECT_EQ(service.erase("/_faults").status, 204);
  EXPECT_EQ(service.get("/v1/tickets").status, 200);

  const json::value wrong[] = {json::object{},
                               {{"fault", "drop"}},
                               {{"fault", ""}, {"path", "/"}},
                               {{"fault", "droop"}, {"path", "/"}},
                               {{"fault", "drop"}, {"path", "v1"}},
                               {{"fault", "drop"}, {"path", "/"}, {"times", 0}}};
  for (const json::value& body : wrong)
    EXPECT_THAT(service.post("/_faults", body).status, testing::AnyOf(400, 422)) << body;
  for (int i = 0; i < 100; ++i) service.post("/_faults", {{"fault", "drop"}, {"path", "/x"}});
  EXPECT_EQ(service.post("/_faults", {{"fault", "drop"}, {"path", "/x"}}).error(), "limit_reached");
}

// ---- over a socket ----

/// Harbor behind the real server, on loops of its own.
class Served : public testing::Test {
 protected:
  Served()
      : harbor(with_faults(), clock), workers(2), server(workers, {}, [this](net::Request request) {
          return harbor.handle(std::move(request));
        }) {
    workers.start();
    server.start();
  }
  ~Served() override {
    server.drain(std::chrono::seconds(5));
    workers.stop();
    workers.join();
  }

  /// All that comes back until the server closes or `Content-Length` is reached.
  net::RawSocket send(std::string_view line, std::string_view headers = {},
                      std::string_view body = {}) {
    net::RawSocket socket = net::RawSocket::connect(server.port());
    socket.send(
        fmt::format("{} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer hk_sandbox\r\n"
                    "Content-Type: application/json\r\nContent-Length: {}\r\n{}\r\n{}",
                    line, server.port(), body.size(), headers, body));
    return socket;
  }

  SystemClock clock;
  Harbor harbor;
  net::Workers workers;
  net::HttpServer server;
};

TEST_F(Served, AnswersRequests) {
  const std::string list = send("GET /v1/customers?limit=1").read_answer();
  EXPECT_THAT(list, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(list, EndsWith("\"has_more\":true}}"));
  const std::string made = send("POST /v1/tickets", "", R"({"subject":"über"})").read_answer();
  EXPECT_THAT(made, StartsWith("HTTP/1.1 201 Created\r\n"));
  const std::string part =
      send("GET /v1/files/fil_1001/content", "Range: bytes=1-3\r\n").read_answer();
  EXPECT_THAT(part, StartsWith("HTTP/1.1 206 Partial Content\r\n"));
  EXPECT_THAT(part, EndsWith("\r\n\r\nPNG"));
  const std::string head =
      send("HEAD /v1/files/fil_1001/content", "Connection: close\r\n").read_to_end();
  EXPECT_THAT(head, HasSubstr("Content-Length: 129\r\n"));
  EXPECT_THAT(head, EndsWith("\r\n\r\n"));
  EXPECT_THAT(send("DELETE /v1/tickets/tkt_1061", "Connection: close\r\n").read_to_end(),
              StartsWith("HTTP/1.1 204 No Content\r\n"));
  EXPECT_THAT(
      send("GET /v1/files/fil_1001").read_answer(),
      HasSubstr(fmt::format("http://127.0.0.1:{}/download/fil_1001?token=", server.port())));
}

TEST_F(Served, DropsAndTruncatesAfterTheWorkIsDone) {
  const std::string whole = send("GET /v1/orders", "Connection: close\r\n").read_to_end();
  const std::string cut = send("GET /v1/orders", "X-Harbor-Fault: truncate\r\n").read_to_end();
  EXPECT_THAT(cut, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_LT(cut.size(), whole.size() * 3 / 4);
  EXPECT_GT(cut.size(), whole.size() / 4);

  const std::string dropped =
      send("POST /v1/tickets", "X-Harbor-Fault: drop\r\n", R"({"subject":"made it"})")
          .read_to_end();
  EXPECT_THAT(dropped, EndsWith("\r\n\r\n")) << "no byte of a body";
  EXPECT_THAT(dropped, HasSubstr("Content-Length: "));
  EXPECT_THAT(dropped, Not(HasSubstr("Content-Length: 0\r\n")));
  EXPECT_THAT(send("GET /v1/tickets?limit=1").read_answer(), HasSubstr("made it"));
  EXPECT_THAT(send("DELETE /v1/tickets/tkt_1061", "X-Harbor-Fault: drop\r\n").read_to_end(),
              HasSubstr("Content-Length: 2\r\n"));
}

TEST_F(Served, SendsMoreThanAnybodyWants) {
  const std::string huge =
      send("GET /v1/tickets", "X-Harbor-Fault: huge=3\r\nConnection: close\r\n").read_to_end();
  EXPECT_GT(huge.size(), 3'000'000u);
  EXPECT_THAT(huge, EndsWith("]}\r\n0\r\n\r\n"));
  net::RawSocket endless = send("GET /v1/tickets", "X-Harbor-Fault: endless\r\n");
  EXPECT_EQ(endless.read_exactly(20'000'000).size(), 20'000'000u);
  endless.close();
  EXPECT_THAT(send("GET /v1/account").read_answer(), StartsWith("HTTP/1.1 200 OK\r\n"));
}

}  // namespace
}  // namespace fairlead::sandbox

// What the tests of the HTTP client share: requests, sending them, and scripts of a RawServer.
#pragma once

#include "base/task.hpp"
#include "net/http_client.hpp"
#include "support/raw_server.hpp"

#include <chrono>
#include <future>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fairlead::net {

inline OutboundRequest get(const std::string& url) {
  OutboundRequest request;
  request.url = Url::parse(url).value();
  return request;
}
inline OutboundRequest post(const std::string& url, std::string body, Connection connection) {
  OutboundRequest request = get(url);
  request.method = "POST";
  request.body = std::move(body);
  request.connection = connection;
  return request;
}

using Sent = Result<Answer, SendFailure>;

/// Sends the requests one after the other on one loop.
inline std::vector<Sent> send_all(HttpClient& client, std::vector<OutboundRequest> requests,
                                  Deadline deadline = Deadline::after(std::chrono::seconds(20))) {
  std::vector<Sent> answers;
  const auto run = [&]() -> Task<void> {
    for (const OutboundRequest& request : requests)
      answers.push_back(co_await client.send(request, deadline));
  };
  run_to_end(run());
  return answers;
}
inline Sent send_one(HttpClient& client, OutboundRequest request,
                     Deadline deadline = Deadline::after(std::chrono::seconds(20))) {
  std::vector<OutboundRequest> requests;
  requests.push_back(std::move(request));
  return std::move(send_all(client, std::move(requests), deadline).front());
}

inline std::string ok(std::string_view body, std::string_view headers = "") {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(headers) + "\r\n" + std::string(body);
}

/// Reads a request with its body; empty when the connection ended.
inline std::string read_request(RawSocket& socket) { return socket.read_answer(); }

/// A server that answers every request of a connection with `answer`, until the client leaves.
inline RawServer::Script always(std::string answer) {
  return [answer](RawSocket& socket, int) {
    while (!read_request(socket).empty()) socket.send(answer);
  };
}
/// A server that gives `answer` to the first request of a connection and closes.
inline RawServer::Script once(std::string answer) {
  return [answer](RawSocket& socket, int) {
    if (!read_request(socket).empty()) socket.send(answer);
  };
}

/// The same for one connection, whose request is kept.
inline RawServer::Script once(std::string answer, std::promise<std::string>& received) {
  return [answer, &received](RawSocket& socket, int) {
    received.set_value(read_request(socket));
    socket.send(answer);
  };
}

}  // namespace fairlead::net

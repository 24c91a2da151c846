// Sends HTTP/1.1 requests to third-party services. Beast and OpenSSL stay in the .cpp files.
#pragma once

#include "base/clock.hpp"
#include "net/egress_policy.hpp"
#include "net/message.hpp"
#include "net/url.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace fairlead::net {

/// Whether a request may travel on a kept-alive connection. A connection that dies before the first
/// byte of the answer is replaced once by a new one for `may_reuse` only, and the others kept for
/// its place are closed; a `fresh` request is written to a new connection and never again.
enum class Connection { may_reuse, fresh };

struct OutboundRequest {
  std::string method = "GET";
  Url url;
  /// Host, Content-Length, Connection and what else frames the message are ours and refused here;
  /// User-Agent and Accept-Encoding are ours unless given.
  Headers headers;
  std::string body = {};
  Connection connection = Connection::may_reuse;
  /// Connections are never shared between different values (the organization).
  std::string pool = {};
  /// Connect here, in plain HTTP, while Host stays the URL's.
  std::optional<Endpoint> connect_to = {};
  std::chrono::milliseconds connect_time{5'000};      ///< names and all addresses; again for TLS
  std::chrono::milliseconds first_byte_time{30'000};  ///< until the answer's head is there
  std::size_t answer_bytes = 16u << 20;  ///< after decoding; of a streamed answer in all
  /// For `send`. The body is secret: it is asked for without encoding, has room for `answer_bytes`
  /// from the start, since what grows leaves a copy behind, and is erased when it breaks off.
  bool secret_answer = false;
};

/// Overwrites what may hold credentials: the values of headers, the URL's path and query, and the
/// body.
void wipe(OutboundRequest& request);
void wipe(Headers& headers);
void wipe(Url& url);

/// Wipes a request when it goes, for whoever made one.
struct WipedAtTheEnd {
  OutboundRequest& request;
  ~WipedAtTheEnd() { wipe(request); }
};

/// Why there is no answer.
struct SendFailure {
  enum class Reason {
    invalid_request,  ///< a header or the URL cannot be sent
    denied,           ///< the egress policy refuses the address
    resolve,
    connect,
    tls,
    timed_out,
    broken,    ///< the connection ended or the answer is not HTTP
    too_large  ///< a limit was passed while reading
  };
  Reason reason;
  std::string message;  ///< never holds header values or the query
  bool sent = false;    ///< a byte of the request may have reached the service
};
Error to_error(SendFailure failure);

struct Answer {
  int status = 0;
  Headers headers;
  std::string
      body;  ///< decoded (gzip, deflate, br, zstd), with SIMDJSON_PADDING spare bytes of capacity
};

/// The head of an answer whose body is read piece by piece. Dropping it closes the connection.
struct StreamedAnswer {
  int status = 0;
  Headers headers;
  BodyStream body;
};

/// One for the process; keeps its connections per loop, so no lock is taken. Redirects are never
/// followed here. Call from coroutines that run on an io_context with one thread; a StreamedAnswer
/// stays on its loop and goes before it.
class HttpClient {
 public:
  struct Options {
    EgressPolicy egress = EgressPolicy::public_only();
    std::string ca_file = {};  ///< further trusted authorities, PEM
    std::string proxy =
        {};  ///< "http://host:port" by operator setting; environment variables are not read
    std::string user_agent = "fairlead/" FAIRLEAD_VERSION;
    std::size_t kept_per_host = 32;
    std::chrono::seconds keep_idle{55};
  };
  explicit HttpClient(Options options);
  virtual ~HttpClient();

  /// The whole answer, or why there is none. Every status is an answer. `request` lives until then.
  virtual Task<Result<Answer, SendFailure>> send(const OutboundRequest& request, Deadline deadline);
  /// The head of the answer; the body follows from `body`. We ask for no content encoding, and
  /// undo one that the service uses all the same. `request` is wiped.
  virtual Task<Result<StreamedAnswer, SendFailure>> open(OutboundRequest request,
                                                         Deadline deadline);

 protected:
  /// For a client that answers from something else than sockets, such as the golden files of a
  /// definition: it replaces both send and open.
  HttpClient() = default;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace fairlead::net

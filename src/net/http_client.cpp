#include "net/http_client.hpp"

#include "base/clear.hpp"
#include "net/client_loop.hpp"
#include "net/decoder.hpp"
#include "net/message_parser.hpp"
#include "net/resolver.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/execution/context.hpp>
#include <openssl/crypto.h>

#include <algorithm>
#include <atomic>
#include <charconv>

namespace fairlead::net {
namespace {

using asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Steady = std::chrono::steady_clock;
using Reason = SendFailure::Reason;
using MaybeFailure = std::optional<SendFailure>;
using AnswerParser = MessageParser<false>;

constexpr auto no_throw = asio::as_tuple(asio::deferred);

constexpr std::uint32_t longest_head = 64 * 1024;
constexpr std::size_t longest_chunk_line = 16 * 1024;
constexpr std::size_t read_size = 16 * 1024;
/// What the parser may be given at once of a body without length, and so go over its limit by.
constexpr std::size_t most_unread = longest_chunk_line + read_size;
/// A body is given this much space before its first byte, whatever length it announces.
constexpr std::size_t first_body_space = 256 * 1024;
/// A small body travels in the same TLS record as its head.
constexpr std::size_t small_body = 8 * 1024;
constexpr std::size_t json_padding = 64;  // SIMDJSON_PADDING
constexpr int most_interim_answers = 16;
constexpr std::string_view encodings = "gzip, deflate, br, zstd";

std::string in_milliseconds(Steady::duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) +
         " ms";
}

// ---- checking and writing a request ------------------------------------------------------------

/// What the client says itself; a caller that sets one of these would break the framing.
bool is_ours(std::string_view name) {
  constexpr std::string_view ours[] = {"Host",       "Content-Length",    "Connection", "Expect",
                                       "Keep-Alive", "Transfer-Encoding", "TE",         "Trailer",
                                       "Upgrade",    "Proxy-Connection"};
  return std::any_of(std::begin(ours), std::end(ours),
                     [&](std::string_view one) { return same_header(one, name); });
}

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

/// Why the request cannot be sent, without its values.
std::optional<std::string> fault_of(const OutboundRequest& request) {
  const Url& url = request.url;
  if (!is_header_name(request.method) || request.method == "CONNECT")
    return "the method cannot be sent";
  const auto ends_host = [](char c) {
    return c == '/' || c == '?' || c == '#' || c == '@' || c == '[' || c == ']' || c == '\\';
  };
  if (url.host.empty() || !is_visible(url.host) ||
      std::any_of(url.host.begin(), url.host.end(), ends_host) || url.port == 0)
    return "the URL's host cannot be sent";
  if (!url.target.starts_with('/') || !is_visible(url.target) ||
      url.target.find('#') != std::string::npos)
    return "the URL's path or query holds characters that must be percent-encoded";
  for (const Header& field : request.headers) {
    if (!is_header_name(field.name)) return "a header's name cannot be sent";
    if (is_ours(field.name)) return "the header " + field.name + " is set by the client";
    if (!is_header_value(field.value))
      return "the value of the header " + field.name + " holds characters that cannot be sent";
  }
  return std::nullopt;
}

bool has_length(const OutboundRequest& request) {
  return !request.body.empty() || request.method == "POST" || request.method == "PUT" ||
         request.method == "PATCH";
}

enum class Use { whole, stream };

void write_head(std::string& out, const OutboundRequest& request, bool absolute_form,
                const std::string& user_agent, Use use) {
  const Url& url = request.url;
  std::size_t space = 512 + url.target.size() + 2 * url.host.size() + user_agent.size();
  for (const Header& field : request.headers) space += field.name.size() + field.value.size() + 4;
  out.reserve(space + small_body);  // growing would leave copies behind that nobody erases
  out.assign(request.method).append(" ");
  if (absolute_form) out.append(url.origin());
  out.append(url.target).append(" HTTP/1.1\r\n");
  append_field(out, "Host", url.authority());
  for (const Header& field : request.headers) append_field(out, field.name, field.value);
  if (!request.headers.find("User-Agent")) append_field(out, "User-Agent", user_agent);
  const bool may_be_encoded = use == Use::whole && !request.secret_answer;
  if (!request.headers.find("Accept-Encoding"))
    append_field(out, "Accept-Encoding", may_be_encoded ? encodings : "identity");
  if (has_length(request)) append_field(out, "Content-Length", std::to_string(request.body.size()));
  out.append("\r\n");
}

// ---- one exchange ------------------------------------------------------------------------------

struct Proxy {
  std::string host;
  std::uint16_t port = 0;
};

/// What a client has, and all its requests share.
struct Parts {
  explicit Parts(HttpClient::Options given)
      : options(std::move(given)), tls(client_tls(options.ca_file)) {
    if (options.proxy.empty()) return;
    const auto url = Url::parse(options.proxy);
    if (!url || url->https || url->target != "/")
      throw Failure(invalid("the proxy must be given as http://host:port"));
    proxy = Proxy{url->host, url->port};
  }

  HttpClient::Options options;
  SslContext tls;
  std::optional<Proxy> proxy;
  Resolver resolver;
  /// Sets the connections of this client, and so of its TLS settings and its egress policy, apart.
  const std::uint64_t id = next_id();

  static std::uint64_t next_id() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
  }
};

/// One request and the reading of its answer.
struct Exchange {
  Exchange(std::shared_ptr<Parts> client_parts, ClientLoop& its_loop,
           const OutboundRequest& its_request, Deadline its_deadline)
      : parts(std::move(client_parts)),
        loop(its_loop),
        request(its_request),
        deadline(its_deadline),
        watch(its_loop) {}
  Exchange(const Exchange&) = delete;

  void use(std::unique_ptr<Wire> next) {
    wire = std::move(next);
    watch.wire = wire.get();
  }
  void limit(std::chrono::milliseconds time) { watch.set_deadline(deadline.within(time).at()); }

  SendFailure failure(Reason reason, std::string message) const {
    return {reason, request.url.host + ": " + std::move(message), sent};
  }
  /// What a failed wait means: our time limit, or the connection.
  SendFailure broken(ErrorCode code, std::string_view doing) const {
    if (watch.expired() || (deadline.passed() && code == asio::error::operation_aborted))
      return failure(Reason::timed_out, "no answer in time while " + std::string(doing));
    const std::string why = code == asio::error::eof                 ? "the connection was closed"
                            : code == asio::error::operation_aborted ? "cancelled"
                                                                     : code.message();
    return failure(Reason::broken, why + " while " + std::string(doing));
  }
  bool plain_proxy() const { return parts->proxy && !request.connect_to && !request.url.https; }

  std::shared_ptr<Parts> parts;
  ClientLoop& loop;
  const OutboundRequest& request;
  Deadline deadline;
  Watch watch;
  std::string key;
  std::unique_ptr<Wire> wire;
  bool sent = false;      ///< a byte was given to the network, on whatever connection
  bool answered = false;  ///< a byte of the answer arrived on this connection
  std::optional<AnswerParser> parser;
  std::unique_ptr<Decoder> decoder;
  std::optional<std::uint64_t> length_left;  ///< of a body whose length is known
  bool ended = false;                        ///< the whole body was read
  std::size_t body_bytes = 0;                ///< after decoding
};

void build_key(const Parts& parts, const OutboundRequest& request, std::string& key) {
  constexpr char end = '\n';  // in no part
  key.assign(std::to_string(parts.id));
  key += end;
  key += request.url.https ? 's' : 'p';
  key.append(request.url.host).append(1, end).append(std::to_string(request.url.port));
  key += end;
  if (request.connect_to) {
    key.append(request.connect_to->address).append(1, ' ');
    key.append(std::to_string(request.connect_to->port));
  }
  key += end;
  key += request.pool;
}

// ---- connecting --------------------------------------------------------------------------------

bool cancelled(ErrorCode code, const Exchange& x) {
  return code == asio::error::operation_aborted && !x.watch.expired();
}

Task<Resolver::Addresses> resolve(Exchange& x, std::string host) {
  ErrorCode not_literal;
  const auto literal = asio::ip::make_address(host, not_literal);
  if (!not_literal) co_return Resolver::Addresses{literal};
  asio::steady_timer alarm(x.loop.context());
  x.watch.alarm = &alarm;
  auto addresses = co_await x.parts->resolver.resolve(std::move(host), alarm);
  x.watch.alarm = nullptr;
  co_return addresses;
}

std::optional<std::string> refusal(const Exchange& x, const asio::ip::address& address) {
  const Url& url = x.request.url;
  return x.parts->options.egress.refusal(url.host, address.to_string(), url.port, url.https);
}

/// Where to connect to: addresses that may be connected to, in order.
struct Places {
  Resolver::Addresses addresses;
  std::uint16_t port = 0;
};

Task<Result<Places, SendFailure>> find_places(Exchange& x) {
  const Url& url = x.request.url;
  if (x.request.connect_to) {
    ErrorCode malformed;
    const auto address = asio::ip::make_address(x.request.connect_to->address, malformed);
    if (malformed || !address.is_loopback())
      co_return x.failure(Reason::denied, "connect_to is not a loopback address");
    co_return Places{{address}, x.request.connect_to->port};
  }

  const Resolver::Addresses found = co_await resolve(x, url.host);
  const auto& proxy = x.parts->proxy;
  if (found.empty() && !proxy) {
    if (x.watch.expired())
      co_return x.failure(Reason::timed_out, "the name was not resolved in time");
    co_return x.failure(Reason::resolve, "the name cannot be resolved");
  }
  Places places{{}, url.port};
  std::optional<std::string> refused;
  for (const auto& address : found) {
    auto why = refusal(x, address);
    if (!why) places.addresses.push_back(address);
    if (why) refused = std::move(why);
  }
  // Behind a proxy it is not us who choose the address, so none of them may be a refused one. A
  // name that only the proxy can resolve is the proxy's to judge.
  if (refused && (places.addresses.empty() || proxy))
    co_return x.failure(Reason::denied, "not allowed by the egress policy: " + *refused);
  if (!proxy) co_return places;

  places = {co_await resolve(x, proxy->host), proxy->port};
  if (places.addresses.empty())
    co_return x.failure(Reason::resolve, "the proxy cannot be resolved");
  co_return places;
}

/// Tries one address after the other; each gets its share of the time that is left.
Task<MaybeFailure> connect_socket(Exchange& x, Places places) {
  const auto limit = x.watch.deadline();
  ErrorCode last;
  for (std::size_t i = 0; i < places.addresses.size(); ++i) {
    const auto now = Steady::now();
    const auto share = (limit - now) / static_cast<std::int64_t>(places.addresses.size() - i);
    x.watch.set_deadline(now + share);
    x.use(std::make_unique<Wire>(x.loop.context()));
    auto& socket = x.wire->socket();
    const tcp::endpoint endpoint(places.addresses[i], places.port);
    const auto [failure] = co_await socket.async_connect(endpoint, no_throw);
    last = failure;
    if (!failure) {
      ErrorCode ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      socket.non_blocking(true, ignored);
      x.watch.set_deadline(limit);
      co_return std::nullopt;
    }
    if (cancelled(failure, x)) co_return x.broken(failure, "connecting");
  }
  if (x.watch.expired())
    co_return x.failure(Reason::timed_out,
                        "no connection within " + in_milliseconds(x.request.connect_time));
  co_return x.failure(Reason::connect, "cannot connect: " + last.message());
}

/// Asks the proxy for a tunnel to the service.
Task<MaybeFailure> open_tunnel(Exchange& x) {
  Url place = x.request.url;
  place.https = false;  // so that :443 is written
  const std::string authority = place.port == 80 ? place.authority() + ":80" : place.authority();
  x.wire->out = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n";
  const std::array<asio::const_buffer, 2> parts{asio::buffer(x.wire->out), {}};
  const auto written = co_await x.wire->write_all(parts);
  if (written.failure) co_return x.broken(written.failure, "asking the proxy");
  AnswerParser parser(longest_head, longest_head);
  parser.skip(true);
  ErrorCode failure = beast::http::error::need_more;
  while (failure == beast::http::error::need_more) {
    const auto space = x.wire->in.prepare(read_size);
    const auto read = co_await x.wire->read_some(space);
    if (read.failure) co_return x.broken(read.failure, "asking the proxy");
    x.wire->in.commit(read.size);
    x.wire->in.consume(parser.put(x.wire->in.cdata(), failure));
  }
  if (failure || x.wire->in.size() > 0)
    co_return x.failure(Reason::connect, "the proxy's answer is not HTTP");
  if (parser.status / 100 != 2)
    co_return x.failure(Reason::connect, "the proxy refused: " + std::to_string(parser.status));
  co_return std::nullopt;
}

Task<MaybeFailure> connect(Exchange& x) {
  x.limit(x.request.connect_time);
  auto places = co_await find_places(x);
  if (!places) co_return std::move(places).error();
  if (auto failure = co_await connect_socket(x, *std::move(places))) co_return failure;
  if (!x.request.url.https || x.request.connect_to) co_return std::nullopt;
  if (x.parts->proxy)
    if (auto failure = co_await open_tunnel(x)) co_return failure;
  x.limit(x.request.connect_time);
  const auto session = x.loop.session(x.key);
  if (auto why = co_await x.wire->start_tls(*x.parts->tls, x.request.url.host, session))
    co_return x.failure(x.watch.expired() ? Reason::timed_out : Reason::tls, "TLS: " + *why);
  co_return std::nullopt;
}

// ---- sending, and reading a head ---------------------------------------------------------------

Task<MaybeFailure> send_request(Exchange& x, Use use) {
  x.watch.set_deadline(x.deadline.at());
  Wire& wire = *x.wire;
  const std::string& body = x.request.body;
  write_head(wire.out, x.request, x.plain_proxy(), x.parts->options.user_agent, use);
  const bool together = body.size() <= small_body;
  if (together) wire.out += body;
  const std::array<asio::const_buffer, 2> parts{
      asio::buffer(wire.out), together ? asio::const_buffer() : asio::buffer(body)};
  const auto written = co_await wire.write_all(parts);
  OPENSSL_cleanse(wire.out.data(), wire.out.size());  // it held credentials
  x.sent = x.sent || written.size > 0;
  if (!written.failure) co_return std::nullopt;
  // A service that refuses a body early answers, then closes.
  if (written.size > 0 && !x.watch.expired() && !cancelled(written.failure, x))
    co_return std::nullopt;
  co_return x.broken(written.failure, "sending the request");
}

SendFailure not_http(const Exchange& x, ErrorCode failure) {
  if (failure == beast::http::error::header_limit)
    return x.failure(Reason::too_large, "the answer's header is larger than 64 KiB");
  if (failure == beast::http::error::partial_message)
    return x.failure(Reason::broken, "the answer was cut short");
  return x.failure(Reason::broken, "the answer is not HTTP (" + failure.message() + ")");
}

void expect_head(Exchange& x) {
  x.parser.emplace(longest_head, longest_head);
  if (x.request.method == "HEAD") x.parser->skip(true);
}

/// The final answer's head, which may follow interim ones; its body, if any, is not touched.
Task<MaybeFailure> read_head(Exchange& x) {
  Wire& wire = *x.wire;
  x.limit(x.request.first_byte_time);
  expect_head(x);
  for (int interim = 0;;) {
    ErrorCode failure = beast::http::error::need_more;
    if (wire.in.size() > 0) wire.in.consume(x.parser->put(wire.in.cdata(), failure));
    if (!failure) {
      if (x.parser->status == 101)
        co_return x.failure(Reason::broken, "the answer changes the protocol");
      if (x.parser->status >= 200) co_return std::nullopt;
      if (++interim > most_interim_answers)
        co_return x.failure(Reason::broken, "too many interim answers");
      expect_head(x);
      continue;
    }
    if (failure != beast::http::error::need_more) co_return not_http(x, failure);
    const auto space = wire.in.prepare(read_size);
    const auto read = co_await wire.read_some(space);
    if (read.failure) co_return x.broken(read.failure, "waiting for the answer");
    x.answered = true;
    wire.in.commit(read.size);
  }
}

/// Finds out how the body is framed and encoded.
MaybeFailure begin_body(Exchange& x) {
  x.watch.set_deadline(x.deadline.at());
  AnswerParser& parser = *x.parser;
  x.ended = parser.is_done();
  if (x.ended) return std::nullopt;
  if (!parser.chunked())
    if (const auto length = parser.content_length()) x.length_left = *length;

  std::string encoding;
  for (const Header& field : parser.headers)
    if (same_header(field.name, "Content-Encoding") && !same_header(field.value, "identity"))
      encoding += (encoding.empty() ? "" : ",") + field.value;
  if (encoding.find(',') != std::string::npos)
    return x.failure(Reason::broken, "the answer has more than one content encoding");
  if (!encoding.empty()) x.decoder = Decoder::make(encoding);
  if (x.decoder) {
    parser.headers.remove("Content-Encoding");
    parser.headers.remove("Content-Length");
  } else if (x.length_left.value_or(0) > x.request.answer_bytes) {
    return x.failure(Reason::too_large, "the answer is larger than allowed");
  }
  return std::nullopt;
}

/// Sends the request and reads the head of the answer. A kept connection that died while nobody
/// looked is replaced, once, for requests that may be sent twice. The others of its place are
/// taken for dead too, so that whoever repeats a failed request meets no further one.
Task<MaybeFailure> begin(Exchange& x, Use use) {
  if (auto fault = fault_of(x.request)) co_return x.failure(Reason::invalid_request, *fault);
  if (x.deadline.passed()) co_return x.failure(Reason::timed_out, "the deadline has passed");
  build_key(*x.parts, x.request, x.key);
  bool may_reuse = x.request.connection == Connection::may_reuse;
  for (;;) {
    x.answered = false;
    x.use(may_reuse ? x.loop.take(x.key) : nullptr);
    const bool reused = x.wire != nullptr;
    MaybeFailure failure;
    if (!reused) failure = co_await connect(x);
    if (!failure) failure = co_await send_request(x, use);
    if (!failure) failure = co_await read_head(x);
    if (!failure) failure = begin_body(x);
    if (!failure) co_return std::nullopt;
    const auto state = co_await asio::this_coro::cancellation_state;
    const bool again = reused && !x.answered && failure->reason == Reason::broken &&
                       state.cancelled() == asio::cancellation_type::none;
    x.use(nullptr);
    if (!again) co_return failure;
    x.loop.drop(x.key);
    may_reuse = false;
  }
}

// ---- reading a body ----------------------------------------------------------------------------

/// Erases what was read of a secret answer and does not reach the caller.
struct ErasedIfSecret {
  const OutboundRequest& request;
  std::string& read;
  ~ErasedIfSecret() {
    if (request.secret_answer) Clear::erase(read);
  }
};

/// Reads what is not in the buffer yet into `out`, at most `most` bytes; the end of the connection
/// is an error here.
Task<MaybeFailure> read_into(Exchange& x, std::string& out, std::size_t most) {
  const std::size_t before = out.size();
  out.resize(before + most);
  const auto space = asio::buffer(out.data() + before, most);
  const auto read = co_await x.wire->read_some(space);
  out.resize(before + read.size);
  if (read.failure == asio::error::eof)
    co_return x.failure(Reason::broken, "the answer was cut short");
  if (read.failure) co_return x.broken(read.failure, "reading the answer");
  co_return std::nullopt;
}

/// What has been received already of a body whose length is known, at most `most` bytes.
std::size_t take_received(Exchange& x, std::string& out, std::size_t most) {
  auto& in = x.wire->in;
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(*x.length_left, most));
  const std::size_t have = std::min(in.size(), wanted);
  out.append(static_cast<const char*>(in.cdata().data()), have);
  in.consume(have);
  *x.length_left -= have;
  x.ended = *x.length_left == 0;
  return have;
}

/// The next bytes of a body whose length is known.
Task<MaybeFailure> read_sized(Exchange& x, std::string& out, std::size_t most) {
  if (take_received(x, out, most) > 0) co_return std::nullopt;
  const std::size_t before = out.size();
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(*x.length_left, most));
  if (auto failure = co_await read_into(x, out, wanted)) co_return failure;
  *x.length_left -= out.size() - before;
  x.ended = *x.length_left == 0;
  co_return std::nullopt;
}

/// The next bytes of a body that ends with its last chunk or with the connection.
Task<MaybeFailure> read_unsized(Exchange& x, std::string& out) {
  AnswerParser& parser = *x.parser;
  parser.eager(true);
  parser.body = &out;
  const std::size_t before = out.size();
  for (;;) {
    auto& in = x.wire->in;
    ErrorCode failure;
    if (in.size() > 0) {
      in.consume(parser.put(in.cdata(), failure));
      if (failure && failure != beast::http::error::need_more) co_return not_http(x, failure);
      if (in.size() > longest_chunk_line && !parser.is_done())
        co_return x.failure(Reason::too_large, "a chunk's header is too large");
    }
    x.ended = parser.is_done();
    if (x.ended || out.size() > before) co_return std::nullopt;
    const auto space = in.prepare(read_size);
    const auto read = co_await x.wire->read_some(space);
    in.commit(read.size);
    if (read.failure == asio::error::eof) {
      parser.put_eof(failure);
      x.ended = !failure;
      if (failure) co_return not_http(x, failure);
      co_return std::nullopt;
    }
    if (read.failure) co_return x.broken(read.failure, "reading the answer");
  }
}

/// Appends some decoded bytes to `out`, or ends. Nothing may be appended when a piece decodes to
/// nothing yet.
Task<MaybeFailure> read_piece(Exchange& x, std::string& out, std::size_t most) {
  const std::size_t limit = x.request.answer_bytes - x.body_bytes;
  const std::size_t before = out.size();
  std::string encoded;
  const ErasedIfSecret erased{x.request, encoded};
  std::string& target = x.decoder ? encoded : out;
  MaybeFailure failure;
  if (x.length_left)
    failure = co_await read_sized(x, target, most);
  else
    failure = co_await read_unsized(x, target);
  if (failure) co_return failure;
  if (x.decoder && !encoded.empty()) {
    const auto status = x.decoder->write(encoded, out, limit);
    if (status == Decoder::Status::malformed)
      co_return x.failure(Reason::broken, "the answer's content encoding is malformed");
    if (status == Decoder::Status::too_large)
      co_return x.failure(Reason::too_large, "the answer is larger than allowed when decoded");
  }
  if (x.ended && x.decoder && !x.decoder->complete())
    co_return x.failure(Reason::broken, "the answer's encoded content was cut short");
  if (out.size() - before > limit)
    co_return x.failure(Reason::too_large, "the answer is larger than allowed");
  x.body_bytes += out.size() - before;
  co_return std::nullopt;
}

/// Gives the connection back, if another request can follow on it.
void finish(Exchange& x) {
  std::unique_ptr<Wire> wire = std::move(x.wire);
  x.use(nullptr);
  const auto& options = x.parts->options;
  if (x.parser->keep_alive() && wire->in.size() == 0)
    x.loop.keep(x.key, std::move(wire), options.kept_per_host, options.keep_idle);
}

/// Makes room for a body, and takes what of one of known length came together with its head.
void begin_whole_body(Exchange& x, std::string& body) {
  const bool sized = x.length_left && !x.decoder;
  const auto length = static_cast<std::size_t>(sized ? *x.length_left : 0);
  const std::size_t expected = x.request.secret_answer ? x.request.answer_bytes + most_unread
                                                       : std::min(length, first_body_space);
  body.reserve(expected + json_padding);
  if (sized) x.body_bytes = take_received(x, body, body.capacity() - json_padding);
}

Task<MaybeFailure> read_whole_body(Exchange& x, std::string& body) {
  while (!x.ended) {
    // What is expected and fits into the space there is; then twice as much each time.
    const std::size_t room =
        body.capacity() - std::min(body.capacity(), body.size() + json_padding);
    const std::size_t most = std::max({room, body.size(), read_size});
    if (auto failure = co_await read_piece(x, body, most)) co_return failure;
  }
  if (body.capacity() < body.size() + json_padding) body.reserve(body.size() + json_padding);
  co_return std::nullopt;
}

// ---- the two ways to ask -----------------------------------------------------------------------

ClientLoop& loop_of(const asio::any_io_executor& executor) {
  return asio::use_service<ClientLoop>(asio::query(executor, asio::execution::context));
}

Task<Result<Answer, SendFailure>> send_whole(std::shared_ptr<Parts> parts,
                                             const OutboundRequest& request, Deadline deadline) {
  ClientLoop& loop = loop_of(co_await asio::this_coro::executor);
  Exchange x(std::move(parts), loop, request, deadline);
  Answer answer;
  const ErasedIfSecret erased{request, answer.body};
  if (auto failure = co_await begin(x, Use::whole)) co_return *std::move(failure);
  begin_whole_body(x, answer.body);
  if (!x.ended)
    if (auto failure = co_await read_whole_body(x, answer.body)) co_return *std::move(failure);
  answer.status = x.parser->status;
  answer.headers = std::move(x.parser->headers);
  finish(x);
  co_return std::move(answer);
}

/// An exchange that goes on after the caller's request is gone.
struct StreamedExchange {
  StreamedExchange(std::shared_ptr<Parts> parts, ClientLoop& loop, OutboundRequest given,
                   Deadline deadline)
      : request(std::move(given)), exchange(std::move(parts), loop, request, deadline) {}

  OutboundRequest request;
  const WipedAtTheEnd wiped{request};
  Exchange exchange;
};

/// The body of an answer that is read piece by piece.
Task<std::string> next_piece(std::shared_ptr<Exchange> x) {
  std::string piece;
  if (!x->wire) co_return piece;
  x->watch.wire = x->wire.get();
  MaybeFailure failure;
  while (!failure && !x->ended && piece.empty())
    failure = x->deadline.passed()
                  ? x->failure(Reason::timed_out, "no answer in time while reading the answer")
                  : co_await read_piece(*x, piece, read_size);
  x->watch.wire = nullptr;
  if (failure) {
    x->use(nullptr);
    throw Failure(to_error(*std::move(failure)));
  }
  if (x->ended) finish(*x);
  co_return piece;
}

Task<Result<StreamedAnswer, SendFailure>> open_stream(std::shared_ptr<Parts> parts,
                                                      OutboundRequest request, Deadline deadline) {
  ClientLoop& loop = loop_of(co_await asio::this_coro::executor);
  const auto kept =
      std::make_shared<StreamedExchange>(std::move(parts), loop, std::move(request), deadline);
  const std::shared_ptr<Exchange> x(kept, &kept->exchange);
  if (auto failure = co_await begin(*x, Use::stream)) co_return *std::move(failure);
  x->watch.wire = nullptr;
  StreamedAnswer answer{x->parser->status, std::move(x->parser->headers), {}};
  if (x->ended) finish(*x);
  answer.body = [x] { return next_piece(x); };
  co_return std::move(answer);
}

ErrorKind kind_of(Reason reason) {
  switch (reason) {
    case Reason::invalid_request:
      return ErrorKind::invalid_input;
    case Reason::denied:
      return ErrorKind::forbidden;
    case Reason::timed_out:
      return ErrorKind::timed_out;
    case Reason::too_large:
      return ErrorKind::too_large;
    case Reason::resolve:
    case Reason::connect:
    case Reason::tls:
    case Reason::broken:
      break;
  }
  return ErrorKind::upstream_unreachable;
}

}  // namespace

void wipe(Headers& headers) {
  for (Header& field : headers) OPENSSL_cleanse(field.value.data(), field.value.size());
}

void wipe(Url& url) { OPENSSL_cleanse(url.target.data(), url.target.size()); }

void wipe(OutboundRequest& request) {
  wipe(request.headers);
  wipe(request.url);
  OPENSSL_cleanse(request.body.data(), request.body.size());
}

Error to_error(SendFailure failure) {
  return Error{kind_of(failure.reason), std::move(failure.message)};
}

struct HttpClient::Impl : Parts {
  using Parts::Parts;
};

HttpClient::HttpClient(Options options) : impl_(std::make_shared<Impl>(std::move(options))) {}
HttpClient::~HttpClient() = default;

Task<Result<Answer, SendFailure>> HttpClient::send(const OutboundRequest& request,
                                                   Deadline deadline) {
  return send_whole(impl_, request, deadline);
}

Task<Result<StreamedAnswer, SendFailure>> HttpClient::open(OutboundRequest request,
                                                           Deadline deadline) {
  return open_stream(impl_, std::move(request), deadline);
}

}  // namespace fairlead::net

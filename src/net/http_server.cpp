#include "net/http_server.hpp"

#include "base/log.hpp"
#include "net/listening.hpp"
#include "net/message_parser.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/status.hpp>

#include <array>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <cstring>
#include <ctime>
#include <list>
#include <mutex>
#include <poll.h>
#include <unordered_map>

namespace fairlead::net {
namespace {

using asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr auto no_throw = asio::as_tuple(asio::deferred);

constexpr std::size_t longest_target = 8 * 1024;
constexpr std::size_t longest_request_line = longest_target + 256;
constexpr std::size_t most_fields = 100;
constexpr std::size_t read_size = 4 * 1024;
constexpr std::size_t body_read_size = 64 * 1024;
/// A body must arrive with `least_body_rate` bytes a second once it has taken `body_grace`.
constexpr std::size_t least_body_rate = 1024;
constexpr auto body_grace = std::chrono::seconds(5);
/// After a refusal we read on for a moment, so that the answer is not lost to a reset.
constexpr auto linger_time = std::chrono::seconds(2);
constexpr auto longest_tick = milliseconds(250);

/// What all loops share.
struct Shared {
  HttpServer::Options options;
  HttpServer::Handler handler;

  std::mutex mutex;  // taken when a connection comes and goes, never per request
  std::condition_variable one_left;
  std::size_t connections = 0;
  std::size_t accepting = 0;  ///< loops from which connections may still come
  std::unordered_map<std::string, std::size_t> per_address;

  bool admit(const std::string& address) {
    const std::lock_guard lock(mutex);
    std::size_t& here = per_address[address];
    if (connections >= options.max_connections || here >= options.max_connections_per_address) {
      if (here == 0) per_address.erase(address);
      return false;
    }
    ++connections;
    ++here;
    return true;
  }
  void leave(const std::string& address) {
    const std::lock_guard lock(mutex);
    --connections;
    const auto here = per_address.find(address);
    if (--here->second == 0) per_address.erase(here);
    one_left.notify_all();
  }
  void note_stopped_accepting() {
    const std::lock_guard lock(mutex);
    --accepting;
    one_left.notify_all();
  }
};

struct Loop;

/// One client. Lives as long as its coroutine.
struct Connection : std::enable_shared_from_this<Connection> {
  /// What the coroutine is waiting for; the loop's tick acts on it.
  enum class Phase { idle, head, body, handling, writing, lingering };

  Connection(std::shared_ptr<Loop> owner, tcp::socket client, std::string address);
  ~Connection();
  Connection(const Connection&) = delete;

  void enter(Phase next, Steady::duration limit) {
    phase = next;
    since = Steady::now();
    deadline = since + limit;
  }
  void wait_for_handler(Steady::time_point limit) {
    phase = Phase::handling;
    since = Steady::now();
    deadline = limit;
  }

  std::shared_ptr<Loop> loop;
  tcp::socket socket;
  std::string peer;
  beast::flat_buffer in;
  std::string out;
  asio::cancellation_signal cancel_handler;

  Phase phase = Phase::idle;
  Steady::time_point since, deadline;
  std::size_t received = 0;  ///< of the body
  bool expired = false;      ///< the tick ended the wait
  bool gone = false;         ///< the client went away while the handler ran
  bool cancelled = false;    ///< the tick cancelled the handler
  std::list<Connection*>::iterator place;
};

/// What one event loop has of the server. Used on that loop only.
struct Loop : std::enable_shared_from_this<Loop> {
  Loop(std::shared_ptr<Shared> shared_parts, asio::io_context& its_context)
      : shared(std::move(shared_parts)),
        context(its_context),
        acceptor(its_context),
        tick_timer(its_context) {}

  void start();
  void stop_accepting();
  void close_idle();
  void abandon_all();
  void tick();
  void schedule_tick();
  void admit(tcp::socket socket);

  std::shared_ptr<Shared> shared;
  asio::io_context& context;
  tcp::acceptor acceptor;
  asio::steady_timer tick_timer;
  std::list<Connection*> connections;
  std::string date;
  std::time_t date_second = 0;
  bool accepting = false;
  bool draining = false;
  bool abandoned = false;
};

Connection::Connection(std::shared_ptr<Loop> owner, tcp::socket client, std::string address)
    : loop(std::move(owner)), socket(std::move(client)), peer(std::move(address)) {
  place = loop->connections.insert(loop->connections.end(), this);
  enter(Phase::idle, loop->shared->options.header_time);
}

Connection::~Connection() {
  loop->connections.erase(place);
  loop->shared->leave(peer);
}

// ---- reading -----------------------------------------------------------------------------------

/// Reads what is there, at most `most` bytes. Nothing when the connection ended or the time is up.
Task<std::size_t> read_some(Connection& c, std::size_t most) {
  const auto space = c.in.prepare(most);
  const auto [failure, size] = co_await c.socket.async_read_some(space, no_throw);
  if (failure) co_return 0;
  c.in.commit(size);
  co_return size;
}

std::string_view unread(const Connection& c) {
  const auto bytes = c.in.cdata();
  return {static_cast<const char*>(bytes.data()), bytes.size()};
}

/// Finds the end of a head and refuses what proxies read in different ways: lines that end in a
/// bare LF, and folded fields. (Beast refuses the rest, such as a blank before the colon.)
struct HeadScan {
  enum class State { incomplete, complete, malformed };
  std::size_t next = 0;  ///< where the first line begins that was not seen whole
  std::size_t lines = 0;

  State look_at(std::string_view bytes) {
    for (;;) {
      const auto* start = bytes.data() + next;
      const auto* end = static_cast<const char*>(memchr(start, '\n', bytes.size() - next));
      if (!end) return State::incomplete;
      if (end == start || end[-1] != '\r') return State::malformed;
      if (lines > 0 && (*start == ' ' || *start == '\t')) return State::malformed;
      next = static_cast<std::size_t>(end - bytes.data()) + 1;
      ++lines;
      if (end == start + 1) return State::complete;
    }
  }
};

/// How reading a request ended: a request, the end of the connection, or a status to refuse with.
struct Outcome {
  enum class Kind { request, closed, refused } kind;
  int status = 0;
  std::string reason = {};
};
Outcome refused(int status, std::string reason) {
  return {Outcome::Kind::refused, status, std::move(reason)};
}
Outcome too_large(std::size_t body_limit) {
  return refused(413, "the body is larger than " + std::to_string(body_limit) + " bytes");
}
const Outcome closed{Outcome::Kind::closed};
const Outcome complete{Outcome::Kind::request};

using RequestParser = MessageParser<true>;

Outcome refusal_of(ErrorCode failure, std::size_t body_limit) {
  using beast::http::error;
  if (failure == error::header_limit) return refused(431, "too many header fields");
  if (failure == error::body_limit) return too_large(body_limit);
  if (failure == error::bad_version) return refused(505, "HTTP/1.1 is spoken here");
  return refused(400, "malformed HTTP request");
}

/// The path and query of an absolute URL ("GET http://host/path"), which RFC 9112 has us accept
/// and whose authority stands for Host.
void make_origin_form(RequestParser& parser) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!std::string_view(parser.target).starts_with(scheme)) continue;
    const auto begin =
        std::min(parser.target.find_first_of("/?", scheme.size()), parser.target.size());
    parser.headers.set("Host", parser.target.substr(scheme.size(), begin - scheme.size()));
    parser.target.erase(0, begin);
    if (!parser.target.starts_with('/')) parser.target.insert(0, "/");
  }
}

Outcome check_head(RequestParser& parser, std::size_t body_limit) {
  if (parser.target.size() > longest_target) return refused(414, "the target is longer than 8 KiB");
  const std::size_t hosts = parser.headers.count("Host");
  if (hosts > 1 || (hosts == 0 && parser.version >= 11))
    return refused(400, "exactly one Host header is needed");
  make_origin_form(parser);
  const bool whole_server = parser.target == "*" && parser.method == "OPTIONS";
  if (!parser.target.starts_with('/') && !whole_server)
    return refused(400, "the target must begin with /");
  if (parser.target.find('#') != std::string::npos)
    return refused(400, "the target must not have a fragment");
  if (parser.content_length().value_or(0) > body_limit) return too_large(body_limit);
  return complete;
}

/// Waits for a head and reads it into `parser`.
Task<Outcome> read_head(Connection& c, RequestParser& parser) {
  const auto& options = c.loop->shared->options;
  HeadScan scan;
  for (;;) {
    while (scan.lines == 0 && unread(c).starts_with("\r\n")) c.in.consume(2);
    const auto bytes = unread(c);
    if (!bytes.empty()) {
      const auto state = scan.look_at(bytes);
      if (state == HeadScan::State::malformed) co_return refused(400, "malformed HTTP header");
      if (scan.lines == 0 && bytes.size() > longest_request_line)
        co_return refused(414, "the target is longer than 8 KiB");
      const auto line = scan.lines == 0 ? bytes.size() : bytes.find('\n');
      if (std::min(bytes.size(), state == HeadScan::State::complete ? scan.next : bytes.size()) -
              line >
          options.header_bytes)
        co_return refused(431, "the header is too large");
      if (state == HeadScan::State::complete) break;
      if (c.phase == Connection::Phase::idle) c.enter(Connection::Phase::head, options.header_time);
    } else if (c.loop->draining) {
      co_return closed;
    }
    if (co_await read_some(c, read_size) > 0) continue;
    if (c.expired && c.phase == Connection::Phase::head)
      co_return refused(408, "the header took too long");
    co_return closed;
  }
  ErrorCode failure;
  const auto used = parser.put(asio::const_buffer(unread(c).data(), scan.next), failure);
  if (failure) co_return refusal_of(failure, options.body_bytes);
  c.in.consume(used);
  co_return check_head(parser, options.body_bytes);
}

/// What of a body was received together with the head.
void take_begun_body(Connection& c, std::size_t length, std::string& body) {
  const auto begun = unread(c).substr(0, length);
  body.reserve(std::min(length, std::max(begun.size(), body_read_size)));
  body.append(begun);
  c.in.consume(begun.size());
}

/// A body whose length is known is received where it stays.
Task<bool> read_sized_body(Connection& c, std::size_t length, std::string& body) {
  while (body.size() < length) {
    const std::size_t have = body.size();
    body.resize(std::min(length, std::max(have * 2, body_read_size)));
    const auto space = asio::buffer(body.data() + have, body.size() - have);
    const auto [failure, size] = co_await c.socket.async_read_some(space, no_throw);
    body.resize(have + size);
    c.received = body.size();
    if (failure) co_return false;
  }
  co_return true;
}

Task<Outcome> read_chunked_body(Connection& c, RequestParser& parser, std::string& body) {
  const auto& options = c.loop->shared->options;
  const std::size_t longest_line = options.header_bytes;
  parser.body = &body;
  parser.body_limit(options.body_bytes);
  parser.eager(true);
  while (!parser.is_done()) {
    if (c.in.size() > 0) {
      ErrorCode failure;
      c.in.consume(parser.put(c.in.cdata(), failure));
      if (failure && failure != beast::http::error::need_more)
        co_return refusal_of(failure, options.body_bytes);
      if (parser.is_done()) break;
      if (c.in.size() > longest_line) co_return refused(400, "malformed chunk");
    }
    if (co_await read_some(c, 4 * read_size) == 0) co_return closed;
    c.received = body.size() + c.in.size();
  }
  co_return complete;
}

/// A head, a body and what ends it; each may be empty.
using Parts = std::array<asio::const_buffer, 3>;
Task<bool> write_all(Connection& c, Parts parts);

Task<Outcome> read_body(Connection& c, RequestParser& parser, std::string& body) {
  const auto& options = c.loop->shared->options;
  const std::string* expectation = parser.headers.find("Expect");
  if (expectation && parser.version >= 11) {
    if (!same_header(*expectation, "100-continue")) co_return refused(417, "unknown expectation");
    constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    if (c.in.size() == 0 && !co_await write_all(c, Parts{asio::buffer(go_on)})) co_return closed;
  }
  c.received = c.in.size();
  c.enter(Connection::Phase::body, options.body_time);
  Outcome outcome = complete;
  if (parser.chunked()) {
    outcome = co_await read_chunked_body(c, parser, body);
  } else {
    const auto length = static_cast<std::size_t>(parser.content_length().value_or(0));
    take_begun_body(c, length, body);
    if (body.size() < length && !co_await read_sized_body(c, length, body)) outcome = closed;
  }
  if (outcome.kind == Outcome::Kind::closed && c.expired)
    co_return refused(408, "the body took too long");
  co_return outcome;
}

// ---- writing -----------------------------------------------------------------------------------

/// Takes `size` bytes off the front; true when nothing is left.
bool take_off(Parts& parts, std::size_t size) {
  for (auto& part : parts) {
    const std::size_t taken = std::min(size, part.size());
    part += taken;
    size -= taken;
  }
  return asio::buffer_size(parts) == 0;
}

/// Writes what the socket takes without waiting; true when that is all. A failure shows when the
/// rest is written.
bool write_now(Connection& c, Parts& parts) {
  ErrorCode failure;
  const std::size_t size = c.socket.write_some(parts, failure);
  return take_off(parts, failure ? 0 : size);
}

/// Waits only for what the socket does not take at once. False when the client is gone or takes
/// nothing for the idle time.
Task<bool> write_all(Connection& c, Parts parts) {
  while (!write_now(c, parts)) {
    c.enter(Connection::Phase::writing, c.loop->shared->options.idle_time);
    const auto [failure, size] = co_await c.socket.async_write_some(parts, no_throw);
    if (failure) co_return false;
    if (take_off(parts, size)) break;
  }
  co_return true;
}

void append_number(std::string& out, std::size_t number, int base = 10) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
  out.append(digits.data(), end);
}

bool is_ours(std::string_view name) {
  return same_header(name, "Content-Length") || same_header(name, "Date") ||
         same_header(name, "Connection") || same_header(name, "Transfer-Encoding");
}

/// A handler that answers what HTTP cannot carry has a bug; the client learns that, not the text.
bool can_be_sent(const Response& response) {
  return response.status >= 200 && response.status <= 599 &&
         std::all_of(response.headers.begin(), response.headers.end(), [](const Header& field) {
           return is_header_name(field.name) && is_header_value(field.value);
         });
}

enum class Framing { none, sized, chunked, until_close };

/// What the answer depends on in the request.
struct Asked {
  int version = 11;
  bool head = false;
  bool keep_alive = false;
};

void begin_head(Connection& c, const Response& response) {
  const auto status = static_cast<beast::http::status>(response.status);
  const auto reason = beast::http::obsolete_reason(status);
  c.out.assign("HTTP/1.1 ");
  append_number(c.out, static_cast<std::size_t>(response.status));
  c.out.append(" ").append(reason.data(), reason.size()).append("\r\n");
  append_field(c.out, "Date", c.loop->date);
  for (const Header& field : response.headers)
    if (!is_ours(field.name)) append_field(c.out, field.name, field.value);
}

void end_head(Connection& c, const Asked& asked, Framing framing, std::size_t length) {
  if (framing == Framing::sized) {
    c.out.append("Content-Length: ");
    append_number(c.out, length);
    c.out.append("\r\n");
  } else if (framing == Framing::chunked) {
    c.out.append("Transfer-Encoding: chunked\r\n");
  }
  if (!asked.keep_alive)
    c.out.append("Connection: close\r\n");
  else if (asked.version < 11)
    c.out.append("Connection: keep-alive\r\n");
  c.out.append("\r\n");
}

bool has_no_body(int status) { return status == 204 || status == 304; }

Task<bool> write_response(Connection& c, const Response& response, const Asked& asked) {
  begin_head(c, response);
  const bool bodiless = has_no_body(response.status);
  end_head(c, asked, bodiless ? Framing::none : Framing::sized, response.body.size());
  asio::const_buffer body;
  if (!bodiless && !asked.head) body = asio::buffer(response.body);
  Parts parts{asio::buffer(c.out), body};
  co_return write_now(c, parts) || co_await write_all(c, parts);
}

std::optional<std::size_t> announced_length(const Headers& headers) {
  const std::string* text = headers.find("Content-Length");
  std::size_t length = 0;
  if (!text) return std::nullopt;
  const auto [end, failure] = std::from_chars(text->data(), text->data() + text->size(), length);
  if (failure != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return length;
}

/// Nothing when the stream broke off.
Task<std::optional<std::string>> next_piece(Connection& c, const BodyStream& stream) {
  c.wait_for_handler(Steady::time_point::max());
  try {
    co_return co_await stream();
  } catch (const std::exception& failure) {
    if (!c.cancelled) log::warning("http.stream", {{"detail", failure.what()}});
  }
  co_return std::nullopt;
}

/// Answers whether the connection can go on: a body that is shorter or longer than announced ends
/// it, so that the client sees that something is missing.
Task<bool> write_streamed(Connection& c, const Response& response, Asked asked) {
  const auto length = announced_length(response.headers);
  Framing framing = length ? Framing::sized : Framing::chunked;
  if (!length && asked.version < 11) framing = Framing::until_close;
  if (has_no_body(response.status)) framing = Framing::none;
  asked.keep_alive = asked.keep_alive && framing != Framing::until_close;
  begin_head(c, response);
  end_head(c, asked, framing, length.value_or(0));
  const bool head_only = asked.head || framing == Framing::none;
  if (!co_await write_all(c, Parts{asio::buffer(c.out)})) co_return false;
  if (head_only) co_return asked.keep_alive;

  std::size_t left = length.value_or(0);
  for (;;) {
    const auto next = co_await next_piece(c, response.stream);
    if (!next) co_return false;
    const std::string& piece = *next;
    if (piece.empty()) break;
    c.out.clear();
    std::string_view end;
    if (framing == Framing::sized) {
      if (piece.size() > left) co_return false;
      left -= piece.size();
    } else if (framing == Framing::chunked) {
      append_number(c.out, piece.size(), 16);
      c.out.append("\r\n");
      end = "\r\n";
    }
    const Parts parts{asio::buffer(c.out), asio::buffer(piece), asio::buffer(end)};
    if (!co_await write_all(c, parts)) co_return false;
  }
  constexpr std::string_view last_chunk = "0\r\n\r\n";
  if (framing == Framing::chunked && !co_await write_all(c, Parts{asio::buffer(last_chunk)}))
    co_return false;
  co_return framing != Framing::until_close&& left == 0 && asked.keep_alive;
}

Response refusal_response(const HttpServer::Options& options, int status, std::string_view reason) {
  try {
    Response response = options.refusal ? options.refusal(status, reason) : Response{};
    response.status = status;
    if (options.refusal && can_be_sent(response) && !response.stream) return response;
  } catch (const std::exception& failure) {
    log::error("http.refusal", {{"detail", failure.what()}});
  }
  return {status, {{"Content-Type", "text/plain"}}, std::string(reason) + "\n"};
}

/// Takes in what the client still sends, so that closing does not reset the connection before it
/// has read our answer.
Task<void> linger(Connection& c) {
  ErrorCode ignored;
  c.socket.shutdown(tcp::socket::shutdown_send, ignored);
  c.enter(Connection::Phase::lingering, linger_time);
  do c.in.consume(c.in.size());
  while (co_await read_some(c, 4 * read_size) > 0);
}

Task<void> refuse(Connection& c, int status, std::string_view reason) {
  c.expired = false;
  const Response response = refusal_response(c.loop->shared->options, status, reason);
  if (co_await write_response(c, response, Asked{})) co_await linger(c);
}

// ---- one connection ----------------------------------------------------------------------------

/// The handler's answer; nothing when it threw.
Task<std::optional<Response>> handle(Connection& c, Request request) {
  c.wait_for_handler(Steady::now() + c.loop->shared->options.request_time);
  try {
    co_return co_await c.loop->shared->handler(std::move(request));
  } catch (const std::exception& failure) {
    if (!c.cancelled) log::error("http.handler", {{"detail", failure.what()}});
  } catch (...) {
    log::error("http.handler", {{"detail", "not a std::exception"}});
  }
  co_return std::nullopt;
}

/// Reads one request, has it answered. False when the connection is to be closed.
Task<bool> serve_one(Connection& c) {
  const auto& options = c.loop->shared->options;
  const auto longest_head = static_cast<std::uint32_t>(options.header_bytes + 2 * longest_target);
  RequestParser parser(longest_head, most_fields);
  Request request;
  Outcome outcome = co_await read_head(c, parser);
  if (outcome.kind == Outcome::Kind::request && !parser.is_done())
    outcome = co_await read_body(c, parser, request.body);
  if (outcome.kind == Outcome::Kind::refused) co_await refuse(c, outcome.status, outcome.reason);
  if (outcome.kind != Outcome::Kind::request) co_return false;

  Asked asked{parser.version, parser.method == "HEAD", parser.keep_alive()};
  request.method = std::move(parser.method);
  request.target = std::move(parser.target);
  request.headers = std::move(parser.headers);
  request.peer = c.peer;
  const std::optional<Response> response = co_await handle(c, std::move(request));

  if (c.gone) co_return false;
  // Every wait from here on would end at once otherwise.
  if (c.cancelled) co_await asio::this_coro::reset_cancellation_state();
  if (c.cancelled && !response) {
    co_await refuse(c, 503, "the request took too long and was broken off");
    co_return false;
  }
  if (!response || !can_be_sent(*response)) {
    if (response) log::error("http.handler", {{"detail", "an answer that HTTP cannot carry"}});
    co_await refuse(c, 500, "internal error");
    co_return false;
  }
  asked.keep_alive = asked.keep_alive && !c.loop->draining;
  if (response->stream) co_return co_await write_streamed(c, *response, asked);
  co_return co_await write_response(c, *response, asked) && asked.keep_alive;
}

Task<void> serve(std::shared_ptr<Connection> c) {
  while (co_await serve_one(*c))
    c->enter(Connection::Phase::idle, c->loop->shared->options.idle_time);
  ErrorCode ignored;
  c->socket.shutdown(tcp::socket::shutdown_both, ignored);
  c->socket.close(ignored);
}

// ---- one loop ----------------------------------------------------------------------------------

std::string address_text(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  return address.to_string();
}

/// Above a limit of connections there is one answer, if the socket takes it at once, and the end.
void turn_away(tcp::socket& socket, const HttpServer::Options& options) {
  const Response response = refusal_response(options, 503, "too many connections");
  std::string text = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: ";
  append_number(text, response.body.size());
  for (const Header& field : response.headers)
    if (!is_ours(field.name)) text += "\r\n" + field.name + ": " + field.value;
  text += "\r\n\r\n" + response.body;
  ErrorCode ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(text), ignored);
  socket.shutdown(tcp::socket::shutdown_send, ignored);
}

void Loop::admit(tcp::socket socket) {
  ErrorCode failure;
  const auto endpoint = socket.remote_endpoint(failure);
  if (failure) return;  // gone already
  std::string peer = address_text(endpoint);
  if (!shared->admit(peer)) return turn_away(socket, shared->options);
  const auto connection =
      std::make_shared<Connection>(shared_from_this(), std::move(socket), std::move(peer));
  connection->socket.set_option(tcp::no_delay(true), failure);
  connection->socket.non_blocking(true, failure);
  // The end handler keeps the connection, and with it the signal, longer than the coroutine.
  auto at_end = asio::bind_cancellation_slot(connection->cancel_handler.slot(),
                                             [connection](std::exception_ptr) {});
  asio::co_spawn(context, serve(connection), std::move(at_end));
}

Task<void> accept_all(std::shared_ptr<Loop> loop) {
  while (loop->acceptor.is_open()) {
    auto [failure, socket] = co_await loop->acceptor.async_accept(no_throw);
    if (loop->draining) co_return;  // accepted before the acceptor was closed, but told only now
    if (!failure)
      loop->admit(std::move(socket));
    else if (failure != asio::error::operation_aborted)
      co_await sleep_for(milliseconds(100));  // out of descriptors, most likely
  }
}

std::string http_date(std::time_t second) {
  std::tm parts{};
  gmtime_r(&second, &parts);
  std::array<char, 40> text{};
  // Not %a and %b, which follow the locale.
  constexpr std::string_view days = "SunMonTueWedThuFriSat";
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto size = std::snprintf(
      text.data(), text.size(), "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
      days.data() + 3 * parts.tm_wday, parts.tm_mday, months.data() + 3 * parts.tm_mon,
      parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
  return {text.data(), static_cast<std::size_t>(size)};
}

void Loop::start() {
  accepting = true;
  tick();
  asio::co_spawn(context, accept_all(shared_from_this()), asio::detached);
}

/// The one timer of the loop: no request sets a timer of its own.
void Loop::tick() {
  if (abandoned) return;
  const auto now = Steady::now();
  if (const auto second = std::time(nullptr); second != date_second) {
    date_second = second;
    date = http_date(second);
  }
  std::vector<std::shared_ptr<Connection>> late;
  std::vector<pollfd> waiting;
  std::vector<std::shared_ptr<Connection>> waiting_owners;
  for (Connection* c : connections) {
    const bool slow =
        c->phase == Connection::Phase::body && now - c->since > body_grace &&
        c->received <
            least_body_rate * static_cast<std::size_t>((now - c->since) / std::chrono::seconds(1));
    if (now >= c->deadline || slow) {
      late.push_back(c->shared_from_this());
    } else if (c->phase == Connection::Phase::handling) {
      waiting.push_back({c->socket.native_handle(), POLLRDHUP, 0});
      waiting_owners.push_back(c->shared_from_this());
    }
  }
  for (const auto& c : late) {
    c->expired = true;
    if (c->phase == Connection::Phase::handling) {
      c->cancelled = true;
      c->cancel_handler.emit(asio::cancellation_type::terminal);
    } else {
      ErrorCode ignored;
      c->socket.cancel(ignored);
    }
  }
  if (!waiting.empty() && poll(waiting.data(), waiting.size(), 0) > 0)
    for (std::size_t i = 0; i < waiting.size(); ++i)
      if (waiting[i].revents != 0) {
        waiting_owners[i]->gone = waiting_owners[i]->cancelled = true;
        waiting_owners[i]->cancel_handler.emit(asio::cancellation_type::terminal);
      }
  schedule_tick();
}

void Loop::schedule_tick() {
  const auto& options = shared->options;
  const auto shortest =
      std::min({options.header_time, options.body_time, options.idle_time, options.request_time});
  tick_timer.expires_after(std::clamp(shortest / 4, milliseconds(5), longest_tick));
  tick_timer.async_wait([self = shared_from_this()](ErrorCode failure) {
    if (!failure) self->tick();
  });
}

void Loop::stop_accepting() {
  draining = true;
  ErrorCode ignored;
  acceptor.close(ignored);
  if (std::exchange(accepting, false)) shared->note_stopped_accepting();
}

void Loop::close_idle() {
  for (Connection* c : connections)
    if (c->phase == Connection::Phase::idle) {
      ErrorCode ignored;
      c->socket.cancel(ignored);
    }
}

void Loop::abandon_all() {
  abandoned = true;
  tick_timer.cancel();
  std::vector<std::shared_ptr<Connection>> all;
  for (Connection* c : connections) all.push_back(c->shared_from_this());
  for (const auto& c : all) {
    c->gone = c->cancelled = true;
    ErrorCode ignored;
    c->socket.close(ignored);
    c->cancel_handler.emit(asio::cancellation_type::terminal);
  }
}

}  // namespace

struct HttpServer::Impl {
  std::shared_ptr<Shared> shared = std::make_shared<Shared>();
  std::vector<std::shared_ptr<Loop>> loops;
  std::uint16_t port = 0;

  template <class F>
  void on_each_loop(F action) {
    for (const auto& loop : loops) asio::post(loop->context, [loop, action] { action(*loop); });
  }
  bool all_stopped() const {
    return std::all_of(loops.begin(), loops.end(),
                       [](const auto& loop) { return loop->context.stopped(); });
  }
  /// Waits until no connection is left and none can come, the limit has passed, or nothing can
  /// happen any more.
  bool wait_until_left(Steady::time_point limit) {
    std::unique_lock lock(shared->mutex);
    const auto all_left = [this] { return shared->connections == 0 && shared->accepting == 0; };
    while (!all_left() && Steady::now() < limit && !all_stopped())
      shared->one_left.wait_until(lock, std::min(limit, Steady::now() + milliseconds(20)));
    return all_left();
  }
};

HttpServer::HttpServer(Workers& workers, Options options, Handler handler)
    : impl_(std::make_shared<Impl>()) {
  impl_->shared->options = std::move(options);
  impl_->shared->handler = std::move(handler);
  const std::string& address = impl_->shared->options.address;
  impl_->port = free_port(address, impl_->shared->options.port);
  for (std::size_t i = 0; i < workers.size(); ++i) {
    impl_->loops.push_back(std::make_shared<Loop>(impl_->shared, workers.loop(i)));
    listen(impl_->loops.back()->acceptor, address, impl_->port);
  }
}

HttpServer::~HttpServer() { (void)abandon(std::chrono::seconds(10)); }

std::uint16_t HttpServer::port() const noexcept { return impl_->port; }

void HttpServer::start() {
  {
    const std::lock_guard lock(impl_->shared->mutex);
    impl_->shared->accepting = impl_->loops.size();
  }
  impl_->on_each_loop([](Loop& loop) { loop.start(); });
}

bool HttpServer::drain(milliseconds limit) {
  impl_->on_each_loop([](Loop& loop) {
    loop.stop_accepting();
    loop.close_idle();
  });
  return impl_->wait_until_left(Steady::now() + limit);
}

bool HttpServer::abandon(milliseconds limit) {
  impl_->on_each_loop([](Loop& loop) {
    loop.stop_accepting();
    loop.abandon_all();
  });
  return impl_->wait_until_left(Steady::now() + limit);
}

}  // namespace fairlead::net

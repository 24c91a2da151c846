#include "connector/execution.hpp"

#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "base/ids.hpp"
#include "connector/follow.hpp"
#include "connector/other_names.hpp"
#include "connector/pagination.hpp"
#include "connector/retry.hpp"
#include "connector/wire_text.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <random>

namespace fairlead::connector {
namespace {

constexpr std::chrono::seconds whole_call{60}, whole_download{600};
constexpr std::chrono::seconds renewal_margin{60};
constexpr int most_redirects = 3;
constexpr std::size_t refusal_bytes = 256u << 10, envelope_bytes = 1u << 20;
constexpr std::uint64_t download_bytes = 1u << 30;

CallErrorKind kind_of(LookupFailure::Reason reason) {
  switch (reason) {
    case LookupFailure::Reason::entity_not_found:
      return CallErrorKind::entity_not_found;
    case LookupFailure::Reason::action_not_supported:
      return CallErrorKind::action_not_supported;
    case LookupFailure::Reason::unknown_action:
      return CallErrorKind::unknown_action;
  }
  return CallErrorKind::unknown_action;
}

double jitter() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(random);
}

bool is_json_type(const net::Headers& headers) {
  const std::string* const type = headers.find("Content-Type");
  return type != nullptr && type->find("json") != std::string::npos;
}

net::Answer answer_of(int status, net::Headers headers, std::string body) {
  net::Answer answer;
  answer.status = status;
  answer.headers = std::move(headers);
  answer.body = std::move(body);
  return answer;
}

/// A stream whose beginning was read ahead.
struct Resumed {
  std::string head;
  net::BodyStream rest;
};
Task<std::string> next_piece(std::shared_ptr<Resumed> from) {
  if (!from->head.empty()) co_return std::exchange(from->head, {});
  if (!from->rest) co_return std::string();
  auto piece = co_await from->rest();
  co_return piece;
}
net::BodyStream resumed(std::string head, net::BodyStream rest) {
  auto state = std::make_shared<Resumed>(Resumed{std::move(head), std::move(rest)});
  return [state] { return next_piece(state); };
}

/// Reads up to `most` bytes, or to the end (then `rest` is emptied).
Task<std::string> read_up_to(net::BodyStream& rest, std::uint64_t most) {
  std::string bytes;
  while (rest && bytes.size() < most) {
    std::string piece = co_await rest();
    if (piece.empty()) rest = nullptr;
    bytes += piece;
  }
  co_return bytes;
}

/// The query may hold a key, and no address is found relative to it.
net::Url without_query(const net::Url& url) {
  return {url.https, url.host, url.port, url.target.substr(0, url.target.find('?'))};
}

CallError broken_stream(const Failure& failure, int status) {
  const bool late = failure.error().kind == ErrorKind::timed_out;
  return {late ? CallErrorKind::timeout : CallErrorKind::network, failure.error().message, status};
}

}  // namespace

Execution::Execution(net::HttpClient& client, const Call& call, CredentialSource& credentials,
                     EngineOptions options)
    : client_(client),
      call_(call),
      credentials_(credentials),
      options_(std::move(options)),
      definition_(*call.definition),
      params_(call.params) {}

Instant Execution::now() const {
  static const SystemClock system;
  return options_.clock != nullptr ? options_.clock->now() : system.now();
}

Task<Result<Outcome, CallError>> Execution::run() {
  if (auto error = find_operation()) co_return *std::move(error);
  if (auto error = build()) co_return *std::move(error);
  if (definition_.retry.max_attempts <= 0)
    co_return CallError{CallErrorKind::executor, "Exhausted all retry attempts"};
  if (auto error = co_await open()) co_return *std::move(error);
  if (scheme_->kind == AuthScheme::Kind::oauth2)
    if (auto error = co_await ensure_token()) co_return without_secrets(*std::move(error));
  auto outcome = Result<Outcome, CallError>(CallError{});
  if (operation_->action == Action::download) {
    outcome = co_await download();
  } else {
    auto reply = co_await send_operation(Reading::whole);
    outcome = reply ? read(*std::move(reply)) : Result<Outcome, CallError>(reply.error());
  }
  if (!outcome) co_return without_secrets(std::move(outcome).error());
  outcome->attempts = attempts_;
  co_return outcome;
}

// Before anything is opened.

Execution::Check Execution::find_operation() {
  const auto found = definition_.find(call_.entity, call_.action);
  if (!found) return CallError{kind_of(found.error().reason), found.error().message};
  operation_ = *found;
  take_other_names(*operation_, params_);
  if (auto error = place_cursor()) return error;
  if (operation_->action != Action::download) return std::nullopt;
  auto chunk = read_chunk_request(params_);
  if (!chunk) return std::move(chunk).error();
  chunk_ = *std::move(chunk);
  if (!operation_->file_url) return std::nullopt;
  // What the second step lacks is known before the first.
  auto path = file_url_path(*operation_, params_);
  if (!path) return std::move(path).error();
  return std::nullopt;
}

Execution::Check Execution::place_cursor() {
  if (!call_.cursor) return std::nullopt;
  auto address = connector::place_cursor(*operation_, *call_.cursor, params_);
  if (!address) return std::move(address).error();
  address_ = *std::move(address);
  return std::nullopt;
}

Execution::Check Execution::build() {
  auto draft = build_request(definition_, *operation_, params_, call_.config,
                             opened_.tokens.extracted, now());
  if (!draft) return std::move(draft).error();
  draft_ = *std::move(draft);
  add_idempotency_key();
  return address_ && !draft_.base_url.empty() ? continue_at(*address_) : std::nullopt;
}

Execution::Check Execution::continue_at(const std::string& address) {
  const auto own = net::Url::parse(draft_.base_url + draft_.path);
  const auto next = own ? net::Url::parse(own->origin() + address) : own;
  if (!next || !may_continue_at(*operation_, *own, *next))
    return CallError{CallErrorKind::invalid_parameter,
                     "The cursor is none that this action has given out", 0, "cursor"};
  const auto mark = std::min(next->target.find('?'), next->target.size());
  draft_.base_url = next->origin();
  draft_.path = next->target.substr(0, mark);
  draft_.query = next->target.substr(std::min(mark + 1, next->target.size()));
  return std::nullopt;
}

void Execution::add_idempotency_key() {
  const std::string& header = operation_->idempotency_header;
  if (header.empty()) return;
  keyed_ = true;
  if (draft_.headers.find(header) != nullptr) return;  // the caller's own
  if (idempotency_key_.empty())
    idempotency_key_ = call_.idempotency_seed.empty()
                           ? random_uuid()
                           : to_hex(bytes_of(sha256(call_.idempotency_seed)));
  draft_.headers.set(header, idempotency_key_);
}

// Credentials.

Task<Execution::Check> Execution::open() {
  opened_ = co_await credentials_.open();
  const auto scheme = choose_scheme(definition_, call_.auth_scheme, opened_.fields);
  if (!scheme) co_return scheme.error();
  scheme_ = *scheme;
  if (!opened_.tokens.extracted.empty()) co_return build();
  co_return std::nullopt;
}

bool Execution::has_access_token() const {
  const auto parameters = auth_parameters(*scheme_, opened_.fields, opened_.tokens);
  if (!parameters) return false;
  const auto found = parameters->find("access_token");
  return found != parameters->end() && !found->second.empty();
}

bool Execution::renewal_is_due() const {
  const auto& expires_at = opened_.tokens.expires_at;
  return expires_at && now() + renewal_margin >= *expires_at;
}

Task<Execution::Check> Execution::ensure_token() {
  const auto parameters = auth_parameters(*scheme_, opened_.fields, opened_.tokens);
  if (!parameters) co_return parameters.error();
  const bool missing = !has_access_token();
  const bool renewable = can_renew(*scheme_, opened_.fields, opened_.tokens);
  if (missing && !renewable)
    co_return CallError{CallErrorKind::authentication,
                        fmt::format("Authentication failed: the credentials give no access_token, "
                                    "and nothing to get one with (scheme {})",
                                    scheme_->name)};
  if (!missing && !(renewable && renewal_is_due())) co_return std::nullopt;
  auto failed = co_await renew_token();
  if (!failed) co_return std::nullopt;
  // A token that still lasts is used; the next call tries again.
  if (!missing && opened_.tokens.expires_at > now()) co_return std::nullopt;
  // The endpoint's status is in the message; the service itself has not been asked.
  co_return CallError{
      CallErrorKind::authentication,
      "Failed to obtain access_token via token refresh: " + std::move(failed->message)};
}

Task<std::optional<RenewalFailure>> Execution::renew_token() {
  renewed_ = true;
  const Secret seen = opened_.tokens.access_token.duplicate();
  const auto renewal = [this](const CredentialSource::Opened& held) {
    return renew(client_, definition_, *scheme_, held.fields, held.tokens, call_.config,
                 options_.pool, options_.connect_to, now(), call_.deadline);
  };
  auto tokens = co_await credentials_.renew(seen, renewal);
  if (!tokens) co_return std::move(tokens).error();
  opened_.tokens = *std::move(tokens);
  if (!opened_.tokens.extracted.empty())
    if (auto error = build()) co_return RenewalFailure{false, std::move(error->message), 0};
  co_return std::nullopt;
}

Result<net::OutboundRequest, CallError> Execution::outbound(RequestDraft draft) const {
  if (draft.base_url.empty()) {
    auto base = render_base_url(definition_, call_.config, opened_.tokens.extracted);
    if (!base) return std::move(base).error();
  }
  std::string address = draft.url();
  auto url = net::Url::parse(address);
  OPENSSL_cleanse(address.data(), address.size());  // a key may stand in the query
  OPENSSL_cleanse(draft.query.data(), draft.query.size());
  if (!url)
    return CallError{CallErrorKind::invalid_parameter,
                     "The request's address is not valid: " + url.error().message};
  net::OutboundRequest request;
  request.method = draft.method;
  request.url = *std::move(url);
  request.headers = std::move(draft.headers);  // no copy of credentials stays behind
  if (draft.body) request.body = *std::move(draft.body);
  request.connection =
      operation_->effect == Effect::unsafe ? net::Connection::fresh : net::Connection::may_reuse;
  request.pool = options_.pool;
  request.connect_to = options_.connect_to;
  return request;
}

Result<net::OutboundRequest, CallError> Execution::authorized(RequestDraft draft) {
  const auto parameters = auth_parameters(*scheme_, opened_.fields, opened_.tokens);
  if (!parameters) return parameters.error();
  auto used = authorize(*scheme_, *parameters, opened_.fields, draft, now());
  if (!used) return std::move(used).error();
  for (Secret& secret : *used) used_.push_back(std::move(secret));
  return outbound(std::move(draft));
}

// Sending.

Task<Execution::Replied> Execution::send_operation(Reading reading) {
  auto request = authorized(draft_);
  if (!request) co_return std::move(request).error();
  auto reply = co_await send_following(*std::move(request), reading);
  if (!reply || reply->status != 401 || renewed_ ||
      !can_renew(*scheme_, opened_.fields, opened_.tokens))
    co_return reply;
  auto failed = co_await renew_token();
  if (failed) co_return reply;  // the service's own 401 says more
  auto again = authorized(draft_);
  if (!again) co_return std::move(again).error();
  auto second = co_await send_following(*std::move(again), reading);
  co_return second;
}

Task<Execution::Replied> Execution::send_following(net::OutboundRequest request, Reading reading) {
  const net::WipedAtTheEnd wiped{request};
  for (int hops = 0;; ++hops) {
    auto reply = co_await send_retrying(request, reading);
    if (!reply) co_return reply;
    if (!is_redirect(reply->status) || reply->headers.find("Location") == nullptr) co_return reply;
    if (auto error = follow_redirect(*reply, hops, request)) co_return *std::move(error);
  }
}

Execution::Check Execution::follow_redirect(const Reply& reply, int hops,
                                            net::OutboundRequest& request) const {
  const auto refuse = [&](CallErrorKind kind, std::string_view why) {
    return CallError{kind, fmt::format("The service redirects to another address, {}", why),
                     reply.status};
  };
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (!reads)
    return refuse(CallErrorKind::http_status,
                  fmt::format("which is not followed for {}", request.method));
  if (hops >= most_redirects)
    return refuse(CallErrorKind::http_client, "for the fourth time in a row");
  auto target = resolve(request.url, *reply.headers.find("Location"));
  if (!target) return refuse(CallErrorKind::http_client, "which is not valid");
  if (request.url.https && !target->https)
    return refuse(CallErrorKind::http_client, "which is not https");
  if (!is_download_host(*target))
    return refuse(CallErrorKind::http_client,
                  "whose host is not among the download hosts of the definition");
  if (!target->same_origin(request.url)) {
    // Another origin sees nothing of the credentials, and nothing of them comes back later.
    net::Headers plain;
    for (const net::Header& header : draft_.headers)
      if (same_word(header.name, "Accept") || same_word(header.name, "Range"))
        plain.add(header.name, header.value);
    if (const auto* const range = request.headers.find("Range")) plain.set("Range", *range);
    net::wipe(request.headers);
    request.headers = std::move(plain);
  }
  net::wipe(request.url);
  request.url = *std::move(target);
  return std::nullopt;
}

Task<Execution::Replied> Execution::send_retrying(const net::OutboundRequest& request,
                                                  Reading reading) {
  for (int tries = 1;; ++tries) {
    if (call_.deadline.passed())
      co_return CallError{CallErrorKind::timeout, "The call's time is over"};
    if (auto error = co_await await_turn(tries == 1)) co_return *std::move(error);
    ++attempts_;
    auto reply = co_await send_once(request, reading);
    if (reply && reply->status < 400) co_return *std::move(reply);
    FailedTry failed;
    if (reply) {
      failed.status = reply->status;
      failed.retry_after = retry_after_seconds(definition_.retry, reply->headers, now());
    } else {
      failed.failure = reply.error().reason;
      failed.sent = reply.error().sent;
    }
    const bool repeatable = keyed_ && operation_->effect == Effect::unsafe;
    const Effect effect = repeatable ? Effect::idempotent : operation_->effect;
    const auto wait = next_try(definition_.retry, effect, failed, tries);
    const bool again = wait && co_await pause(*wait);
    if (again) continue;
    if (reply) co_return *std::move(reply);
    co_return send_error(std::move(reply).error());
  }
}

Task<Execution::Check> Execution::await_turn(bool first_try) {
  if (options_.rates == nullptr) co_return std::nullopt;
  if (definition_.rate_limit) {
    const RateLimit limit = *definition_.rate_limit;
    if (auto error = co_await await_turn(options_.rate_key, limit, first_try)) co_return error;
  }
  if (!operation_->rate_limit) co_return std::nullopt;
  const RateLimit limit = *operation_->rate_limit;
  const std::string key =
      fmt::format("{}\n{}\n{}", options_.rate_key, operation_->entity, name_of(operation_->action));
  auto error = co_await await_turn(key, limit, first_try);
  co_return error;
}

Task<Execution::Check> Execution::await_turn(std::string key, RateLimit limit, bool first_try) {
  const auto left = call_.deadline.within(whole_call).remaining();
  // A retry has waited already, and what it repeats may have had its effect.
  const auto most =
      first_try ? std::min<RateLimits::Steady::duration>(left, RateLimits::longest_wait) : left;
  const auto turn = options_.rates->take(key, limit, most);
  if (!turn.granted) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(turn.wait).count();
    CallError error{CallErrorKind::rate_limit,
                    fmt::format("The rate limit of {} is used up; try again in {} s",
                                definition_.name, seconds)};
    error.retry_after = std::chrono::seconds(seconds);
    co_return error;
  }
  if (turn.wait > RateLimits::Steady::duration::zero()) co_await sleep_for(turn.wait);
  co_return std::nullopt;
}

Task<bool> Execution::pause(Wait wait) {
  if (options_.on_wait) {
    options_.on_wait(wait);
    co_return true;
  }
  double seconds = wait.seconds;
  if (wait.kind == Wait::Kind::backoff && definition_.retry.jitter) seconds *= jitter();
  const auto span = std::chrono::duration_cast<std::chrono::steady_clock::duration>(
      std::chrono::duration<double>(seconds));
  if (span >= call_.deadline.within(whole_call).remaining()) co_return false;
  co_await sleep_for(span);
  co_return true;
}

Task<Result<Execution::Reply, net::SendFailure>> Execution::send_once(
    const net::OutboundRequest& request, Reading reading) {
  net::Url url = without_query(request.url);
  if (reading == Reading::whole) {
    const Deadline limit = call_.deadline.within(whole_call);
    auto answer = co_await client_.send(request, limit);
    if (!answer) co_return std::move(answer).error();
    co_return Reply{
        answer->status, std::move(answer->headers), std::move(answer->body), {}, std::move(url)};
  }
  net::OutboundRequest download = request;
  download.answer_bytes = download_bytes;
  const Deadline limit = call_.deadline.within(whole_download);
  auto answer = co_await client_.open(std::move(download), limit);
  if (!answer) co_return std::move(answer).error();
  Reply reply{
      answer->status, std::move(answer->headers), {}, std::move(answer->body), std::move(url)};
  if (reply.status < 300) co_return reply;
  try {
    reply.body = co_await read_up_to(reply.stream, refusal_bytes);
  } catch (const Failure&) {
    reply.body.clear();  // the status is what counts
  }
  reply.stream = nullptr;
  co_return reply;
}

CallError Execution::send_error(net::SendFailure failure) const {
  using Reason = net::SendFailure::Reason;
  CallError error{CallErrorKind::network, std::move(failure.message)};
  if (failure.reason == Reason::timed_out) error.kind = CallErrorKind::timeout;
  if (failure.reason == Reason::too_large || failure.reason == Reason::invalid_request)
    error.kind = CallErrorKind::http_client;
  error.denied = failure.reason == Reason::denied;
  error.outcome_unknown = failure.sent && operation_->effect != Effect::read;
  return error;
}

// Reading.

CallError Execution::refusal(Reply reply) const {
  const auto answer = answer_of(reply.status, std::move(reply.headers), std::move(reply.body));
  return read_refusal(definition_, answer, now());
}

Result<Outcome, CallError> Execution::read(Reply reply) {
  if (reply.status >= 400) return refusal(std::move(reply));
  json::object config;  // only expressions read it
  if (operation_->filter || !operation_->transform.empty())
    config = effective_config(definition_, call_.config, opened_.tokens.extracted);
  ReadOptions options;
  options.config = &config;
  options.select_fields = &call_.select_fields;
  options.exclude_fields = &call_.exclude_fields;
  options.truncate = call_.truncate && operation_->action == Action::list;
  options.now = now();
  options.params = &params_;
  std::optional<net::Url> request;  // only next pages that are URLs are compared with it
  if (!operation_->paging.addresses.empty())
    if (auto url = net::Url::parse(draft_.url())) request = *std::move(url);
  options.request = request ? &*request : nullptr;
  const auto answer = answer_of(reply.status, std::move(reply.headers), std::move(reply.body));
  auto outcome = read_answer(definition_, *operation_, answer, options);
  const bool key_in_query = scheme_->kind == AuthScheme::Kind::api_key &&
                            scheme_->key_place == AuthScheme::KeyPlace::query;
  if (outcome && outcome->page && outcome->page->end_cursor && key_in_query)
    outcome->page->end_cursor = without_query(*outcome->page->end_cursor, scheme_->key_name);
  return outcome;
}

bool Execution::is_download_host(const net::Url& url) const {
  if (operation_->download_hosts.empty()) return true;
  const auto base = net::Url::parse(draft_.base_url);
  return (base && base->same_origin(url)) || is_allowed_host(operation_->download_hosts, url.host);
}

CallError Execution::without_secrets(CallError error) const {
  error.message = masked(std::move(error.message), used_);
  error.message = masked(std::move(error.message), all_secrets(opened_.fields, opened_.tokens));
  return error;
}

// Downloads.

Task<Result<Outcome, CallError>> Execution::download() {
  const bool two_steps = operation_->file_url.has_value();
  auto reply = co_await send_operation(two_steps ? Reading::whole : Reading::streamed);
  if (!reply) co_return std::move(reply).error();
  if (two_steps && reply->status < 400) {
    reply = co_await fetch_file(*std::move(reply));
    if (!reply) co_return std::move(reply).error();
  }
  if (reply->status >= 400) co_return refusal(*std::move(reply));
  if (!two_steps)
    if (auto error = co_await check_envelope(*reply)) co_return *std::move(error);
  auto outcome = co_await finish_download(*std::move(reply));
  co_return outcome;
}

Task<Execution::Replied> Execution::fetch_file(Reply first) {
  auto request = file_request(first);
  if (!request) co_return std::move(request).error();
  auto reply = co_await send_following(*std::move(request), Reading::streamed);
  co_return reply;
}

Result<net::OutboundRequest, CallError> Execution::file_request(const Reply& first) {
  const auto answer = answer_of(first.status, first.headers, first.body);
  const auto body = read_tree(definition_, answer);
  if (!body) return body.error();
  const auto text = find_file_url(*operation_, params_, *body);
  if (!text) return text.error();
  const auto refuse = [&](std::string_view why) {
    return CallError{CallErrorKind::executor,
                     fmt::format("Cannot extract download URL for {}: {}", operation_->entity, why),
                     first.status};
  };
  const auto url = resolve(first.url, *text);
  if (!url) return refuse(url.error().message);
  const auto base = net::Url::parse(draft_.base_url);
  const bool ours = base && is_within(*base, *url);
  if (!url->https && !ours && !options_.connect_to && !is_loopback(*url))
    return refuse("the URL is not https");
  if (!is_download_host(*url))
    return refuse(fmt::format("its host {} is not among the download hosts of the definition",
                              quotable(url->host)));
  RequestDraft draft;
  draft.method = "GET";
  draft.base_url = url->origin();
  const auto mark = std::min(url->target.find('?'), url->target.size());
  draft.path = url->target.substr(0, mark);
  draft.query = url->target.substr(std::min(mark + 1, url->target.size()));
  draft.headers.set("Accept", "*/*");
  const json::value* const range = params_.if_contains("range_header");
  const auto range_text = range != nullptr ? scalar_text(*range) : std::nullopt;
  if (range_text && !range_text->empty()) draft.headers.set("Range", *range_text);
  return ours ? authorized(std::move(draft)) : outbound(std::move(draft));
}

Task<Execution::Check> Execution::check_envelope(Reply& reply) {
  if (!definition_.error_check || reply.status == 206 || !is_json_type(reply.headers))
    co_return std::nullopt;
  std::string head;
  try {
    head = co_await read_up_to(reply.stream, envelope_bytes);
  } catch (const Failure& failure) {
    co_return broken_stream(failure, reply.status);
  }
  if (!reply.stream) {  // read to its end, so it may be an envelope
    const auto body = read_tree(definition_, answer_of(reply.status, reply.headers, head));
    if (!body && body.error().kind == CallErrorKind::api_error) co_return body.error();
  }
  reply.stream = resumed(std::move(head), std::move(reply.stream));
  co_return std::nullopt;
}

Task<Result<Outcome, CallError>> Execution::finish_download(Reply reply) {
  Outcome outcome;
  outcome.upstream_status = reply.status;
  const auto header = [&](const char* name) -> std::optional<std::string> {
    const std::string* const value = reply.headers.find(name);
    return value != nullptr ? std::optional(*value) : std::nullopt;
  };
  const auto content_range = header("Content-Range");
  std::optional<CallError> broken;
  try {
    if (chunk_) {
      const bool cut_here = reply.status != 206 && !content_range;
      auto bytes =
          co_await read_up_to(reply.stream, cut_here ? chunk_->last + 1 : chunk_->length());
      auto text = chunk_json(*chunk_, std::move(bytes), reply.status, content_range);
      if (!text) co_return std::move(text).error();
      outcome.data = *std::move(text);
      co_return outcome;
    }
    std::string head = co_await read_up_to(reply.stream, 1);
    if (head.empty() && reply.status == 200 &&
        (is_json_type(reply.headers) || !header("Content-Type")))
      co_return CallError{CallErrorKind::executor,
                          "The service sent an empty file without a file type; it may not exist",
                          reply.status};
    reply.stream = resumed(std::move(head), std::move(reply.stream));
  } catch (const Failure& failure) {
    broken = broken_stream(failure, reply.status);
  }
  if (broken) co_return *std::move(broken);
  Download file;
  file.status = reply.status;
  file.content_type = header("Content-Type").value_or("");
  file.file_name = file_name_of(reply.headers);
  file.content_range = content_range;
  if (const auto length = header("Content-Length"); length && !header("Content-Encoding"))
    if (!length->empty() && length->size() < 19 &&
        length->find_first_not_of("0123456789") == std::string::npos)
      file.length = std::stoull(*length);
  file.body = std::move(reply.stream);
  outcome.download = std::move(file);
  co_return outcome;
}

// Plan.

Task<Result<Plan, CallError>> Execution::plan() {
  if (auto error = find_operation()) co_return *std::move(error);
  if (auto error = build()) co_return *std::move(error);
  if (auto error = co_await open()) co_return *std::move(error);
  auto parameters = auth_parameters(*scheme_, opened_.fields, opened_.tokens);
  if (!parameters) co_return std::move(parameters).error();
  std::vector<std::string> notes;
  if (scheme_->kind == AuthScheme::Kind::oauth2) {
    const bool missing = !has_access_token();
    const bool renewable = can_renew(*scheme_, opened_.fields, opened_.tokens);
    if (renewable && (missing || renewal_is_due()))
      notes.emplace_back("a token would be renewed first");
    if (renewable && missing) (*parameters)["access_token"] = Secret("to be renewed");
  }
  RequestDraft draft = draft_;
  if (draft.base_url.empty()) {
    draft.base_url = definition_.server_template;
    notes.emplace_back("the address is completed by the answer to the token renewal");
  }
  if (auto error = authorize_masked(*scheme_, *parameters, opened_.fields, draft, now()))
    co_return *std::move(error);
  Plan plan = describe(draft);
  plan.notes.insert(plan.notes.begin(), notes.begin(), notes.end());
  co_return plan;
}

Plan Execution::describe(const RequestDraft& draft) const {
  const auto secrets = all_secrets(opened_.fields, opened_.tokens);
  const auto hide = [&](const std::string& text) { return masked(text, secrets, "***"); };
  Plan plan;
  plan.method = draft.method;
  plan.url = hide(draft.url());
  for (const net::Header& header : draft.headers) plan.headers.add(header.name, hide(header.value));
  plan.body = hide(draft.body.value_or(""));
  if (!is_valid_utf8(plan.body)) {  // a plan is shown as JSON
    plan.body = mended_utf8(plan.body);
    plan.notes.emplace_back("the body holds a file's bytes; what is no text is shown as U+FFFD");
  }
  plan.auth_scheme = scheme_->name;
  switch (operation_->effect) {
    case Effect::read:
      plan.effect = "read";
      plan.notes.push_back(fmt::format("sent up to {} times if it fails for a passing reason",
                                       definition_.retry.max_attempts));
      break;
    case Effect::idempotent:
      plan.effect = "idempotent";
      plan.notes.emplace_back("sent again if it fails for a passing reason");
      break;
    case Effect::unsafe:
      plan.effect = "unsafe";
      if (!keyed_)
        plan.notes.emplace_back("never sent again once a byte of it may have reached the service");
      break;
  }
  if (!idempotency_key_.empty())
    plan.notes.push_back(
        fmt::format("the key in {} is made anew for each call; with it the service "
                    "knows a repeated request, so a lost one is sent again",
                    operation_->idempotency_header));
  if (operation_->file_url)
    plan.notes.push_back(fmt::format("followed by a download of the URL at '{}' in the answer",
                                     operation_->file_url->source));
  return plan;
}

}  // namespace fairlead::connector

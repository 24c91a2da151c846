// Execute: one call, or up to ten.
#include "api/errors.hpp"
#include "api/exchange.hpp"
#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "platform/wakeup.hpp"

#include <boost/asio/detached.hpp>
#include <fmt/format.h>

namespace fairlead::api {
namespace {

using platform::ExecuteCommand;

constexpr std::size_t longest_intent = 512;
constexpr std::size_t most_calls = 10;

struct Requested {
  ExecuteCommand command;
  bool dry_run = false;
};

Result<Requested> read_command(BodyReader& body) {
  Requested requested;
  body.refuse_misspelt({"entity", "action", "params", "select_fields", "exclude_fields",
                        "skip_truncation", "intent", "dry_run"});
  ExecuteCommand& command = requested.command;
  command.entity = body.text("entity");
  command.action = body.text("action");
  if (auto params = body.object("params")) command.params = *std::move(params);
  command.select_fields = body.texts("select_fields");
  command.exclude_fields = body.texts("exclude_fields");
  command.truncate = !body.flag("skip_truncation", true);
  command.intent = body.optional_text("intent", longest_intent).value_or("");
  requested.dry_run = body.flag("dry_run", false);
  if (!body.problems().empty()) return body.problems().error();
  return requested;
}

Result<ConnectorId> connector_id(std::string_view text) {
  auto id = ConnectorId::parse(text);
  if (!id) return platform::no_such_connector();
  return id;
}

/// The envelope around JSON texts that are copied as they are: the answer is not parsed again.
std::string envelope(const ConnectorId& connector, std::string_view data, std::string_view metadata,
                     std::chrono::milliseconds took) {
  std::string body;
  body.reserve(data.size() + metadata.size() + 256);
  body += R"({"status":"success","result":)";
  body += data;
  body += R"(,"connector_metadata":)";
  body += metadata;
  body += R"(,"execution_metadata":{"connector_instance_id":")";
  body += connector.str();
  body += R"(","execution_time_ms":)";
  body += std::to_string(took.count());
  body += "}}";
  return body;
}

json::object to_json(const connector::Plan& plan) {
  json::object headers;
  for (const net::Header& header : plan.headers) headers[header.name] = header.value;
  json::array notes;
  for (const auto& note : plan.notes) notes.emplace_back(note);
  return {{"method", plan.method},
          {"url", plan.url},
          {"headers", std::move(headers)},
          {"body", plan.body.empty() ? json::value(nullptr) : json::value(plan.body)},
          {"auth_scheme", plan.auth_scheme},
          {"effect", plan.effect},
          {"notes", std::move(notes)}};
}

/// Printable ASCII without what would end the quoted name; RFC 6266 has a second form for the rest.
std::string content_disposition(const std::string& file_name) {
  const std::string name = file_name.empty() ? "download" : file_name;
  std::string plain;
  for (const char c : name)
    plain += c < ' ' || c > '~' || c == '"' || c == '\\' || c == '/' ? '_' : c;
  std::string text = "attachment; filename=\"" + plain + '"';
  if (plain != name && is_valid_utf8(name)) text += "; filename*=UTF-8''" + percent_encode(name);
  return text;
}

net::Response download_response(connector::Download download) {
  net::Response response;
  const std::string& type = download.content_type;
  response.headers.add("Content-Type", type.empty() || !net::is_header_value(type)
                                           ? "application/octet-stream"
                                           : type);
  response.headers.add("Content-Disposition", content_disposition(download.file_name));
  response.headers.add("Content-Security-Policy", "sandbox");
  if (download.content_range && net::is_header_value(*download.content_range))
    response.headers.add("Content-Range", *download.content_range);
  response.stream = std::move(download.body);
  return response;
}

std::string_view result_name(const Error& error) {
  const json::object body = error_body(error);
  const json::string& code =
      body.at("errors").as_array().front().as_object().at("error_code").as_string();
  for (const std::string_view known : error_codes())
    if (known == view(code)) return known;
  return "internal";
}

/// One call of a batch, or the call: the envelope, or what to say instead. Without a place for a
/// `download` a file is refused.
Task<Result<std::string>> call(Parts& parts, access::Caller caller, ConnectorId id,
                               Requested requested, platform::CallSource source, Deadline deadline,
                               std::optional<connector::Download>* download, bool* replayed) {
  const auto begun = std::chrono::steady_clock::now();
  if (requested.dry_run) {
    auto plan = co_await parts.platform.executor().plan(std::move(caller), id,
                                                        std::move(requested.command), deadline);
    if (!plan) co_return std::move(plan).error();
    co_return envelope(id, json::serialize(to_json(*plan)), "null", std::chrono::milliseconds(0));
  }
  requested.command.json_only = !download;
  auto executed = co_await parts.platform.executor().execute(
      std::move(caller), id, std::move(requested.command), std::move(source), deadline);
  parts.metrics.executed(executed ? "succeeded" : result_name(executed.error()),
                         std::chrono::steady_clock::now() - begun);
  if (!executed) co_return std::move(executed).error();
  if (download) *download = std::move(executed->download);
  if (replayed) *replayed = executed->replayed;
  co_return envelope(id, executed->data, executed->metadata, executed->took);
}

/// The answers of a batch, shared by its calls.
struct Batch {
  std::vector<std::string> answers;
  std::size_t running = 0;
  std::shared_ptr<platform::Wakeup> done;
};

std::string failed_call(const Error& error) {
  return json::serialize(json::object{
      {"status", "error"}, {"http_status", status_of(error)}, {"error", error_body(error)}});
}

Task<void> run_one(std::shared_ptr<Batch> batch, std::size_t index, Parts& parts,
                   access::Caller caller, BodyReader body,
                   std::optional<platform::IdempotencyKey> idempotency, platform::CallSource source,
                   Deadline deadline) {
  Error error;
  try {
    const std::string id_text = body.text("connector_id");
    auto requested = read_command(body);
    if (requested) requested->command.idempotency = std::move(idempotency);
    auto id = connector_id(id_text);
    Result<std::string> answer = Error{};
    if (!requested)
      answer = std::move(requested).error();
    else if (!id)
      answer = std::move(id).error();
    else
      answer = co_await call(parts, std::move(caller), *id, *std::move(requested),
                             std::move(source), deadline, nullptr, nullptr);
    batch->answers[index] = answer ? *std::move(answer) : failed_call(answer.error());
  } catch (const Failure& failure) {
    batch->answers[index] = failed_call(failure.error());
  } catch (const std::exception&) {
    batch->answers[index] = failed_call(Error{ErrorKind::internal, "internal error"});
  }
  if (--batch->running == 0) batch->done->fire();
}

}  // namespace

Task<Answer> execute(Exchange& exchange) {
  auto id = connector_id(exchange.path_values.at(0));
  if (!id) co_return std::move(id).error();
  auto parsed = exchange.body(execute_body);
  if (!parsed) co_return std::move(parsed).error();
  BodyReader body(*std::move(parsed));
  auto requested = read_command(body);
  if (!requested) co_return std::move(requested).error();
  if (const std::string* key = exchange.request.headers.find("Idempotency-Key")) {
    auto checked = platform::IdempotencyKey::parse(
        *key, "execute " + id->str() + '\n' + to_hex(bytes_of(sha256(exchange.request.body))));
    if (!checked) co_return std::move(checked).error();
    requested->command.idempotency = *std::move(checked);
  }

  std::optional<connector::Download> download;
  bool replayed = false;
  auto text = co_await call(exchange.parts, exchange.caller(), *id, *std::move(requested),
                            exchange.source(), exchange.deadline, &download, &replayed);
  if (!text) co_return std::move(text).error();
  if (download) co_return download_response(*std::move(download));
  net::Response response = json_response(*std::move(text));
  if (replayed) response.headers.add("Idempotent-Replayed", "true");
  co_return response;
}

Task<Answer> prepare_execute(Exchange& exchange) {
  // The caller learns nothing about connectors out of reach from here either.
  auto id = connector_id(exchange.path_values.at(0));
  if (!id) co_return std::move(id).error();
  auto found = co_await exchange.parts.platform.connectors().find(exchange.caller(), *id);
  if (!found) co_return std::move(found).error();
  co_return Error{.kind = ErrorKind::invalid_input,
                  .message =
                      "this server keeps the credentials; there is nothing to prepare. Use "
                      "execute",
                  .code = "not_offered"};
}

Task<Answer> execute_batch(Exchange& exchange) {
  auto parsed = exchange.body(execute_body);
  if (!parsed) co_return std::move(parsed).error();
  BodyReader body(*std::move(parsed));
  auto calls = body.array("calls");
  if (!calls && body.problems().empty())
    body.problems().add("calls", "calls is required", "missing");
  if (calls && (calls->empty() || calls->size() > most_calls))
    body.problems().add("calls", fmt::format("calls must hold 1 to {} calls", most_calls),
                        "out_of_range");
  if (calls)
    for (std::size_t i = 0; i < calls->size(); ++i)
      if (!(*calls)[i].is_object())
        body.problems().add(fmt::format("calls.{}", i), "a call must be an object", "wrong_type");
  if (!body.problems().empty()) co_return body.problems().error();
  // Each call has a key of its own, made from the batch's.
  std::vector<std::optional<platform::IdempotencyKey>> keys(calls->size());
  if (const std::string* key = exchange.request.headers.find("Idempotency-Key")) {
    auto whole = platform::IdempotencyKey::parse(
        *key, "execute batch\n" + to_hex(bytes_of(sha256(exchange.request.body))));
    if (!whole) co_return std::move(whole).error();
    for (std::size_t i = 0; i < calls->size(); ++i)
      keys[i] = platform::IdempotencyKey{whole->key + '.' + std::to_string(i), whole->text};
  }

  // The calls run beside this coroutine and use the same parts: it ends after them, whatever
  // happens to its client.
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  const asio::any_io_executor loop = co_await asio::this_coro::executor;
  auto batch = std::make_shared<Batch>();
  batch->answers.resize(calls->size());
  batch->running = calls->size();
  batch->done = std::make_shared<platform::Wakeup>(loop);
  for (std::size_t i = 0; i < calls->size(); ++i)
    asio::co_spawn(
        loop,
        run_one(batch, i, exchange.parts, exchange.caller(),
                BodyReader(std::move((*calls)[i].get_object()), fmt::format("calls.{}.", i)),
                std::move(keys[i]), exchange.source(), exchange.deadline),
        asio::detached);
  // Each has the deadline of the request and says so itself; what was sent already may take a
  // moment more, and must not outlive the parts of the server that it uses.
  while (batch->running > 0) co_await batch->done->wait(std::chrono::minutes(1));

  std::string text = R"({"results":[)";
  for (std::size_t i = 0; i < batch->answers.size(); ++i) {
    if (i > 0) text += ',';
    text += batch->answers[i];
  }
  co_return json_response(text + "]}");
}

}  // namespace fairlead::api

#include "base/encoding.hpp"
#include "connector/ascii.hpp"
#include "connector/engine.hpp"
#include "connector/golden.hpp"
#include "connector/memory_credentials.hpp"
#include "connector/wire_text.hpp"
#include "connector/yaml_writer.hpp"

#include <algorithm>

namespace fairlead::connector {
namespace {

constexpr std::size_t json_padding = 64;  // the reader of answers looks a little past the end
constexpr std::size_t most_lines_compared = 3000;
constexpr int lines_around = 2;

/// A multipart boundary is drawn at random; golden files say BOUNDARY.
void fix_boundary(net::Headers& headers, std::string& body) {
  static constexpr std::string_view mark = "boundary=";
  const std::string* const type = headers.find("Content-Type");
  const std::size_t at = type ? type->find(mark) : std::string::npos;
  if (at == std::string::npos) return;
  const std::string boundary = type->substr(at + mark.size());
  std::string fixed = type->substr(0, at + mark.size()) + "BOUNDARY";
  headers.set("Content-Type", std::move(fixed));
  for (std::size_t found = 0; (found = body.find(boundary, found)) != std::string::npos;)
    body.replace(found, boundary.size(), "BOUNDARY");
}

/// The body as `json` where that says all of it, else as text.
void add_body(json::object& out, const std::string& body, bool as_text) {
  if (body.empty()) return;
  if (!as_text && (body[0] == '{' || body[0] == '[')) {
    if (auto value = parse_json(body, {.bytes = 64u << 20})) {
      std::string again;
      if (append_json(again, *value) && again == body) {
        out["json"] = *std::move(value);
        return;
      }
    }
  }
  out["body"] = body;
}

json::object described(const net::OutboundRequest& request, bool body_as_text) {
  net::Headers headers = request.headers;
  std::string body = request.body;
  fix_boundary(headers, body);
  json::object fields;
  for (const net::Header& header : headers) fields[header.name] = header.value;
  json::object out{
      {"method", request.method}, {"url", request.url.str()}, {"headers", std::move(fields)}};
  add_body(out, body, body_as_text);
  return out;
}

/// Answers as the golden file says, and notes what was sent.
class ScriptedClient final : public net::HttpClient {
 public:
  explicit ScriptedClient(const std::vector<GoldenExchange>& exchanges) : exchanges_(exchanges) {}

  Task<Result<net::Answer, net::SendFailure>> send(const net::OutboundRequest& request,
                                                   Deadline /*deadline*/) override {
    const GoldenAnswer* const answer = next(request);
    if (!answer) co_return no_answer();
    if (answer->failure) co_return failure(*answer->failure);
    net::Answer out;
    out.status = answer->status;
    out.headers = answer->headers;
    out.body.reserve(answer->body.size() + json_padding);
    out.body = answer->body;
    co_return out;
  }

  Task<Result<net::StreamedAnswer, net::SendFailure>> open(net::OutboundRequest request,
                                                           Deadline /*deadline*/) override {
    const GoldenAnswer* const answer = next(request);
    if (!answer) co_return no_answer();
    if (answer->failure) co_return failure(*answer->failure);
    net::StreamedAnswer out;
    out.status = answer->status;
    out.headers = answer->headers;
    auto rest = std::make_shared<std::string>(answer->body);
    out.body = [rest] { return piece(rest); };
    co_return out;
  }

  const std::vector<json::object>& requests() const { return requests_; }
  /// A request came that the file has no answer for; none was noted after it.
  bool is_exhausted() const { return exhausted_; }

 private:
  static Task<std::string> piece(std::shared_ptr<std::string> rest) {
    co_return std::exchange(*rest, {});
  }
  static net::SendFailure no_answer() {
    return {net::SendFailure::Reason::denied, "the golden file has no answer here"};
  }
  static net::SendFailure failure(net::SendFailure::Reason reason) {
    using Reason = net::SendFailure::Reason;
    const bool sent = reason == Reason::timed_out || reason == Reason::broken;
    return {reason, "the golden file lets this request fail", sent};
  }
  const GoldenAnswer* next(const net::OutboundRequest& request) {
    if (exhausted_) return nullptr;
    const GoldenExchange* const exchange =
        requests_.size() < exchanges_.size() ? &exchanges_[requests_.size()] : nullptr;
    const bool as_text = exchange != nullptr && exchange->request.contains("body");
    requests_.push_back(described(request, as_text));
    exhausted_ = exchange == nullptr || !exchange->answer;
    return exhausted_ ? nullptr : &*exchange->answer;
  }

  const std::vector<GoldenExchange>& exchanges_;
  std::vector<json::object> requests_;
  bool exhausted_ = false;
};

struct Ran {
  std::vector<json::object> requests;
  json::array waits;
  json::object outcome;  // {"result": ...} or {"error": ...}
  bool exhausted = false;
};

json::object to_json(const CallError& error) {
  json::object out{{"kind", name_of(error.kind)}};
  if (error.status != 0) out["status"] = error.status;
  out["message"] = error.message;
  return out;
}

json::object to_json(const PageMark& page) {
  json::object out{{"has_more", nullptr}, {"end_cursor", nullptr}};
  if (page.has_more) out["has_more"] = *page.has_more;
  if (page.end_cursor) out["end_cursor"] = *page.end_cursor;
  return out;
}

json::value value_of(const std::string& text) {
  auto value = parse_json(text, {.bytes = 64u << 20, .nodes = 1'000'000});
  return value ? *std::move(value) : json::value(json::string(text));
}

Task<json::object> read_download(Download file) {
  std::string bytes;
  for (;;) {
    const std::string piece = co_await file.body();
    if (piece.empty()) break;
    bytes += piece;
  }
  json::object out;
  if (file.status != 200) out["status"] = file.status;
  if (!file.content_type.empty()) out["content_type"] = file.content_type;
  if (!file.file_name.empty()) out["file_name"] = file.file_name;
  if (file.content_range) out["content_range"] = *file.content_range;
  const bool is_text = std::all_of(bytes.begin(), bytes.end(), [](char c) {
    return (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\r' || c == '\t';
  });
  if (is_text)
    out["text"] = bytes;
  else
    out["base64"] = to_base64(bytes);
  co_return out;
}

Task<json::object> run_call(Engine& engine, const Call& call, CredentialSource& credentials,
                            const EngineOptions& options) {
  std::optional<CallError> failed;
  try {
    auto outcome = co_await engine.execute(call, credentials, options);
    if (!outcome) co_return json::object{{"error", to_json(outcome.error())}};
    json::object result;
    if (outcome->download)
      result["download"] = co_await read_download(std::move(*outcome->download));
    else
      result["data"] = value_of(outcome->data);
    if (!outcome->meta.empty()) result["meta"] = value_of(outcome->meta);
    if (outcome->page) result["paging"] = to_json(*outcome->page);
    co_return json::object{{"result", std::move(result)}};
  } catch (const Failure& failure) {
    failed = CallError{CallErrorKind::executor, failure.error().message};
  }
  co_return json::object{{"error", to_json(*failed)}};
}

Ran run(const Definition& definition, const GoldenCase& one) {
  ScriptedClient client(one.exchanges);
  Engine engine(client);
  Call call;
  call.definition = &definition;
  call.entity = one.entity;
  call.action = one.action;
  call.params = one.params;
  call.config = one.config;
  call.auth_scheme = one.auth_scheme;
  call.cursor = one.cursor;
  call.idempotency_seed = "golden";  // keys for the service are the same in every run
  call.select_fields = one.select_fields;
  call.exclude_fields = one.exclude_fields;
  CredentialFields fields;
  for (const auto& [name, text] : one.credentials) fields.emplace(name, Secret(text));
  MemoryCredentials credentials(std::move(fields));
  const FakeClock clock(one.now);
  Ran ran;
  EngineOptions options;
  options.clock = &clock;
  options.on_wait = [&](Wait wait) {
    if (client.is_exhausted()) return;
    const bool asked = wait.kind == Wait::Kind::retry_after;
    ran.waits.push_back(json::object{{"kind", asked ? "retry_after" : "backoff"},
                                     {asked ? "seconds" : "at_most_seconds", wait.seconds}});
  };
  ran.outcome = run_to_end(run_call(engine, call, credentials, options));
  ran.requests = client.requests();
  ran.exhausted = client.is_exhausted();
  return ran;
}

// Comparing.

/// The header names of `written` as `sent` spells them: case does not count. In the order of
/// `sent`.
json::object headers_like(const json::object& written, const json::object& sent) {
  json::object out;
  for (const auto& [name, value] : sent)
    for (const auto& [given, expected] : written)
      if (same_word(view(name), view(given))) out[name] = expected;
  for (const auto& [given, expected] : written) {
    const bool known = std::any_of(sent.begin(), sent.end(), [&, &key = given](const auto& member) {
      return same_word(view(member.key()), view(key));
    });
    if (!known) out[given] = expected;
  }
  return out;
}

/// What the file expects of one request, its members in the order in which we write them.
json::object expected_request(const json::object& written, const json::object* sent) {
  json::object out;
  for (const char* name : {"method", "url", "headers", "json", "body"}) {
    const json::value* const value = written.if_contains(name);
    if (!value) continue;
    const json::object* const fields = sent ? find_object(*sent, "headers") : nullptr;
    if (fields && std::string_view(name) == "headers" && value->is_object())
      out[name] = headers_like(value->get_object(), *fields);
    else
      out[name] = *value;
  }
  if (!out.contains("headers") && out.contains("method")) out["headers"] = json::object();
  return out;
}

std::string text_of(const json::value& value) {
  std::string out;
  append_json(out, value);
  return out;
}

/// The order of members counts in a request's body, and nowhere else.
bool same_requests(const json::array& expected, const json::array& actual) {
  if (expected != actual) return false;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto* written = expected[i].get_object().if_contains("json");
    const auto* sent = actual[i].get_object().if_contains("json");
    if (written && sent && text_of(*written) != text_of(*sent)) return false;
  }
  return true;
}

/// `status` and `message` of an error count where they are written down.
json::object expected_error(const json::object& written, const json::object* actual) {
  json::object out;
  for (const char* name : {"kind", "status", "message"}) {
    const auto* value = written.if_contains(name);
    if (!value && actual) value = actual->if_contains(name);
    if (value) out[name] = *value;
  }
  return out;
}

json::object expected_result(const json::object& written) {
  json::object out;
  for (const char* name : {"download", "data", "meta", "paging"})
    if (const auto* value = written.if_contains(name)) out[name] = *value;
  return out;
}

// Differences.

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty() && lines.size() < most_lines_compared) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

struct Edit {
  char mark;  // ' ', '-', '+'
  std::string_view line;
};

/// The shortest way from `a` to `b` that keeps the longest common subsequence of lines.
std::vector<Edit> edits(const std::vector<std::string_view>& a,
                        const std::vector<std::string_view>& b) {
  const std::size_t width = b.size() + 1;
  std::vector<std::uint16_t> longest((a.size() + 1) * width, 0);
  for (std::size_t i = a.size(); i-- > 0;)
    for (std::size_t j = b.size(); j-- > 0;)
      longest[i * width + j] =
          a[i] == b[j] ? static_cast<std::uint16_t>(longest[(i + 1) * width + j + 1] + 1)
                       : std::max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
  std::vector<Edit> out;
  std::size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      out.push_back({' ', a[i]});
      ++i;
      ++j;
    } else if (i < a.size() &&
               (j == b.size() || longest[(i + 1) * width + j] >= longest[i * width + j + 1])) {
      out.push_back({'-', a[i++]});
    } else {
      out.push_back({'+', b[j++]});
    }
  }
  return out;
}

}  // namespace

GoldenVerdict run_golden(const Definition& definition, const GoldenCase& one) {
  Ran ran = run(definition, one);
  GoldenVerdict verdict;
  verdict.has_outcome = !ran.exhausted;
  json::array sent, expected;
  for (const json::object& request : ran.requests) sent.emplace_back(request);
  for (std::size_t i = 0; i < one.exchanges.size(); ++i)
    expected.emplace_back(expected_request(one.exchanges[i].request,
                                           i < ran.requests.size() ? &ran.requests[i] : nullptr));
  verdict.passed = same_requests(expected, sent);
  verdict.expected["requests"] = std::move(expected);
  verdict.actual["requests"] = std::move(sent);
  if (one.waits && !one.waits->empty()) verdict.expected["waits"] = *one.waits;
  if (!ran.waits.empty()) verdict.actual["waits"] = ran.waits;
  if (one.result) verdict.expected["result"] = expected_result(*one.result);
  if (one.error)
    verdict.expected["error"] = expected_error(*one.error, find_object(ran.outcome, "error"));
  if (verdict.has_outcome)
    for (const auto& [name, value] : ran.outcome) verdict.actual[name] = value;
  json::object rest_expected = verdict.expected, rest_actual = verdict.actual;
  rest_expected.erase("requests");
  rest_actual.erase("requests");
  verdict.passed = verdict.passed && rest_expected == rest_actual;
  return verdict;
}

std::string difference(const json::object& expected, const json::object& actual) {
  std::string before, after;
  append_yaml(before, expected, 0);
  append_yaml(after, actual, 0);
  const auto a = lines_of(before), b = lines_of(after);
  const auto all = edits(a, b);
  const bool differs =
      std::any_of(all.begin(), all.end(), [](const Edit& one) { return one.mark != ' '; });
  if (!differs) return "";
  std::string out;
  const auto size = static_cast<int>(all.size());
  bool was_shown = true;
  for (int i = 0; i < size; ++i) {
    bool shown = false;
    for (int k = std::max(0, i - lines_around); k <= std::min(size - 1, i + lines_around); ++k)
      shown = shown || all[static_cast<std::size_t>(k)].mark != ' ';
    const Edit& edit = all[static_cast<std::size_t>(i)];
    if (shown)
      out.append(1, edit.mark).append(" ").append(edit.line).append("\n");
    else if (was_shown)
      out += "  ...\n";
    was_shown = shown;
  }
  return out;
}

}  // namespace fairlead::connector

#include "sandbox/faults.hpp"

#include "sandbox/answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace fairlead::sandbox {
namespace {

constexpr std::size_t piece_bytes = 64 * 1024, most_armed = 100;
constexpr int most_delay_ms = 120'000, most_mebibytes = 256;

int number_in(std::string_view name, std::string_view text, int least, int most) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most)
    refuse_parameter("X-Harbor-Fault", fmt::format("needs {}={} to {}", name, least, most));
  return number;
}

void read_setting(Fault& fault, std::string_view setting) {
  const std::size_t equals = std::min(setting.find('='), setting.size());
  const std::string_view name = setting.substr(0, equals);
  const std::string_view value = setting.substr(std::min(equals + 1, setting.size()));
  if (name == "status") {
    fault.kind = Fault::Kind::status;
    fault.status = number_in(name, value, 300, 599);
  } else if (name == "retry_after") {
    fault.retry_after = number_in(name, value, 0, 3600);
  } else if (name == "delay_ms") {
    fault.delay = std::chrono::milliseconds(number_in(name, value, 0, most_delay_ms));
  } else if (name == "huge") {
    fault.kind = Fault::Kind::huge;
    if (!value.empty())
      fault.mebibytes = static_cast<std::size_t>(number_in(name, value, 1, most_mebibytes));
  } else if (setting == "truncate") {
    fault.kind = Fault::Kind::truncate;
  } else if (setting == "garbage") {
    fault.kind = Fault::Kind::garbage;
  } else if (setting == "html") {
    fault.kind = Fault::Kind::html;
  } else if (setting == "endless") {
    fault.kind = Fault::Kind::endless;
  } else if (setting == "drop") {
    fault.kind = Fault::Kind::drop;
  } else {
    refuse_parameter("X-Harbor-Fault",
                     "must be status=N, retry_after=N, delay_ms=N, truncate, garbage, html, huge, "
                     "endless or drop");
  }
}

/// One list in pieces of `piece_bytes`; without end when `pieces` is not given.
net::BodyStream list_stream(std::optional<std::size_t> pieces) {
  struct State {
    std::size_t sent = 0;
    std::optional<std::size_t> pieces;
  };
  auto state = std::make_shared<State>(State{0, pieces});
  return [state]() -> Task<std::string> {
    if (state->pieces && state->sent > *state->pieces) co_return std::string();
    const std::size_t number = state->sent++;
    if (state->pieces && number == *state->pieces) co_return R"({"id":"tkt_0"}]})";
    constexpr std::string_view record = R"({"id":"tkt_0","subject":"more and more"},)";
    std::string piece = number == 0 ? R"({"data":[)" : "";
    while (piece.size() + record.size() <= piece_bytes) piece += record;
    co_return piece;
  };
}

/// `beginning`, and then the connection breaks.
net::BodyStream broken_stream(std::string beginning) {
  auto rest = std::make_shared<std::string>(std::move(beginning));
  return [rest]() -> Task<std::string> {
    if (rest->empty())
      throw Failure({ErrorKind::unavailable, "the connection is dropped, as was asked for"});
    co_return std::exchange(*rest, std::string());
  };
}

}  // namespace

Fault Fault::parse(std::string_view text) {
  Fault fault;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view setting = text.substr(0, comma);
    while (setting.starts_with(' ')) setting.remove_prefix(1);
    read_setting(fault, setting);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return fault;
}

bool Fault::replaces() const noexcept {
  return kind != Kind::none && kind != Kind::truncate && kind != Kind::drop;
}

net::Response trouble(const Fault& fault) {
  switch (fault.kind) {
    case Fault::Kind::status: {
      net::Response answer = problem_answer(
          {fault.status, "fault", fmt::format("status {}, as was asked for", fault.status)},
          "req_fault");
      if (fault.retry_after) answer.headers.add("Retry-After", std::to_string(*fault.retry_after));
      return answer;
    }
    case Fault::Kind::html:
      return html_answer(200, "<!doctype html><title>Bad gateway</title><p>Please try later.</p>");
    case Fault::Kind::huge:
    case Fault::Kind::endless: {
      net::Response answer = json_answer(200, nullptr);
      const bool ends = fault.kind == Fault::Kind::huge;
      answer.stream = list_stream(ends ? std::optional(fault.mebibytes * (1u << 20) / piece_bytes)
                                       : std::nullopt);
      return answer;
    }
    default:
      return {200,
              {{"Content-Type", "application/json"}},
              "{\"data\": [{\"id\": \"tkt_1\",, \"subject\": \"\x01\xff"};
  }
}

net::Response cut(const Fault& fault, net::Response answer) {
  if (fault.kind == Fault::Kind::drop) answer.stream = broken_stream({});
  if (fault.kind == Fault::Kind::truncate)
    answer.stream = broken_stream(answer.body.substr(0, answer.body.size() / 2));
  // A length that is never reached, also where there is no body to be cut.
  const std::size_t promised = std::max<std::size_t>(answer.body.size(), 2);
  answer.headers.set("Content-Length", std::to_string(promised));
  if (answer.status == 204) answer.status = 200;
  answer.body.clear();
  return answer;
}

void ArmedFaults::arm(const json::object& body) {
  const json::string *text = find_string(body, "fault"), *path = find_string(body, "path");
  const json::value* times = body.if_contains("times");
  if (!text || text->empty())
    refuse_fields({{"fault", "fault must be a text such as status=503", "required"}});
  if (!path || !path->starts_with("/"))
    refuse_fields({{"path", "path must begin with /", "required"}});
  if (times && (!times->is_int64() || times->get_int64() < 1 || times->get_int64() > 1000))
    refuse_fields({{"times", "times must be an integer from 1 to 1000", "range"}});
  if (armed_.size() >= most_armed) refuse(422, "limit_reached", "too many faults are armed");
  Fault::parse(view(*text));
  armed_.push_back({std::string(*text), std::string(*path), times ? times->get_int64() : 1});
}

Fault ArmedFaults::meet(std::string_view path) {
  const auto fitting = std::find_if(armed_.begin(), armed_.end(),
                                    [&](const Armed& one) { return path.starts_with(one.path); });
  if (fitting == armed_.end()) return {};
  const Fault fault = Fault::parse(fitting->text);
  if (--fitting->times == 0) armed_.erase(fitting);
  return fault;
}

json::value ArmedFaults::list() const {
  json::array faults;
  for (const Armed& one : armed_)
    faults.push_back({{"fault", one.text}, {"path", one.path}, {"times", one.times}});
  return {{"data", std::move(faults)}};
}

}  // namespace fairlead::sandbox

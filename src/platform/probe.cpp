#include "platform/probe.hpp"

namespace fairlead::platform {
namespace {

constexpr std::chrono::seconds probe_limit{20};

/// What kinds of failure say about the credentials. A service that answers 404, 429 or 5xx has said
/// nothing about them.
bool is_refusal(std::string_view kind, int status) {
  using connector::CallErrorKind;
  if (kind == name_of(CallErrorKind::authentication) ||
      kind == name_of(CallErrorKind::credentials) || kind == name_of(CallErrorKind::api_error) ||
      kind == name_of(CallErrorKind::executor))
    return true;
  return status == 400 || status == 401 || status == 402 || status == 403 || status == 422;
}

std::string text_in(const json::object& report, std::string_view member) {
  const json::string* text = find_string(report, member);
  return text ? std::string(view(*text)) : std::string();
}

}  // namespace

Task<Probe> probe(Services& services, const connector::Definition& definition,
                  connector::ConfigValues config, std::string auth_scheme,
                  connector::CredentialSource& credentials, std::string pool, Deadline deadline) {
  connector::EngineOptions options;
  options.connect_to = services.connect_to;
  options.pool = std::move(pool);
  options.clock = &services.clock;
  const Deadline limit = deadline.within(probe_limit);
  const json::object report =
      co_await services.engine.check(definition, config, auth_scheme, credentials, limit, options);

  Probe result{.message = text_in(report, "error"),
               .entity = text_in(report, "checked_entity"),
               .action = text_in(report, "checked_action")};
  if (const json::value* status = report.if_contains("status_code"); status && status->is_int64())
    result.upstream_status = static_cast<int>(status->get_int64());
  const std::string status = text_in(report, "status");
  if (status == "healthy") {
    result.verdict = Probe::Verdict::accepted;
    result.message.clear();
  } else if (status == "skipped") {
    result.verdict = Probe::Verdict::skipped;
  } else if (report.contains("denied")) {
    result.verdict = Probe::Verdict::denied;
  } else if (is_refusal(text_in(report, "error_kind"), result.upstream_status)) {
    result.verdict = Probe::Verdict::refused;
  } else {
    result.verdict = Probe::Verdict::unreachable;
  }
  co_return result;
}

}  // namespace fairlead::platform

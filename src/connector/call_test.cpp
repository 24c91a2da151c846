#include "connector/call.hpp"

#include <gtest/gtest.h>

namespace fairlead::connector {
namespace {

TEST(CallError, BecomesAnErrorOfThePlatform) {
  struct Case {
    CallErrorKind kind;
    int status;
    ErrorKind expected;
    const char *code, *field;
  };
  using Kind = CallErrorKind;
  const Case cases[] = {
      {Kind::missing_parameter, 0, ErrorKind::invalid_input, "", "params.p"},
      {Kind::invalid_parameter, 0, ErrorKind::invalid_input, "", "params.p"},
      {Kind::entity_not_found, 0, ErrorKind::invalid_input, "", "entity"},
      {Kind::action_not_supported, 0, ErrorKind::invalid_input, "", "action"},
      {Kind::unknown_action, 0, ErrorKind::invalid_input, "", "action"},
      {Kind::credentials, 0, ErrorKind::invalid_input, "", "credentials"},
      {Kind::validation, 0, ErrorKind::invalid_input, "", "params.p"},
      {Kind::validation, 422, ErrorKind::upstream_refused, "provider_rejected", ""},
      {Kind::authentication, 401, ErrorKind::upstream_refused, "provider_auth", ""},
      {Kind::rate_limit, 429, ErrorKind::rate_limited, "provider_rate_limited", ""},
      {Kind::http_status, 404, ErrorKind::upstream_refused, "provider_not_found", ""},
      {Kind::http_status, 409, ErrorKind::upstream_refused, "provider_rejected", ""},
      {Kind::http_status, 503, ErrorKind::upstream_unreachable, "provider_unavailable", ""},
      {Kind::http_client, 200, ErrorKind::upstream_unreachable, "provider_unavailable", ""},
      {Kind::api_error, 200, ErrorKind::upstream_refused, "provider_rejected", ""},
      {Kind::executor, 200, ErrorKind::upstream_refused, "provider_rejected", ""},
      {Kind::record_expression, 200, ErrorKind::upstream_unreachable, "provider_unavailable", ""},
      {Kind::network, 0, ErrorKind::upstream_unreachable, "provider_unavailable", ""},
      {Kind::timeout, 0, ErrorKind::timed_out, "provider_timeout", ""},
  };
  for (const Case& one : cases) {
    const auto name = name_of(one.kind);
    CallError from{one.kind, "why", one.status, "p"};
    from.retry_after = std::chrono::seconds(3);
    const Error error = to_error(from);
    EXPECT_EQ(error.kind, one.expected) << name;
    EXPECT_EQ(error.code, one.code) << name;
    EXPECT_EQ(error.message, "why");
    EXPECT_EQ(error.upstream_status, one.status);
    EXPECT_EQ(error.retry_after, std::chrono::seconds(3));
    EXPECT_EQ(error.fields.empty() ? "" : error.fields.front().field, one.field) << name;
    from.outcome_unknown = true;
    EXPECT_EQ(to_error(from).code, "outcome_unknown");
  }
}

}  // namespace
}  // namespace fairlead::connector

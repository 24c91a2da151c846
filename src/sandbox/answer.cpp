#include "sandbox/answer.hpp"

#include <fmt/format.h>

namespace fairlead::sandbox {

void refuse_parameter(std::string name, std::string message) {
  std::string text = fmt::format("{} {}", name, message);
  Problem problem{400, "invalid_parameter", text};
  problem.fields.push_back({std::move(name), std::move(text)});
  throw Refused(std::move(problem));
}

void refuse_fields(std::vector<FieldError> fields) {
  std::string message = fields.size() == 1 ? fields.front().message
                                           : fmt::format("{} fields are not right", fields.size());
  throw Refused({422, "validation_failed", std::move(message), std::move(fields)});
}

net::Response json_answer(int status, const json::value& body) {
  return {status, {{"Content-Type", "application/json"}}, json::serialize(body)};
}

net::Response html_answer(int status, std::string body) {
  return {status, {{"Content-Type", "text/html; charset=utf-8"}}, std::move(body)};
}

net::Response problem_answer(const Problem& problem, std::string_view request_id) {
  json::object body{
      {"error", problem.code}, {"message", problem.message}, {"request_id", request_id}};
  if (!problem.fields.empty()) {
    json::array& errors = body["errors"].emplace_array();
    for (const FieldError& field : problem.fields)
      errors.push_back({{"field", field.field}, {"code", field.code}, {"message", field.message}});
  }
  net::Response response = json_answer(problem.status, body);
  for (const net::Header& header : problem.headers) response.headers.add(header.name, header.value);
  return response;
}

}  // namespace fairlead::sandbox
